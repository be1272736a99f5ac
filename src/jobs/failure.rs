//! Why a job was not written or did not succeed, in words: the exit code, Google's sentence, the
//! container's last lines, the cure.

use super::{JobWork, execution_fact};
use crate::facts::Facts;
use crate::service::causes::{self as causes, Cause};
use crate::service::cures::{self as cures, CureSubject, Refused};
use slipway_failure::Failure;
use slipway_google::error::ApiError;
use slipway_google::executions::{self as executions, Attempt, Execution, ExecutionState};
use slipway_google::jobs::JobResource;
use slipway_google::{logging, roles};
use slipway_wire::clock::jitter;

use std::time::Duration;

use serde_json::Value;

/// Log lines shown with a failure.
const SHOWN: usize = 30;

/// Lines take some seconds from a container to Cloud Logging; none at all are asked for twice.
const LOG_LAG: Duration = Duration::from_secs(5);

/// The exit code of a container that was killed, for taking more memory than it had or by its limit.
const KILLED: i64 = 137;

/// Google did not take a request about the job.
pub(super) fn refused(work: &JobWork<'_>, sentence: String, error: ApiError) -> Failure {
    let conflict = error.is_conflict();
    // Which permission is missing, and for whom, the refusal has said already.
    let refusal = error.refusal().filter(|refusal| refusal.permission().is_none());
    let message = refusal.map(|refusal| refusal.message.clone()).unwrap_or_default();
    let failure = Failure::of(sentence, error);
    if conflict {
        let hint = "Others write this job at the same time; give the workflow a `concurrency:` group per job";
        return failure.hint(hint);
    }
    cures::of(&causes::of("", &message), &subject(work, None)).into_iter().rev().fold(failure, Failure::hint)
}

/// What the cures are about.
fn subject<'a>(work: &'a JobWork<'_>, template: Option<&'a Value>) -> CureSubject<'a> {
    CureSubject {
        project: work.http.project(),
        region: work.region.as_str(),
        who: work.http.principal(),
        template,
        timeout_input: Some(work.timeout_input),
    }
}

/// The write was taken, and the job is not ready: its image or a secret cannot be had.
pub(super) fn not_ready(work: &JobWork<'_>, job: &JobResource, operation: Option<String>) -> Failure {
    let (reason, message) = job.ready().map(|ready| (ready.reason, ready.message)).unwrap_or_default();
    let message = if message.is_empty() { operation.unwrap_or_default() } else { message };
    let cause = causes::of(&reason, &message);
    let sentence = format!("Job `{}` cannot be run: {}", work.job, cures::words(&cause));
    let hints = cures::of(&cause, &subject(work, job.json().pointer("/template/template")));
    Failure::of(sentence, Refused { reason, message }).more_hints(hints)
}

/// The execution is over and did not succeed: gathers what says why.
pub(super) async fn explain(work: &JobWork<'_>, facts: &mut Facts, last: &Execution) -> Failure {
    let (attempt, lines) = tokio::join!(executions::failed_attempt(work.http, last.name()), lines(work, last));
    // Without the tasks the execution's own condition still says what happened.
    let attempt = attempt.ok().flatten().unwrap_or_default();
    let condition = last.completed();
    let reason = condition.as_ref().map(|condition| condition.reason.clone()).unwrap_or_default();
    let message = condition.map(|condition| condition.message).unwrap_or_default();
    let message = if message.is_empty() { attempt.message.clone() } else { message };
    if let Some(fact) = execution_fact(facts) {
        fact.exit_code = attempt.exit_code;
    }
    let cause = cause(&attempt, &reason, &message, lines.as_deref());
    let how = how(last, &attempt, &cause);
    let sentence = format!("Execution `{}` of job `{}` {how}", last.short(), work.job);
    let mut hints = cures(work, last, &attempt, &cause);
    let ran = attempt.exit_code.is_some() || attempt.signal.is_some() || cures::log_tells(&cause);
    let mut failure = Failure::of(sentence, Refused { reason, message });
    match lines {
        Some(lines) => failure = failure.evidence(lines),
        None if !ran => {}
        None => {
            if !last.log_uri().is_empty() {
                hints.push(format!("The container's log may say more: {}", last.log_uri()));
            }
            let caller = work.http.principal();
            let grant = roles::grant_on_project(work.http.project(), caller.member(), "roles/logging.viewer");
            hints.push(format!("To see those lines here, grant roles/logging.viewer: {grant}"));
        }
    }
    hints.push(work.log_hint(last.short()));
    hints.push(format!("To run it again by itself: slipway job {}", work.flags()));
    hints.push(format!("All about it: {}", work.gcloud("executions describe", last.short())));
    failure.more_hints(hints)
}

/// What went wrong: by Google's sentences, else by the container's own last words.
fn cause(attempt: &Attempt, reason: &str, message: &str, lines: Option<&[String]>) -> Cause {
    match causes::of(reason, &format!("{message} {}", attempt.message)) {
        Cause::Unknown => lines.and_then(causes::of_log).unwrap_or(Cause::Unknown),
        known => known,
    }
}

fn how(last: &Execution, attempt: &Attempt, cause: &Cause) -> String {
    let tasks = match (last.failed(), last.tasks()) {
        (_, 1) | (0, _) => String::new(),
        (failed, tasks) => format!(" ({failed} of {tasks} tasks failed)"),
    };
    if last.verdict() == ExecutionState::Cancelled {
        return "was cancelled by somebody else".into();
    }
    match (attempt.exit_code, attempt.signal) {
        (Some(code), _) => format!("failed: its container ended with exit code {code}{tasks}"),
        _ if timed_out(attempt, cause) => format!("failed: it took longer than its limit{tasks}"),
        (None, Some(signal)) => format!("failed: its container was ended by signal {signal}{tasks}"),
        _ if *cause == Cause::Unknown && !attempt.message.is_empty() => {
            format!("failed: its container could not be run{tasks}")
        }
        _ => format!("failed: {}{tasks}", cures::words(cause)),
    }
}

/// No code says so; the message is only taken for which hint to show (public reports of failed executions).
fn timed_out(attempt: &Attempt, cause: &Cause) -> bool {
    *cause == Cause::Timeout || attempt.message.to_lowercase().contains("timeout")
}

fn cures(work: &JobWork<'_>, last: &Execution, attempt: &Attempt, cause: &Cause) -> Vec<String> {
    if last.verdict() == ExecutionState::Cancelled {
        return vec!["Run again when nobody cancels it".into()];
    }
    if timed_out(attempt, cause) {
        return vec![format!("Give it more time with {}", work.timeout_input)];
    }
    if attempt.exit_code == Some(KILLED) {
        return vec!["137 means that it was killed, most often for want of memory: give it more `memory`".into()];
    }
    cures::of(cause, &subject(work, None))
}

/// The last lines; `None` where they may not be read.
async fn lines(work: &JobWork<'_>, last: &Execution) -> Option<Vec<String>> {
    for again in [true, false] {
        let read = logging::execution_lines(work.http, work.region.as_str(), work.job.as_str(), last.short()).await;
        match read {
            Ok(lines) if lines.is_empty() && again => work.http.clock().sleep(jitter(LOG_LAG, 0.8, 1.2)).await,
            Ok(lines) => return Some(lines.split_at(lines.len().saturating_sub(SHOWN)).1.to_vec()),
            Err(_) => return None,
        }
    }
    None
}
