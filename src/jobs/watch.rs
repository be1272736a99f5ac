//! Watching an execution: by looks at the execution itself, until it is over or the limit is reached.

use std::time::Duration;

use super::{JobWork, note};
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::executions::{self as executions, Execution, ExecutionState};
use slipway_runner::duration;
use slipway_wire::clock::jitter;

/// Pauses between looks: the first, how it grows, and the longest. Reads of Cloud Run have a quota of
/// about 3000 a minute, and a job that takes an hour need not be told to the second.
const FIRST_LOOK: Duration = Duration::from_secs(2);
const GROWTH: f64 = 1.4;
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// Looks in a row that may be refused before watching is given up: a grant may take effect late.
const REFUSALS: u32 = 3;

/// Watches an execution to its end, whatever that is.
///
/// # Errors
/// When it is not over within `longest`, or can no longer be watched.
pub(super) async fn to_the_end(
    work: &JobWork<'_>,
    facts: &mut Facts,
    execution: Execution,
    longest: Duration,
) -> Result<Execution, Failure> {
    let clock = work.http.clock();
    let (limit, begun) = (clock.limit(longest), clock.now());
    let mut pause = FIRST_LOOK;
    let mut last = execution;
    let mut refusals = 0;
    loop {
        note(facts, &last);
        if last.verdict() != ExecutionState::Running {
            work.let_go(facts);
            return Ok(last);
        }
        if limit.reached(clock) {
            // It is in the middle of its work, and nobody asked to have it ended.
            work.let_go(facts);
            return Err(stopped(work, &last, longest));
        }
        let over = last.succeeded() + last.failed();
        let passed = duration(clock.now().saturating_sub(begun));
        work.console.live(&format!("Running, {over} of {} tasks over, {passed}", last.tasks()));
        clock.sleep(jitter(pause, 0.9, 1.1)).await;
        pause = pause.mul_f64(GROWTH).min(LONGEST_LOOK);
        match executions::execution(work.http, last.name()).await {
            Ok(now) => (last, refusals) = (now, 0),
            // A failed look is not a failed execution.
            Err(error) if error.is_transient() => pause = error.retry_after().unwrap_or(pause),
            Err(error) => {
                refusals += 1;
                if refusals >= REFUSALS {
                    let sentence = format!(
                        "Execution `{}` of job `{}` can no longer be watched; it may still be running",
                        last.short(),
                        work.job
                    );
                    return Err(Failure::of(sentence, error)
                        .hint(work.log_hint(last.short()))
                        .more_hints([format!("See it: {}", work.gcloud("executions describe", last.short()))]));
                }
            }
        }
    }
}

fn stopped(work: &JobWork<'_>, last: &Execution, longest: Duration) -> Failure {
    let execution = last.short();
    Failure::plain(
        Class::Timeout,
        format!(
            "Stopped watching execution `{execution}` of job `{}` after {} s: it still runs, and was left to itself",
            work.job,
            longest.as_secs()
        ),
    )
    .hint(work.log_hint(execution))
    .more_hints([
        format!("See how it ends: {}", work.gcloud("executions describe", execution)),
        format!("End it: {}", work.gcloud("executions cancel", execution)),
    ])
}
