//! Whether another run, whose rollout stands on the service, is over; and waiting for that.

use std::time::Duration;

use super::{Context, order, reading};
use crate::cloud_run::notes::{Notes, RolloutRecord};
use slipway_failure::Failure;
use slipway_google::cloud_run::Service;
use slipway_wire::clock::{jitter, left_until};

/// A run that rolls out for longer than this is not waited for: a job costs while it waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// Pause between looks at the service.
const LOOK: Duration = Duration::from_secs(15);

/// The question to GitHub may delay a look by this much at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the run that wrote a record is known to be over: GitHub says so, or its own limits do.
pub(super) async fn is_over(context: &Context<'_>, record: &RolloutRecord) -> bool {
    // A record without an end is one that nobody goes on with.
    if left_until(&record.until).is_zero() {
        return true;
    }
    let Some(by) = &record.by else { return false };
    let origin = context.origin;
    if origin.repository.as_ref() != Some(&by.repository) {
        return false;
    }
    let number = |text: &str| text.parse::<u32>().unwrap_or(1);
    if origin.run_id.as_ref() == Some(&by.id) {
        // An attempt begins when the one before it has ended. Another job of the same attempt may well go on.
        return number(origin.run_attempt.as_deref().unwrap_or("1")) > number(&by.attempt);
    }
    let Some(github) = context.github else { return false };
    let asked = tokio::time::timeout(PATIENCE, github.is_run_over(&by.id, number(&by.attempt))).await;
    matches!(asked, Ok(Ok(true)))
}

/// Waits until another run's rollout has ended. Gives back the service as it is then, and the run where it is over and
/// has left its rollout behind.
///
/// # Errors
/// When it goes on for longer than is waited for; nothing has been changed then.
pub(super) async fn wait(
    context: &Context<'_>,
    record: &RolloutRecord,
) -> Result<(Option<Service>, Option<String>), Failure> {
    let (clock, who) = (context.clock(), who(context, record));
    let revision = &record.rollout.revision;
    context.console.line(&format!(
        "{who} is rolling out revision `{revision}` of this service: waiting for its end (it writes again by {} UTC)",
        record.until.get(11..16).unwrap_or_default()
    ));
    let longest = clock.limit(LONGEST_WAIT);
    let (mut until, mut end) = (record.until.clone(), clock.limit(left_until(&record.until)));
    loop {
        context.console.live(&format!("Waiting for the other rollout, for up to {} s", longest.left(clock).as_secs()));
        clock.sleep(jitter(LOOK, 0.8, 1.2)).await;
        let service = reading::look(context).await?;
        let there = service.as_ref().and_then(|service| Notes::on(service.json()).record);
        let Some(there) = there.filter(|there| there.run == record.run) else { return Ok((service, None)) };
        if there.until != until {
            (until, end) = (there.until.clone(), clock.limit(left_until(&there.until)));
        }
        if end.reached(clock) || is_over(context, &there).await {
            return Ok((service, Some(there.run)));
        }
        if longest.reached(clock) {
            let what = format!("{who} has been rolling out revision `{revision}` for {} s", longest.length.as_secs());
            return Err(order::overtaken(context, service.as_ref(), &what).await);
        }
    }
}

fn who(context: &Context<'_>, record: &RolloutRecord) -> String {
    let page = record.by.as_ref().and_then(|by| {
        let server = context.origin.server_url.as_deref()?.trim_end_matches('/');
        Some(format!("`{server}/{}/actions/runs/{}`", by.repository, by.id))
    });
    page.map_or_else(|| "Another run".to_owned(), |page| format!("The run {page}"))
}
