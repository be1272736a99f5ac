//! What the inputs of the logs command mean.

pub mod resolve;

use std::time::Duration;

use slipway_names::credentials::Credentials;
use slipway_names::ids::{BuildId, JobName, ProjectId, Region, ServiceName};
use slipway_names::kind::ResourceKind;
use slipway_names::log::Severity;

/// Whose log is shown, and to whom.
#[derive(Debug, Clone)]
pub struct LogsInput {
    /// Who looks.
    pub credentials: Credentials,
    /// Where it lives.
    pub project: ProjectId,
    /// Whose log.
    pub whose: Whose,
}

/// Whose log is shown.
#[derive(Debug, Clone)]
pub enum Whose {
    /// A build's, in a location of Cloud Build.
    Build(Which, Region),
    /// What a service, a worker pool or a job wrote.
    Written(Box<Entries>),
}

/// Which build is meant.
#[derive(Debug, Clone)]
pub enum Which {
    /// The one of this id.
    Named(BuildId),
    /// The last one that a deploy of this service made.
    Latest(ServiceName),
}

/// Who wrote entries.
#[derive(Debug, Clone)]
pub enum Writer {
    /// A service or a worker pool.
    Service(ResourceKind, ServiceName),
    /// A job.
    Job(JobName),
}

impl Writer {
    /// What it is and its name between backticks.
    pub fn words(&self) -> String {
        match self {
            Writer::Service(kind, name) => format!("{} `{name}`", kind.word()),
            Writer::Job(name) => format!("job `{name}`"),
        }
    }
}

/// Which entries are shown.
#[derive(Debug, Clone)]
pub struct Entries {
    /// Who wrote them.
    pub writer: Writer,
    /// Where it runs.
    pub region: Region,
    /// How far back they are looked for.
    pub since: Duration,
    /// The least severity.
    pub severity: Option<Severity>,
    /// The revision, or the execution, that they are of, where only one is meant.
    pub part: Option<String>,
    /// At most so many of the last ones.
    pub tail: usize,
    /// How long it goes on with those that come; `None` shows what is there and ends.
    pub follow: Option<Duration>,
}
