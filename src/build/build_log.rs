//! The log of a build, read where the build writes it: an object in a bucket, by offset, or entries in Cloud Logging.
//! Trouble with it is never trouble with the build.

use std::time::Duration;

use bytes::Bytes;

use super::log_view::LogView;
use crate::facts::Facts;
use crate::service::tail::Tail;
use slipway_failure::Explain as _;
use slipway_google::cloud_build::{BuildResource as CloudBuild, log_object};
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::storage::{self as storage, Growth};
use slipway_google::{logging, roles};
use slipway_runner::Console;
use slipway_wire::clock::{age_seconds, ago};

/// Pause between reads of an object that grows, and of one that does not.
const FLOWING: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);

/// Reads of a broken log in a row after which it is let be until the build is over.
const FAILURES: u32 = 5;

/// Reads after the end of a build. An object is whole then, but a read brings a MiB of it at most; so this is 4 GiB.
const LAST_PIECES: u32 = 4096;

/// Entries arrive some seconds after they were written: so often they are looked for after the end, [`IDLE`] apart.
const LAST_LOOKS: u32 = 3;

/// Seconds after which no entry of a build is expected any more.
const ALL_ARRIVED: u64 = 120;

/// The age of the oldest entries that Cloud Logging keeps unless it is told otherwise: 30 days.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// What a build is watched with, and where it runs.
#[derive(Clone, Copy)]
pub(crate) struct Watching<'a> {
    /// Google.
    pub(crate) http: &'a Http,
    /// Text.
    pub(crate) console: &'a Console,
    /// Where Cloud Build works.
    pub(crate) location: &'a str,
}

/// Where a log is read.
pub(crate) enum LogSource {
    /// In an object of a bucket; where that may not be read, in Cloud Logging, if the build logs there too.
    Object(String, String, Option<Box<Tail>>),
    /// In Cloud Logging.
    Entries(Box<Tail>),
    /// Nowhere; why, in a sentence.
    Nowhere(&'static str),
}

impl LogSource {
    /// The object in the bucket that the build names, as every build of this product has it.
    pub(super) fn bucket(build: &CloudBuild) -> Self {
        let (bucket, object) = log_object(&build.logs_bucket, &build.id);
        LogSource::Object(bucket, object, None)
    }

    /// Wherever this build says that it logs.
    pub(crate) fn of(build: &CloudBuild) -> Self {
        match build.logging.as_str() {
            "NONE" => LogSource::Nowhere("The build keeps no log: its `logging` is NONE"),
            "GCS_ONLY" if !build.logs_bucket.is_empty() => Self::bucket(build),
            "CLOUD_LOGGING_ONLY" | "STACKDRIVER_ONLY" => LogSource::Entries(Self::entries(build)),
            _ if build.logs_bucket.is_empty() => LogSource::Entries(Self::entries(build)),
            _ => {
                let (bucket, object) = log_object(&build.logs_bucket, &build.id);
                LogSource::Object(bucket, object, Some(Self::entries(build)))
            }
        }
    }

    fn entries(build: &CloudBuild) -> Box<Tail> {
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        let made = time::OffsetDateTime::parse(&build.created, rfc3339).unwrap_or_else(|_| ago(KEPT));
        Box::new(Tail::new(logging::of_build(&build.id), made, format!("read the log of build `{}`", build.id)))
    }
}

/// A log beside its build.
pub(super) struct BuildLog {
    source: LogSource,
    /// What has been read of it.
    pub(super) log: LogView,
    /// What to do when it cannot be read.
    pub(super) hints: Vec<String>,
    failures: u32,
    ended_seen: bool,
    nowhere_said: bool,
}

impl BuildLog {
    pub(super) fn new(source: LogSource) -> Self {
        let (log, hints) = (LogView::default(), Vec::new());
        Self { source, log, hints, failures: 0, ended_seen: false, nowhere_said: false }
    }

    /// Whether another read may bring something.
    pub(super) fn readable(&self) -> bool {
        !matches!(self.source, LogSource::Nowhere(_)) && self.failures < FAILURES
    }

    /// Whether the log has just said that the build is over; true once.
    pub(super) fn just_ended(&self) -> bool {
        self.log.ended() && !self.ended_seen
    }

    /// How long to wait before the next read; `flows` says whether the last one brought something.
    pub(super) fn pause(&self, flows: bool) -> Duration {
        match &self.source {
            // The quota on entries is 60 reads a minute for the whole project.
            LogSource::Entries(tail) if !tail.has_more() => IDLE,
            _ if flows => FLOWING,
            _ => IDLE,
        }
    }

