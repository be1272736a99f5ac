//! The job: read, changed, written whole with its etag, waited for, read back.

use std::time::Duration;

use super::JobWork;
use super::failure;
use crate::cloud_run::job::MARK;
use crate::facts::{Facts, Written};
use crate::service::again;
use slipway_failure::{Class, Failure};
use slipway_google::error::ApiError;
use slipway_google::jobs::{self as jobs, JobResource};
use slipway_google::operation::{self as operation, Operation, OperationEnd, OperationWatched};
use slipway_wire::clock::{Limit, jitter};

/// Rounds of read, change, write while others write the same job.
const ROUNDS: u32 = 5;

/// A job is written in seconds: nothing starts, only its image and its secrets are looked up.
const LONGEST: Duration = Duration::from_secs(300);

/// Pause between looks at a job whose operation is not known.
const LOOK: Duration = Duration::from_secs(3);

/// Writes the job under a mark of its own, so that each write makes a new version of it. When somebody
/// else's write came in between, it is written again on top of that.
pub(super) async fn write(work: &JobWork<'_>, facts: &mut Facts) -> Result<JobResource, Failure> {
    for round in 1..=ROUNDS {
        if let Some(job) = write_once(work, facts).await? {
            return Ok(job);
        }
        work.console.line("Somebody else wrote the job meanwhile; writing it again on top of that");
        work.http.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    Err(overtaken(work))
}

/// The job as this write left it; `None` when somebody else's write came behind it.
async fn write_once(work: &JobWork<'_>, facts: &mut Facts) -> Result<Option<JobResource>, Failure> {
    let limit = work.http.clock().limit(LONGEST);
    let (mark, operation) = send(work, facts).await?;
    let watched = match operation {
        Some(operation) => operation::watch(work.http, operation, limit, || {}).await,
        None => OperationWatched::Ended(OperationEnd::Done),
    };
    let why = match watched {
        OperationWatched::Ended(OperationEnd::Failed(why)) => Some(why),
        OperationWatched::StoppedWatching => return Err(stopped(work, limit)),
        // The job itself says how it is doing.
        OperationWatched::Ended(OperationEnd::Done) | OperationWatched::Unseen(_) => None,
    };
    let job = settle(work, limit).await?;
    if job.annotation(MARK) != Some(&mark) {
        return Ok(None);
    }
    let ready = job.ready();
    if why.is_some() || ready.as_ref().is_some_and(|ready| ready.holds == Some(false)) {
        return Err(failure::not_ready(work, &job, why));
    }
    Ok(Some(job))
}

/// Sends the write; gives back its mark and, where it is known, its operation.
async fn send(work: &JobWork<'_>, facts: &mut Facts) -> Result<(String, Option<Operation>), Failure> {
    let sentence = || format!("Could not write job `{}` in `{}`", work.job, work.region);
    let mut current = look(work).await.map_err(|error| Failure::of(sentence(), error))?;
    for round in 1.. {
        let mark = next_mark(work.mark, current.as_ref());
        let body = (work.document)(current.as_ref().map(JobResource::json), &mark)?;
        if let Some(fact) = facts.job.as_mut() {
            fact.existed |= fact.written == Written::No && current.is_some();
            fact.written = fact.written.max(Written::Unknown);
        }
        let error = match jobs::apply(work.http, &work.full_name, &body).await {
            Ok(operation) => {
                known(facts, Written::Yes);
                return Ok((mark, Some(operation)));
            }
            Err(error) => error,
        };
        if !error.is_ambiguous() && !error.is_conflict() {
            known(facts, Written::No);
            return Err(failure::refused(work, sentence(), error));
        }
        // Either our own write that was not answered, or somebody else's: the job tells.
        current = look(work).await.map_err(|error| Failure::of(sentence(), error))?;
        if current.as_ref().is_some_and(|job| job.annotation(MARK) == Some(&mark)) {
            work.console.line("The reply was lost, and the write had arrived: going on with it");
            known(facts, Written::Yes);
            return Ok((mark, None));
        }
        if round >= ROUNDS {
            known(facts, Written::No);
            return Err(failure::refused(work, sentence(), error));
        }
        work.http.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

/// Keeps whether the write happened; what was known to have happened stays so.
fn known(facts: &mut Facts, written: Written) {
    if let Some(fact) = facts.job.as_mut() {
        fact.written = if fact.written == Written::Yes { Written::Yes } else { written };
    }
}

/// This run's mark, numbered: the document differs from the one before, so the write is never one that
/// changes nothing and keeps the etag.
fn next_mark(mark: &str, current: Option<&JobResource>) -> String {
    let before =
        current.and_then(|job| job.annotation(MARK)?.strip_prefix(mark)?.strip_prefix('-')?.parse::<u32>().ok());
    format!("{mark}-{}", before.unwrap_or(0) + 1)
}

async fn look(work: &JobWork<'_>) -> Result<Option<JobResource>, ApiError> {
    jobs::job(work.http, &work.full_name).await
}

/// Reads the job until Google is done with it.
async fn settle(work: &JobWork<'_>, limit: Limit) -> Result<JobResource, Failure> {
    loop {
        // What was written a moment ago is there: a look that does not find it is repeated.
        match again::until(work.http.clock(), async || look(work).await, Option::is_some).await {
            Ok(Some(job)) if job.is_settled() => return Ok(job),
            Ok(None) => {
                let sentence = format!("Job `{}` was deleted while it was written", work.job);
                return Err(Failure::plain(Class::Deploy, sentence).hint("Run again to create it anew"));
            }
            Ok(Some(_)) => {}
            Err(error) if error.is_transient() => {}
            Err(error) => {
                return Err(Failure::of(format!("Job `{}` was written, but could not be read back", work.job), error));
            }
        }
        if limit.reached(work.http.clock()) {
            return Err(stopped(work, limit));
        }
        work.http.clock().sleep(jitter(LOOK, 0.8, 1.2)).await;
    }
}

fn stopped(work: &JobWork<'_>, limit: Limit) -> Failure {
    let seconds = limit.length.as_secs();
    let sentence = format!("Stopped watching job `{}` after {seconds} s: it is neither ready nor failed", work.job);
    Failure::plain(Class::Timeout, sentence)
        .hint(format!("See how it ends: {}", work.gcloud("describe", work.job.as_str())))
}

fn overtaken(work: &JobWork<'_>) -> Failure {
    let sentence = format!("Somebody else wrote job `{}` while this run did, so it was not run", work.job);
    Failure::plain(Class::Superseded, sentence).hint("Give the workflow a `concurrency:` group per job, then run again")
}
