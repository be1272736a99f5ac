//! Builds, and the scripts that say how the next ones go.

use super::World;
use serde_json::{Map, Value, json};

/// A build.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its id.
    pub id: String,
    /// Id of its project.
    pub project: String,
    /// Its location, `global` or a region.
    pub location: String,
    /// What `builds.get` answers.
    pub document: Map<String, Value>,
    /// E-mail of the account it runs as.
    pub account: String,
    /// How it goes.
    pub script: BuildScript,
    /// How often it was looked at while it could still change.
    pub looks: u32,
    /// What its steps came to, once they ran.
    pub(crate) work: Option<Work>,
}

/// How a build goes. It advances with each look at it (a read of the build or of its log), never
/// by the clock.
#[derive(Debug, Clone)]
pub struct BuildScript {
    /// So many looks still see it QUEUED.
    pub queued: u32,
    /// Then so many see a status word no client knows.
    pub unknown_status: Option<(String, u32)>,
    /// Then so many see it WORKING, while its log grows.
    pub working: u32,
    /// The log in place of the one made up: one chunk per WORKING look, the rest at the end.
    /// Chunks may end inside a character.
    pub log: Option<Vec<Vec<u8>>>,
    /// How it ends.
    pub outcome: Outcome,
    /// How long it worked, by its own account; without it, as long as it was looked at.
    pub took: Option<std::time::Duration>,
}

/// How a build ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As its source deserves: the fake reads the archive and the Dockerfile.
    AsJudged,
    /// Success, whatever the source holds.
    Success,
    /// Success, but the reply lacks the image's digest.
    SuccessWithoutDigest,
    /// A step fails with this exit code after these log lines.
    StepFails {
        /// Index of the step.
        step: usize,
        /// Its exit code.
        exit: i32,
        /// What it wrote.
        lines: Vec<String>,
    },
    /// The build account may not push.
    PushNotAuthorized,
    /// The push fails for another reason.
    PushFailed,
    /// The source cannot be fetched.
    FetchSourceFailed,
    /// Google's own fault.
    InternalError,
    /// It takes longer than its `timeout`.
    Timeout,
    /// It waits in the queue longer than its `queueTtl`.
    Expired,
    /// Somebody cancels it.
    CancelledByOther,
    /// It works for ever.
    NeverEnds,
    /// It waits for a person's approval; see [`World::approve`].
    PendingApproval,
}

impl Default for BuildScript {
    fn default() -> BuildScript {
        BuildScript { queued: 1, unknown_status: None, working: 2, log: None, outcome: Outcome::AsJudged, took: None }
    }
}

impl BuildScript {
    /// The default course with this end.
    pub fn ending(outcome: Outcome) -> BuildScript {
        BuildScript { outcome, ..BuildScript::default() }
    }
}

/// What a build's steps came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    /// Log, one piece per WORKING look and one for the end.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// How many of them are in the log already.
    pub(crate) written: usize,
    /// The step that failed and its exit code.
    pub(crate) failed: Option<(usize, i32)>,
    /// Images built: reference to digest.
    pub(crate) images: Vec<(String, String)>,
    /// Digest of an image to the instructions that made its layers.
    pub(crate) layers: Vec<(String, Vec<String>)>,
    /// Builders that `buildx create` made.
    pub(crate) builders: u32,
    /// Images that steps pushed themselves.
    pub(crate) pushed: Vec<(String, String)>,
    /// Whether a step did something the fake cannot see into.
    pub(crate) opaque: bool,
}

/// How reading a build's log goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogReads {
    /// As the bucket's policy says.
    #[default]
    Open,
    /// Always refused with this status; 404 means the object never appears.
    Status(u16),
    /// The connection is reset.
    Reset,
}

/// A quota window, counted in calls: so many pass, so many are refused, and again.
#[derive(Debug, Clone, Copy)]
pub struct QuotaWindow {
    /// Calls that pass in each window.
    pub allowed: u32,
    /// Calls that are refused in each window.
    pub refused: u32,
    /// Calls seen in this window.
    pub seen: u32,
}

impl QuotaWindow {
    /// A window of which nothing is used.
    pub fn new(allowed: u32, refused: u32) -> QuotaWindow {
        QuotaWindow { allowed, refused, seen: 0 }
    }

    /// Counts a call; false means it is refused.
    pub(crate) fn admit(&mut self) -> bool {
        if self.seen >= self.allowed.saturating_add(self.refused) {
            self.seen = 0;
        }
        self.seen += 1;
        self.seen <= self.allowed
    }
}

impl Build {
    /// Its status word.
    pub fn status(&self) -> &str {
        self.document.get("status").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it can still change.
    pub fn is_over(&self) -> bool {
        matches!(self.status(), "SUCCESS" | "FAILURE" | "INTERNAL_ERROR" | "TIMEOUT" | "CANCELLED" | "EXPIRED")
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.document.insert(name.to_owned(), value);
    }
}

impl World {
    /// The only build there is, or the last one made.
    pub fn last_build(&self) -> Option<&Build> {
        self.builds.last()
    }

    /// A build by id.
    pub fn build(&self, id: &str) -> Option<&Build> {
        self.builds.iter().find(|build| build.id == id)
    }

    /// Approves a build that waits for it; it goes on as its source deserves.
    pub fn approve(&mut self, id: &str) {
        for build in self.builds.iter_mut().filter(|build| build.id == id && build.status() == "PENDING") {
            build.script.outcome = Outcome::AsJudged;
            build.looks = 0;
            build.set("status", json!("QUEUED"));
            build.set("approval", json!({"state": "APPROVED", "config": {"approvalRequired": true}}));
        }
    }
}
