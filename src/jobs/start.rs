//! The run of a job: exactly one execution, whatever becomes of replies.
//!
//! Cloud Run starts an execution with every request that arrives, and a request whose reply was lost
//! may also arrive late. Three things together make a second one impossible:
//!
//! 1. The request names the etag of the version this run wrote, so it starts that version or nothing.
//! 2. After a lost reply the job is written once more, under the next number of this run's mark. From
//!    then on the lost request is refused (409) wherever it still is: its version is gone.
//! 3. Only then are the executions listed. The mark stands in the template, so an execution that was
//!    started carries it, and one that does not show now cannot come any more.
//!
//! The job's execution tokens would name the execution beforehand, but stay in the job and start one
//! again when somebody writes it back after the execution was cleaned away; and they know no overrides.

use std::time::Duration;

use serde_json::Value;

use super::{JobWork, failure, note};
use crate::cloud_run::job::MARK;
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::error::ApiError;
use slipway_google::executions::{self as executions, Execution};
use slipway_google::http::Http;
use slipway_google::jobs::{self as jobs, JobResource};
use slipway_names::execution::ExecutionFact;
use slipway_wire::clock::jitter;

/// Times the request is sent, each after making sure that the one before started nothing.
const SENT: u32 = 5;

/// Lists lag a little: an execution that does not show is looked for twice, this far apart.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

pub(super) async fn once(
    work: &JobWork<'_>,
    facts: &mut Facts,
    written: JobResource,
    overrides: Option<&Value>,
) -> Result<Execution, Failure> {
    let sentence = || format!("Could not run job `{}` in `{}`", work.job, work.region);
    // Kept before the request leaves, so that a run that is killed now can still be cleaned up.
    for (name, value) in
        [("execution_project", work.http.project()), ("execution_job", &work.full_name), ("execution_mark", work.mark)]
    {
        work.keep_state(facts, name, value);
    }
    let fact = ExecutionFact { job: work.full_name.clone(), mark: work.mark.to_owned(), ..ExecutionFact::default() };
    if let Some(job) = facts.job.as_mut() {
        job.execution = Some(fact);
    }
    let mut job = written;
    for sent in 1.. {
        let error = match jobs::run(work.http, &work.full_name, job.etag(), overrides).await {
            Ok(execution) => return Ok(begun(work, facts, execution)),
            Err(error) => error,
        };
        let lost = error.is_ambiguous();
        if !lost && !error.is_conflict() {
            nothing_started(work, facts);
            return Err(failure::refused(work, sentence(), error));
        }
        work.console.line(if lost {
            "The reply to the run was lost; making sure that it can start nothing any more, and looking for what it started"
        } else {
            "The job is another version by now; writing it again"
        });
        job = work.write(facts).await.map_err(|failure| unknown(work, failure, lost))?;
        if lost && let Some(found) = look_for(work).await.map_err(|error| unseen(work, error))? {
            work.console.line(&format!("Found it: execution {}", found.short()));
            return Ok(begun(work, facts, found));
        }
        if sent >= SENT {
            nothing_started(work, facts);
            return Err(failure::refused(work, sentence(), error));
        }
        // Runs that write the same job in turn part like this.
        work.http.clock().sleep(jitter(Duration::from_secs(1 << sent.min(4)), 0.1, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

fn begun(work: &JobWork<'_>, facts: &mut Facts, execution: Execution) -> Execution {
    work.keep_state(facts, "execution_name", execution.short());
    note(facts, &execution);
    execution
}

fn nothing_started(work: &JobWork<'_>, facts: &mut Facts) {
    work.let_go(facts);
    if let Some(job) = facts.job.as_mut() {
        job.execution = None;
    }
}

/// The execution that carries this run's mark. A schedule may have run the job meanwhile, marked as it
/// then was; that one is somebody else's.
async fn look_for(work: &JobWork<'_>) -> Result<Option<Execution>, ApiError> {
    for _ in 0..2 {
        let found = marked(work.http, &work.full_name, work.mark).await?;
        if let Some(first) = found.into_iter().next_back() {
            return Ok(Some(first));
        }
        work.http.clock().sleep(jitter(LOOK_AGAIN_AFTER, 0.8, 1.2)).await;
    }
    work.console.line("There is no such execution, and none can come any more: running the job again");
    Ok(None)
}

/// The executions that a run with that mark started, newest first.
pub(crate) async fn marked(http: &Http, job: &str, mark: &str) -> Result<Vec<Execution>, ApiError> {
    let mut found = executions::executions(http, job).await?;
    found.retain(|execution| {
        let marked = execution.annotation(MARK).and_then(|text| text.strip_prefix(mark));
        let ours =
            execution.creator().is_empty() || http.principal().email().is_none_or(|email| execution.creator() == email);
        ours && marked.is_some_and(|rest| rest.starts_with('-'))
    });
    Ok(found)
}

fn unknown(work: &JobWork<'_>, failure: Failure, lost: bool) -> Failure {
    if lost { failure.hint(look_by_hand(work)) } else { failure }
}

fn unseen(work: &JobWork<'_>, error: ApiError) -> Failure {
    let sentence = format!("Whether job `{}` was started is not known: its reply was lost", work.job);
    Failure::of(sentence, error).hint(look_by_hand(work))
}

fn look_by_hand(work: &JobWork<'_>) -> String {
    format!(
        "Look whether it runs before running it again: gcloud run jobs executions list --job={} --region={} --project={}",
        work.job,
        work.region,
        work.http.project()
    )
}
