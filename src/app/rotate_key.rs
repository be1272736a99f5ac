//! The rotate-key command: read, do, tell.

use std::sync::Arc;
use std::time::Instant;

use super::notify;
use super::{connect, files, in_time, read_texts, tell, until_stopped};
use crate::cli::Invocation;
use crate::clock::Clock;
use crate::console::Console;
use crate::explain::Failure;
use crate::github::GitHub;
use crate::inputs::resolve::rotate_key::run as resolve;
use crate::inputs::rotate_key::RotateKey;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::facts::Facts;
use crate::model::rotation::Owner;
use crate::model::step::StepState;
use crate::net::Net;
use crate::plan::rotate_key::steps;
use crate::report::rotate_key::{RotationStory, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::rotate_key::{self, RotateContext};

/// GitHub's own address, where no runner names another.
const GITHUB: &str = "https://api.github.com";

/// Runs the rotate-key command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::RotateKey);
    let rotate = match resolve(&raw, runner, findings) {
        Ok(rotate) => rotate,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let plan = steps(&rotate);
    let verb = if rotate.dry_run { "plan for the key of" } else { "rotating the key of" };
    tell::announce(console, runner, &format!("{verb} {}", rotate.account), &plan);
    let mut facts = Facts::default();
    let files = files(runner);
    let outcome = match connect(console, runner, rotate.credentials.clone(), rotate.project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => match github(runner, &clients.net, &rotate) {
            Err(failure) => Outcome::Failed(failure),
            Ok(github) => {
                let context = RotateContext { rotate: &rotate, http: &clients.http, github: &github, console };
                carry_out(&context, &mut facts).await
            }
        },
    };
    let story = RotationStory {
        account: rotate.account.as_str(),
        place: &rotate.place,
        project: rotate.project.as_str(),
        caller: rotate.credentials.principal.shown(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &facts,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_rotation(console, &files, &story);
    if !rotate.dry_run {
        let headline = format!("{} {}", mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, Command::RotateKey), headline, &now).await;
    }
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

/// GitHub by the token that may write the secret, which is another one than the run's own.
fn github(runner: &Runner, net: &Net, rotate: &RotateKey) -> Result<GitHub, Failure> {
    let (Owner::Repository(repository) | Owner::Environment { repository, .. } | Owner::Organization(repository)) =
        &rotate.place.owner;
    let clock = Clock::with_pace(runner.pace.unwrap_or(1.0));
    GitHub::new(net, clock, runner.origin.api_url.as_deref().unwrap_or(GITHUB), repository, &rotate.token)
        .map_err(|error| Failure::of("GitHub cannot be asked", error))
}

/// Runs the command until it ends or a signal comes; then a key that nothing holds is taken away.
async fn carry_out(context: &RotateContext<'_>, facts: &mut Facts) -> Outcome<()> {
    let work = async {
        let done = if context.rotate.dry_run {
            rotate_key::rehearse(context, facts).await.map(Outcome::Planned)
        } else {
            rotate_key::run(context, facts).await.map(Outcome::Deployed)
        };
        done.unwrap_or_else(Outcome::Failed)
    };
    let signal = match until_stopped(context.console, Box::pin(work)).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    facts.end(StepState::Cancelled, "interrupted");
    in_time(Box::pin(rotate_key::tidy_up(context, facts))).await;
    Outcome::Cancelled(signal)
}
