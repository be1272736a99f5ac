//! The rotate-secret command: read, do, tell.

use std::sync::Arc;
use std::time::Instant;

use super::notify;
use super::{connect, files, in_time, read_texts, tell, until_stopped};
use crate::cli::Invocation;
use crate::clock::random_hex;
use crate::console::Console;
use crate::google::cloud_run::service_name;
use crate::inputs::resolve::rotate_secret::{Resolved, run as resolve};
use crate::inputs::rotate_secret::NewValue;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::step::StepState;
use crate::plan::rotate_secret::steps;
use crate::report::markdown::escape;
use crate::report::rotate_secret::{Rotated, SecretStory, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::rotate_secret::{self, Progress, SecretContext};

/// Runs the rotate-secret command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::RotateSecret);
    let Resolved { rotate, warnings } = match resolve(&raw, runner, findings) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    if let NewValue::Given(value) = &rotate.value {
        console.conceal(value.expose());
    }
    let plan = steps(&rotate);
    let deploy = &rotate.deploy;
    let verb = if deploy.dry_run { "plan for secret" } else { "rotating secret" };
    tell::announce(console, runner, &format!("{verb} {} of service {}", rotate.secret, deploy.service), &plan);
    let files = files(runner);
    if let Err(why) = files.save_state("command", Command::RotateSecret.word()) {
        console.warning(&why);
    }
    let mut progress = Progress::default();
    for warning in warnings {
        console.warning(&warning);
        progress.facts.warnings.push(warning);
    }
    let nonce = random_hex(8);
    let outcome = match connect(console, runner, deploy.credentials.clone(), deploy.project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => {
            let context = SecretContext {
                rotate: &rotate,
                nonce: &nonce,
                origin: &runner.origin,
                service_name: service_name(deploy.project.as_str(), &deploy.region, &deploy.service),
                http: &clients.http,
                probe: &clients.probe,
                console,
                files: &files,
            };
            let outcome = carry_out(&context, &mut progress).await;
            close(&context, &progress);
            outcome
        }
    };
    for form in progress.value.iter().flat_map(|value| forms(value.expose())) {
        console.conceal(&form);
    }
    let story = SecretStory {
        what: Rotated {
            secret: &rotate.secret.name,
            secret_project: &rotate.secret.project,
            service: deploy.service.as_str(),
            region: deploy.region.as_str(),
            project: deploy.project.as_str(),
        },
        caller: deploy.credentials.principal.shown(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &progress.facts,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_secret(console, &files, &story);
    if !deploy.dry_run {
        let headline = format!("{} {}", mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, Command::RotateSecret), headline, &now).await;
    }
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

/// The forms that the value has in a report, should a container's log or an answer have brought it there.
fn forms(value: &str) -> [String; 3] {
    let json = serde_json::Value::from(value).to_string();
    [json.trim_matches('"').to_owned(), escape(value), value.replace('|', "\\|")]
}

/// Tells the post step that no rollout is left open.
fn close(context: &SecretContext<'_>, progress: &Progress) {
    let open = progress.facts.rollout.as_ref().is_none_or(|rollout| rollout.end.is_open());
    if !open && let Err(why) = context.files.save_state("rollout_over", "true") {
        context.console.warning(&why);
    }
}

/// Runs the command until it ends or a signal comes; then the service and the secret are put back.
async fn carry_out(context: &SecretContext<'_>, progress: &mut Progress) -> Outcome<()> {
    let work = async {
        let done = if context.rotate.deploy.dry_run {
            rotate_secret::rehearse(context, &mut progress.facts).await.map(Outcome::Planned)
        } else {
            rotate_secret::run(context, progress).await.map(Outcome::Deployed)
        };
        done.unwrap_or_else(Outcome::Failed)
    };
    let signal = match until_stopped(context.console, Box::pin(work)).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    progress.facts.end(StepState::Cancelled, "interrupted");
    in_time(Box::pin(rotate_secret::tidy_up(context, progress))).await;
    Outcome::Cancelled(signal)
}
