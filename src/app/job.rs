//! The job command: read, do, tell. Beside the deploy, with a meaning and a report of its own.

use std::sync::Arc;
use std::time::Instant;

use super::notify;
use super::{Shared, connect, end_build, executions, files, in_time, read_texts, tell, until_stopped};
use crate::cli::Invocation;
use crate::clock::random_hex;
use crate::console::Console;
use crate::inputs::job::JobImage;
use crate::inputs::pull_request::head_of_merge;
use crate::inputs::resolve::job::{Resolved, run as resolve};
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::execution::JobEnd;
use crate::model::facts::Facts;
use crate::model::step::StepState;
use crate::plan::decide::marks;
use crate::plan::job_steps::steps;
use crate::report::job::{JobStory, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::run_job::{self, JobContext};

/// Runs the job command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Job);
    let Resolved { job, warnings } = match resolve(&raw, runner, findings) {
        Ok(resolved) => resolved,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let plan = steps(&job, &runner.origin);
    let verb = match &job.run {
        _ if job.dry_run => "plan for job",
        Some(_) => "running job",
        None => "updating job",
    };
    let what = format!("{verb} {} in {} of project {}", job.name, job.region, job.project);
    tell::announce(console, runner, &what, &plan);
    let mut facts = Facts::default();
    for warning in warnings {
        console.warning(&warning);
        facts.warnings.push(warning);
    }
    let files = files(runner);
    let request = format!("req_{}", random_hex(8));
    let outcome = match connect(console, runner, job.credentials.clone(), job.project.as_str()).await {
        Err(failure) => Outcome::Failed(failure),
        Ok(clients) => {
            let built = match &job.image {
                JobImage::Built(deploy) => Some((deploy.as_ref(), marks(deploy, &runner.origin, &random_hex(8)))),
                _ => None,
            };
            let builds = built.as_ref().and_then(|(deploy, marks)| {
                let shared = Shared { runner, marks, clients: &clients, github: None, files: &files };
                shared.contexts(console, std::slice::from_ref(*deploy)).pop()
            });
            let context = JobContext { job: &job, mark: &request, http: &clients.http, console, files: &files, builds };
            carry_out(&context, &mut facts).await
        }
    };
    let head = head_of_merge(&runner.origin);
    let story = JobStory {
        job: job.name.as_str(),
        region: job.region.as_str(),
        project: job.project.as_str(),
        account: job.credentials.principal.shown(),
        commit: runner.origin.sha.as_deref(),
        head: head.as_deref(),
        run_url: runner.origin.run_url(),
        plan: &plan,
        facts: &facts,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_job(console, &files, &story);
    if !job.dry_run {
        let headline = format!("{} {}", mark(&outcome), headline(&story));
        notify::end(console, (runner, invocation, Command::Job), headline, &now).await;
    }
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

/// Runs the command until it ends or a signal comes; then what it started is ended too.
async fn carry_out(context: &JobContext<'_>, facts: &mut Facts) -> Outcome<JobEnd> {
    let work = async {
        let done = if context.job.dry_run {
            run_job::rehearse(context, facts).await.map(Outcome::Planned)
        } else {
            run_job::run(context, facts).await.map(Outcome::Deployed)
        };
        done.unwrap_or_else(Outcome::Failed)
    };
    let signal = match until_stopped(context.console, Box::pin(work)).await {
        Ok(outcome) => return outcome,
        Err(signal) => signal,
    };
    facts.end(StepState::Cancelled, "interrupted");
    in_time(Box::pin(async {
        executions::end(context.http, context.console, context.files, facts).await;
        end_build(context.http, context.console, context.files, facts).await;
    }))
    .await;
    Outcome::Cancelled(signal)
}
