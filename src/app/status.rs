//! The status command: read, look, tell. It changes nothing, so there is nothing to clean up.

use std::sync::Arc;
use std::time::Instant;

use super::{connect, files, read_texts, stopped, tell};
use crate::cli::Invocation;
use crate::console::Console;
use crate::inputs::resolve::status::run as resolve;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::report::status::{StatusStory, markdown};
use crate::report::{Outcome, exit_code};
use crate::steps::status::status;

/// Runs the status command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Status);
    let wanted = match resolve(&raw, runner, findings) {
        Ok(wanted) => wanted,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let work = async {
        match connect(console, runner, wanted.credentials.clone(), wanted.project.as_str()).await {
            Err(failure) => Outcome::Failed(failure),
            Ok(clients) => status(&clients.http, &wanted).await.map_or_else(Outcome::Failed, Outcome::Deployed),
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        signal = stopped() => Outcome::Cancelled(signal),
    };
    let story = StatusStory {
        service: wanted.service.as_str(),
        region: wanted.region.as_str(),
        project: wanted.project.as_str(),
        account: wanted.credentials.principal.shown(),
        outcome: &outcome,
        took: begun.elapsed(),
    };
    tell::tell_status(console, &files(runner), &story);
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}
