//! Watching a build without streaming: few looks at its status, the log read beside them.
//!
//! The log has a large quota of its own and shows the end at once, so it is the clock: while it
//! can be read, the status is looked at when the log ends or half a minute has passed. Without a
//! log the pauses grow from four seconds to thirty. Either way that is at most four looks a minute
//! on average (`reliability.md` 7.3), against sixty of gcloud's.

use std::time::Duration;

use super::build::note;
use super::log_view::LogView;
use super::{Context, build_failure};
use crate::clock::{Limit, jitter};
use crate::console::duration;
use crate::explain::Failure;
use crate::google::cloud_build::{self, Build as CloudBuild, Status, log_object};
use crate::google::error::ApiError;
use crate::google::storage::{self, Growth};
use crate::inputs::deploy::Build;
use crate::model::facts::Facts;

/// Pause between reads of a log that flows, and of one that does not.
const LOG_PAUSE: Duration = Duration::from_secs(2);
const IDLE_LOG_PAUSE: Duration = Duration::from_secs(5);

/// Pauses between looks at the status: the first, how it grows, and the longest.
const FIRST_LOOK: Duration = Duration::from_secs(4);
const LOOK_GROWTH: f64 = 1.6;
const LONGEST_LOOK: Duration = Duration::from_secs(30);

const AFTER_THE_LOG: Duration = Duration::from_secs(1);

/// After a quota refusal without a time the pause doubles up to this.
const LONGEST_QUOTA_PAUSE: Duration = Duration::from_secs(300);

/// A build that was just made may not be found at once.
const MISSING_FOR: Duration = Duration::from_secs(30);

/// Cloud Build ends a build itself; this much later something is wrong with the watching.
const SLACK: Duration = Duration::from_secs(120);

/// Reads of a broken log in a row after which it is let be until the build is over.
const LOG_FAILURES: u32 = 5;

/// Watches a build to its end; `longest` is what Cloud Build itself gives it.
///
/// # Errors
/// When it can no longer be watched; the build's own failure is not an error here.
pub(super) async fn to_the_end(
    context: &Context<'_>,
    facts: &mut Facts,
    build: &Build,
    submitted: CloudBuild,
    follow_log: bool,
    longest: Duration,
) -> Result<(CloudBuild, LogView), Failure> {
    let clock = context.clock().clone();
    let limit = clock.limit(longest + SLACK);
    let begun = clock.now();
    let mut watch = Watch::new(context, &submitted, follow_log);
    let mut last = submitted;
    let mut looks = Looks::new(&clock);
    let mut approval_said = false;
    loop {
        if last.needs_approval && !approval_said {
            context.console.line(&format!("The build waits for an approval: {}", last.log_url));
            approval_said = true;
        }
        let read = watch.read(context, facts).await;
        if looks.due(&clock, &watch) {
            match cloud_build::get(context.http, build.location.as_str(), &last.id).await {
                Ok(seen) => {
                    looks.succeeded(&clock, &watch);
                    say_change(context, facts, &last, &seen, &mut watch);
                    note(facts, &seen);
                    last = seen;
                }
                Err(error) => looks.failed(&clock, error).map_err(|error| build_failure::unwatchable(&last, error))?,
            }
        }
        if last.status.is_final() {
            watch.finish(context, facts).await;
            return Ok((last, watch.log));
        }
        if limit.reached(&clock) {
            return Err(build_failure::stopped_watching(&last, limit.length));
        }
        progress(context, &last, clock.now().saturating_sub(begun));
        let pause =
            if watch.readable() { if read { LOG_PAUSE } else { IDLE_LOG_PAUSE } } else { looks.until_due(&clock) };
        clock.sleep(pause.min(looks.until_due(&clock)).max(Duration::from_millis(200))).await;
    }
}

fn progress(context: &Context<'_>, last: &CloudBuild, waited: Duration) {
    let what = match last.status {
        Status::Working => "Building",
        _ if last.needs_approval => "Waiting for an approval",
        _ => "Waiting for a machine",
    };
    context.console.live(&format!("{what}, {}", duration(waited)));
}

fn say_change(context: &Context<'_>, facts: &mut Facts, before: &CloudBuild, now: &CloudBuild, watch: &mut Watch) {
    if before.status == now.status {
        return;
    }
    match &now.status {
        Status::Unknown(word) if !watch.unknown_said => {
            watch.unknown_said = true;
            context.warn(
                facts,
                format!("Cloud Build says `{word}`, which this version does not know; it is taken as still going on"),
            );
        }
        Status::Working => context.console.line("The build is at work"),
        _ => {}
    }
}

/// When the status is looked at next.
struct Looks {
    next: Limit,
    pause: Duration,
    quota_pause: Duration,
    missing: Option<Limit>,
    forbidden_once: bool,
}

