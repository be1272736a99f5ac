//! What the inputs of the logs command mean.

use std::time::Duration;

use crate::model::credentials::Credentials;
use crate::model::ids::{BuildId, ProjectId, Region, RevisionName, ServiceName};
use crate::model::log::Severity;

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
    /// A service's.
    Service(Box<Entries>),
}

/// Which build is meant.
#[derive(Debug, Clone)]
pub enum Which {
    /// The one of this id.
    Named(BuildId),
    /// The last one that a deploy of this service made.
    Latest(ServiceName),
}

/// Which entries of a service are shown.
#[derive(Debug, Clone)]
pub struct Entries {
    /// The service.
    pub service: ServiceName,
    /// Where it runs.
    pub region: Region,
    /// How far back they are looked for.
    pub since: Duration,
    /// The least severity.
    pub severity: Option<Severity>,
    /// The revision they are of, where only one is meant.
    pub revision: Option<RevisionName>,
    /// At most so many of the last ones.
    pub tail: usize,
    /// How long it goes on with those that come; `None` shows what is there and ends.
    pub follow: Option<Duration>,
}