    /// Reads what is new; true when there was something.
    pub(super) async fn read(&mut self, with: Watching<'_>, facts: &mut Facts) -> bool {
        self.ended_seen = self.log.ended();
        if !self.readable() {
            if let (LogSource::Nowhere(why), false) = (&self.source, self.nowhere_said) {
                with.console.line(why);
                self.nowhere_said = true;
            }
            return false;
        }
        let read = match &mut self.source {
            LogSource::Object(bucket, object, _) => {
                storage::read_from(with.http, bucket, object, self.log.offset()).await.map(|growth| match growth {
                    Growth::More(bytes) => bytes,
                    Growth::Nothing => Bytes::new(),
                })
            }
            LogSource::Entries(tail) => tail.more(with.http).await.map(|entries| {
                let texts = entries.iter().map(|entry| entry.text.trim_end_matches('\n'));
                texts.map(|text| format!("{text}\n")).collect::<String>().into()
            }),
            LogSource::Nowhere(_) => return false,
        };
        match read {
            Ok(bytes) => {
                self.failures = 0;
                for line in self.log.feed(&bytes) {
                    with.console.foreign(&line);
                }
                !bytes.is_empty()
            }
            Err(error) => {
                self.trouble(with, facts, &error);
                false
            }
        }
    }

    /// Only what will not pass by itself ends the reading.
    fn trouble(&mut self, with: Watching<'_>, facts: &mut Facts, error: &ApiError) {
        self.failures += 1;
        if error.is_transient() {
            return;
        }
        let tail = match &mut self.source {
            LogSource::Object(_, _, tail) => tail.take(),
            _ => None,
        };
        let over = facts.build.as_ref().is_some_and(|build| build.over);
        let decides = if over { "The build's status decides" } else { "The build goes on, and its status decides" };
        let why = format!("The build's log cannot be shown: {error}. {decides}");
        self.hints = self.cures(with, error).into_iter().chain(std::mem::take(&mut self.hints)).collect();
        if let Some(tail) = tail {
            with.console.line(&format!("The build's log is read in Cloud Logging: {error}"));
            self.source = LogSource::Entries(tail);
            self.failures = 0;
            return;
        }
        with.console.line(&why);
        if let Some(fact) = facts.build.as_mut() {
            fact.log_missing = Some(why);
        }
        self.source = LogSource::Nowhere("");
        self.nowhere_said = true;
    }

    /// Nobody may be given a role on Google's own bucket; those who see the whole project may read it.
    fn cures(&self, with: Watching<'_>, error: &ApiError) -> Vec<String> {
        match &self.source {
            LogSource::Object(bucket, _, _) if bucket.ends_with(".cloudbuild-logs.googleusercontent.com") => {
                let (project, member) = (with.http.project(), with.http.principal().member());
                let command = roles::grant_on_project(project, member, "roles/viewer");
                vec![format!(
                    "The log lies in Google's own bucket, which only Viewers of the project may read: {command}"
                )]
            }
            _ => error.hints(),
        }
    }

    /// Reads to the end: Cloud Build finishes an object before it marks the build as over; entries come later than
    /// that. `over_since` is when the build ended, as Google writes times.
    pub(super) async fn finish(&mut self, with: Watching<'_>, facts: &mut Facts, over_since: &str) {
        self.failures = 0;
        let looks = if age_seconds(over_since).is_some_and(|age| age > ALL_ARRIVED) { 1 } else { LAST_LOOKS };
        let mut looked = 0;
        for _ in 0..LAST_PIECES {
            let read = self.read(with, facts).await;
            let entries = matches!(self.source, LogSource::Entries(_));
            let more = match &self.source {
                LogSource::Object(..) => read,
                LogSource::Entries(tail) if tail.has_more() => true,
                LogSource::Entries(_) => {
                    looked += 1;
                    looked < looks
                }
                LogSource::Nowhere(_) => false,
            };
            if !more || !self.readable() {
                break;
            }
            if entries {
                with.http.clock().sleep(self.pause(read)).await;
            }
        }
        if let Some(line) = self.log.finish() {
            with.console.foreign(&line);
        }
        if self.readable() && self.log.offset() == 0 {
            let why =
                "The build's log is empty or could not be read; its page shows it to those who may see it".to_owned();
            if let Some(fact) = facts.build.as_mut() {
                fact.log_missing = Some(why);
            }
        }
    }
}
