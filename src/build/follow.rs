//! Watching a build without streaming: few looks at its status, the log read beside them.
//!
//! The log has a large quota of its own and shows the end at once, so it is the clock: while it
//! can be read, the status is looked at when the log ends or half a minute has passed. Without a
//! log the pauses grow from four seconds to thirty. Either way that is at most four looks a minute
//! on average (docs/BENCHMARKS.md), against sixty of gcloud's.

use std::time::Duration;

use super::build_failure;
use super::build_log::{BuildLog, LogSource, Watching};
use super::log_view::LogView;
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::cloud_build::{self as cloud_build, BuildResource as CloudBuild, BuildStatus};
use slipway_google::error::ApiError;
use slipway_runner::{Console, duration};
use slipway_wire::clock::{Clock, Limit, jitter};

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

/// A build that is over.
pub(crate) struct BuildWatched {
    /// What it came to.
    pub(crate) last: CloudBuild,
    /// What was read of its log.
    pub(crate) log: LogView,
    /// What to do about a log that could not be read.
    pub(crate) hints: Vec<String>,
}

/// Watches a build to its end; `longest` is what Cloud Build itself gives it.
///
/// # Errors
/// When it can no longer be watched; the build's own failure is not an error here.
pub(crate) async fn to_the_end(
    with: Watching<'_>,
    facts: &mut Facts,
    submitted: CloudBuild,
    source: LogSource,
    longest: Duration,
) -> Result<BuildWatched, Failure> {
    let clock = with.http.clock().clone();
    let limit = clock.limit(longest + SLACK);
    let begun = clock.now();
    let mut watch = BuildLog::new(source);
    let mut last = submitted;
    let mut looks = Looks::new(&clock);
    let (mut approval_said, mut unknown_said) = (false, false);
    loop {
        if last.needs_approval && !approval_said {
            let waits = "The build waits for an approval";
            with.console.line(&last.page(waits).unwrap_or_else(|| waits.to_owned()));
            approval_said = true;
        }
        let read = watch.read(with, facts).await;
        if !last.status.is_final() && looks.due(&clock, &watch) {
            match cloud_build::get(with.http, with.location, &last.id).await {
                Ok(seen) => {
                    looks.succeeded(&clock, &watch);
                    say_change(with.console, facts, &last, &seen, &mut unknown_said);
                    note(facts, &seen);
                    last = seen;
                }
                Err(error) => looks.failed(&clock, error).map_err(|error| build_failure::unwatchable(&last, error))?,
            }
        }
        if last.status.is_final() {
            watch.finish(with, facts, &last.finished).await;
            return Ok(BuildWatched { last, log: watch.log, hints: watch.hints });
        }
        if limit.reached(&clock) {
            return Err(build_failure::stopped_watching(&last, limit.length));
        }
        progress(with.console, &last, clock.now().saturating_sub(begun));
        let pause = if watch.readable() { watch.pause(read) } else { looks.until_due(&clock) };
        clock.sleep(pause.min(looks.until_due(&clock)).max(Duration::from_millis(200))).await;
    }
}

fn progress(console: &Console, last: &CloudBuild, waited: Duration) {
    let what = match last.status {
        BuildStatus::Working => "Building",
        _ if last.needs_approval => "Waiting for an approval",
        _ => "Waiting for a machine",
    };
    console.live(&format!("{what}, {}", duration(waited)));
}

fn say_change(console: &Console, facts: &mut Facts, before: &CloudBuild, now: &CloudBuild, unknown_said: &mut bool) {
    if before.status == now.status {
        return;
    }
    match &now.status {
        BuildStatus::Unknown(word) if !*unknown_said => {
            *unknown_said = true;
            let text =
                format!("Cloud Build says `{word}`, which this version does not know; it is taken as still going on");
            console.warning(&text);
            facts.warnings.push(text);
        }
        BuildStatus::Working if !console.is_simulated() => console.line("The build is at work"),
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
    fn new(clock: &Clock) -> Self {
        let pause = jitter(FIRST_LOOK, 0.75, 1.25);
        Self {
            next: clock.limit(pause),
            pause: FIRST_LOOK,
            quota_pause: FIRST_LOOK,
            missing: None,
            forbidden_once: false,
        }
    }

    fn due(&self, clock: &Clock, watch: &BuildLog) -> bool {
        self.next.reached(clock) || watch.just_ended()
    }

    fn until_due(&self, clock: &Clock) -> Duration {
        self.next.left(clock)
    }

    fn succeeded(&mut self, clock: &Clock, watch: &BuildLog) {
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
    fn failed(&mut self, clock: &Clock, error: ApiError) -> Result<(), ApiError> {
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

/// Keeps what a look at the build showed.
pub(crate) fn note(facts: &mut Facts, build: &CloudBuild) {
    let Some(fact) = facts.build.as_mut() else { return };
    fact.id = Some(build.id.clone());
    fact.status = build.status.word().to_owned();
    fact.over = build.status.is_final();
    fact.url.clone_from(&build.log_url);
    let seconds = |from: &str, to: &str| Some((time_of(to)? - time_of(from)?).as_seconds_f64().max(0.0));
    fact.queued_seconds = seconds(&build.created, &build.started);
    fact.worked_seconds = seconds(&build.started, &build.finished);
    fact.phases = build.phases.iter().filter_map(|(name, from, to)| Some((name.clone(), seconds(from, to)?))).collect();
    fact.steps = build
        .steps
        .iter()
        .map(|step| crate::facts::BuildStepFact {
            name: step.name.clone(),
            status: step.status.clone(),
            exit_code: step.exit_code,
            seconds: step.times.as_ref().and_then(|(from, to)| seconds(from, to)),
        })
        .collect();
}

fn time_of(text: &str) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}
