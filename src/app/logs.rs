//! The logs command: read, show, tell. It changes nothing, so there is nothing to clean up.

use std::sync::Arc;
use std::time::Instant;

use super::{connect, files, read_texts, stopped, tell};
use crate::cli::Invocation;
use crate::console::Console;
use crate::inputs::logs::{LogsInput, Which, Whose};
use crate::inputs::resolve::logs::run as resolve;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::facts::Facts;
use crate::model::log::Shown;
use crate::report::logs::{LogsStory, markdown};
use crate::report::{Outcome, exit_code};
use crate::steps::logs::{of_build, written};

/// Runs the logs command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Logs);
    let wanted = match resolve(&raw, runner, findings) {
        Ok(wanted) => wanted,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let (whose, place) = names(&wanted);
    tell::announce(console, runner, &format!("the log of {whose} in {place} of project {}", wanted.project), &[]);
    let (mut facts, mut shown) = (Facts::default(), Shown::default());
    let work = async {
        let clients = connect(console, runner, wanted.credentials.clone(), wanted.project.as_str()).await?;
        match &wanted.whose {
            Whose::Build(which, location) => of_build(&clients.http, console, which, location, &mut facts).await,
            Whose::Written(entries) => written(&clients.http, console, entries, &mut shown).await,
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome.map_or_else(Outcome::Failed, Outcome::Deployed),
        signal = stopped() => Outcome::Cancelled(signal),
    };
    console.end_group();
    let story = LogsStory {
        whose: &whose,
        place,
        project: wanted.project.as_str(),
        account: wanted.credentials.principal.shown(),
        facts: &facts,
        shown: matches!(wanted.whose, Whose::Written(_)).then_some(&shown),
        outcome: &outcome,
        took: begun.elapsed(),
    };
    tell::tell_logs(console, &files(runner), &story);
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

/// Whose log it is, the name between backticks, and where that lives.
fn names(wanted: &LogsInput) -> (String, &str) {
    match &wanted.whose {
        Whose::Build(Which::Named(id), location) => (format!("build `{id}`"), location.as_str()),
        Whose::Build(Which::Latest(service), location) => {
            (format!("the last build of service `{service}`"), location.as_str())
        }
        Whose::Written(entries) => (entries.writer.words(), entries.region.as_str()),
    }
}