impl Looks {
    fn new(clock: &crate::clock::Clock) -> Self {
        let pause = jitter(FIRST_LOOK, 0.75, 1.25);
        Self {
            next: clock.limit(pause),
            pause: FIRST_LOOK,
            quota_pause: FIRST_LOOK,
            missing: None,
            forbidden_once: false,
        }
    }

    fn due(&self, clock: &crate::clock::Clock, watch: &Watch) -> bool {
        self.next.reached(clock) || watch.just_ended()
    }

    fn until_due(&self, clock: &crate::clock::Clock) -> Duration {
        self.next.left(clock)
    }

    fn succeeded(&mut self, clock: &crate::clock::Clock, watch: &Watch) {
        self.missing = None;
        self.forbidden_once = false;
        self.quota_pause = self.quota_pause.mul_f64(0.9).max(FIRST_LOOK);
        if watch.just_ended() {
            // The log is finished just before the status changes.
            self.pause = AFTER_THE_LOG;
        }
        let pause = if watch.readable() && !watch.log.ended() {
            LONGEST_LOOK
        } else {
            self.pause = self.pause.mul_f64(LOOK_GROWTH).min(LONGEST_LOOK);
            self.pause
        };
        self.next = clock.limit(jitter(pause, 0.75, 1.25));
    }

    /// Trouble with a look. Only what will not pass by itself ends the watching.
    fn failed(&mut self, clock: &crate::clock::Clock, error: ApiError) -> Result<(), ApiError> {
        let pause = if error.is_rate_limit() {
            self.quota_pause = (self.quota_pause * 2).min(LONGEST_QUOTA_PAUSE);
            error.retry_after().map_or_else(|| jitter(self.quota_pause, 0.75, 1.25), |told| jitter(told, 1.0, 1.2))
        } else if error.is_transient() {
            jitter(FIRST_LOOK, 0.75, 1.25)
        } else if error.is_missing() {
            let since = *self.missing.get_or_insert_with(|| clock.limit(MISSING_FOR));
            if since.reached(clock) {
                return Err(error);
            }
            jitter(FIRST_LOOK, 0.75, 1.25)
        } else if error.is_forbidden() && !self.forbidden_once {
            self.forbidden_once = true;
            FIRST_LOOK
        } else {
            return Err(error);
        };
        self.next = clock.limit(pause);
        Ok(())
    }
}

/// The log beside the status.
struct Watch {
    place: Option<(String, String)>,
    log: LogView,
    failures: u32,
    ended_seen: bool,
    unknown_said: bool,
}

impl Watch {
    fn new(context: &Context<'_>, submitted: &CloudBuild, follow_log: bool) -> Self {
        let place = (follow_log && !submitted.logs_bucket.is_empty())
            .then(|| log_object(&submitted.logs_bucket, &submitted.id));
        if !follow_log {
            context.console.line("Its log goes where the build's configuration sends it, and is not shown here");
        }
        Self { place, log: LogView::default(), failures: 0, ended_seen: false, unknown_said: false }
    }

    fn readable(&self) -> bool {
        self.place.is_some() && self.failures < LOG_FAILURES
    }

    /// Whether the log has just said that the build is over; true once.
    fn just_ended(&self) -> bool {
        self.log.ended() && !self.ended_seen
    }

    /// Reads what is new; true when there was something.
    async fn read(&mut self, context: &Context<'_>, facts: &mut Facts) -> bool {
        self.ended_seen = self.log.ended();
        let Some((bucket, object)) = self.place.as_ref().filter(|_| self.readable()) else { return false };
        match storage::read_from(context.http, bucket, object, self.log.offset()).await {
            Ok(Growth::More(bytes)) => {
                self.failures = 0;
                for line in self.log.feed(&bytes) {
                    context.console.foreign(&line);
                }
                true
            }
            Ok(Growth::Nothing) => {
                self.failures = 0;
                false
            }
            Err(error) => {
                self.trouble(context, facts, &error);
                false
            }
        }
    }

    /// Trouble with the log is never trouble with the build.
    fn trouble(&mut self, context: &Context<'_>, facts: &mut Facts, error: &ApiError) {
        self.failures += 1;
        if !error.is_transient() {
            self.place = None;
            let why = format!("The build's log cannot be shown: {error}. The build goes on, and its status decides");
            context.console.line(&why);
            if let Some(fact) = facts.build.as_mut() {
                fact.log_missing = Some(why);
            }
        }
    }

    /// Reads to the end: Cloud Build finishes the log before it marks the build as over.
    async fn finish(&mut self, context: &Context<'_>, facts: &mut Facts) {
        self.failures = 0;
        for _ in 0..3 {
            if self.place.is_none() || !self.read(context, facts).await {
                break;
            }
        }
        if let Some(line) = self.log.finish() {
            context.console.foreign(&line);
        }
        if self.place.is_some() && self.log.offset() == 0 {
            let why =
                "The build's log is empty or could not be read; its page shows it to those who may see it".to_owned();
            if let Some(fact) = facts.build.as_mut() {
                fact.log_missing = Some(why);
            }
        }
    }
}
