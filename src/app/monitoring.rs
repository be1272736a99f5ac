//! The monitoring command: read, set up or remove, tell.

use std::sync::Arc;
use std::time::Instant;

use super::notify;
use super::{connect, files, read_texts, stopped, tell};
use crate::cli::Invocation;
use crate::console::Console;
use crate::inputs::resolve::monitoring::run as resolve;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::report::monitoring::{MonitoringStory, differences, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::monitoring::{self, MonitoringContext};

/// Runs the monitoring command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Monitoring);
    let wanted = match resolve(&raw, runner, findings) {
        Ok(wanted) => wanted,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let verb = match (wanted.dry_run, wanted.absent) {
        (true, _) => "plan for the monitoring of",
        (false, true) => "removing the monitoring of",
        (false, false) => "setting up the monitoring of",
    };
    let what = format!("{verb} {} in {} of project {}", wanted.service, wanted.region, wanted.project);
    tell::announce(console, runner, &what, &[]);
    let mut done = Vec::new();
    let work = async {
        let clients = connect(console, runner, wanted.credentials.clone(), wanted.project.as_str()).await?;
        let context = MonitoringContext { wanted: &wanted, http: &clients.http, console };
        monitoring::run(&context, &mut done).await
    };
    // A run that is stopped leaves what it made; the next one finds it by its labels and goes on.
    let ended = tokio::select! {
        ended = work => Ok(ended),
        signal = stopped() => Err(signal),
    };
    let outcome = match ended {
        Err(signal) => Outcome::Cancelled(signal),
        Ok(Err(failure)) => Outcome::Failed(failure),
        Ok(Ok(())) if wanted.dry_run => Outcome::Planned(differences(&done)),
        Ok(Ok(())) => Outcome::Deployed(()),
    };
    let story = MonitoringStory {
        service: wanted.service.as_str(),
        region: wanted.region.as_str(),
        project: wanted.project.as_str(),
        account: wanted.credentials.principal.shown(),
        absent: wanted.absent,
        done: &done,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_monitoring(console, &files(runner), &story);
    if !wanted.dry_run {
        let headline = format!("{} {}", mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, Command::Monitoring), headline, &now).await;
    }
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}
