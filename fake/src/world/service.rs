//! Cloud Run services, revisions and operations, and the scripts for the next revisions.

use super::World;
use super::policy::IamPolicy;
use super::site::Site;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A Cloud Run service, or a worker pool: that has no addresses, tags or requests.
#[derive(Debug, Clone)]
pub struct Service {
    /// `projects/P/locations/L/services/S`, or `…/workerPools/W`.
    pub name: String,
    /// What was asked for: the accepted body without output-only fields.
    pub config: Map<String, Value>,
    /// Who may do what with it, besides the project's policy.
    pub policy: IamPolicy,
    /// Where requests go now.
    pub serving: Vec<Share>,
    /// Short name of the newest revision that became ready.
    pub latest_ready: Option<String>,
    /// Short name of the newest revision.
    pub latest_created: Option<String>,
    /// Its addresses: the deterministic one and the one with a hash.
    pub urls: Vec<String>,
    /// Tag to the tag's own address.
    pub tag_urls: BTreeMap<String, String>,
    /// Grows with each accepted change; the etag is made of it.
    pub version: u64,
    /// Grows with each change of its configuration.
    pub generation: u64,
    /// The generation that was last brought about, for better or worse.
    pub observed_generation: u64,
    /// Unique id.
    pub uid: String,
    /// When it was created.
    pub created: String,
    /// When it was last changed.
    pub updated: String,
    /// Who created it.
    pub creator: String,
    /// Who last changed it.
    pub modifier: String,
    /// Why its newest revision is not ready.
    pub revision_trouble: Option<Trouble>,
    /// Why its traffic could not be set.
    pub route_trouble: Option<Trouble>,
    /// When its conditions last changed.
    pub transition: String,
    /// Requests so far, for the weighted choice of a revision.
    pub requests: u64,
    /// Requests for which a change of the policy is still unknown.
    pub(crate) stale_policy: Option<(IamPolicy, u32)>,
}

/// A share of a service's traffic or a pool's instances, as `trafficStatuses` or
/// `instanceSplitStatuses` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Short name of the revision.
    pub revision: String,
    /// Whether the share follows the newest ready revision.
    pub latest: bool,
    /// Per cent.
    pub percent: u64,
    /// Tag.
    pub tag: Option<String>,
}

/// Why something is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The condition's `reason`.
    pub reason: Option<String>,
    /// The condition's `revisionReason`.
    pub revision_reason: Option<String>,
    /// What happened. For a revision, what follows `Revision 'x' is not ready and cannot serve
    /// traffic.`
    pub message: String,
    /// gRPC code of the operation's error.
    pub code: u16,
}

/// A revision.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Short name.
    pub name: String,
    /// Full name of its service or worker pool.
    pub service: String,
    /// The template it was made from.
    pub template: Map<String, Value>,
    /// Where it stands.
    pub state: RevisionState,
    /// Image as `NAME@DIGEST`, if the registry had it.
    pub image: Option<String>,
    /// What it answers; otherwise what its service's site says.
    pub site: Option<Site>,
    /// Unique id.
    pub uid: String,
    /// When it was created.
    pub created: String,
    /// When its state last changed.
    pub updated: String,
    /// How it goes.
    pub script: RevisionScript,
    /// Place in the order of creation.
    pub number: u64,
}

/// Where a revision stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionState {
    /// It is being started.
    Pending,
    /// It can serve.
    Ready,
    /// It cannot.
    Failed(Trouble),
}

/// How a new revision goes.
#[derive(Debug, Clone)]
pub struct RevisionScript {
    /// So many looks at its operation find it still running.
    pub looks: u32,
    /// How it ends.
    pub outcome: RevisionOutcome,
    /// What its container writes to its log when it fails.
    pub log: Vec<String>,
    /// What it answers when asked.
    pub site: Option<Site>,
    /// Ports it listens on besides that of its container.
    pub listens: Vec<i64>,
}

/// How a new revision ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionOutcome {
    /// Ready, if its image and secrets can be had.
    Ready,
    /// The container does not listen on its port; one of a worker pool does not start.
    DoesNotListen,
    /// The configured startup probe fails.
    ProbeFails,
    /// The image is for another processor.
    WrongArchitecture,
    /// Google's own fault.
    Internal,
    /// The operation never ends.
    NeverEnds,
    /// It fails like this.
    Fails(Trouble),
}

impl Default for RevisionScript {
    fn default() -> RevisionScript {
        RevisionScript { looks: 1, outcome: RevisionOutcome::Ready, log: Vec::new(), site: None, listens: Vec::new() }
    }
}

impl RevisionScript {
    /// The default course with this end.
    pub fn ending(outcome: RevisionOutcome) -> RevisionScript {
        RevisionScript { outcome, ..RevisionScript::default() }
    }

    /// Becomes ready and answers like this.
    pub fn answering(site: Site) -> RevisionScript {
        RevisionScript { site: Some(site), ..RevisionScript::default() }
    }
}

/// A long-running operation of Cloud Run.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `projects/P/locations/L/operations/ID`.
    pub name: String,
    /// Full name of the service, worker pool or job it changes.
    pub service: String,
    /// What it does.
    pub aim: Aim,
    /// So many looks still find it running; `None` for ever.
    pub looks: Option<u32>,
    /// Its reply once it is done: the `response` or the `error`.
    pub result: Option<Result<Value, Value>>,
    /// The generation of the service or job it brings about.
    pub generation: u64,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// Brings the service or worker pool to its configuration, with a new revision if one is named.
    Deploy(Option<String>),
    /// Deletes the service or worker pool.
    DeleteService,
    /// Deletes a revision.
    DeleteRevision(String),
    /// Brings a job to its configuration.
    ChangeJob {
        /// Full name of the execution the change began, if any.
        execution: Option<String>,
        /// Whether it is done when that execution is over, not when it has started.
        to_end: bool,
    },
    /// Deletes a job.
    DeleteJob,
    /// Runs a job: the execution, by full name.
    RunJob(String),
    /// Cancels an execution, by full name.
    CancelExecution(String),
}

impl Aim {
    /// Full name of the execution it waits for.
    pub fn execution(&self) -> Option<&str> {
        match self {
            Aim::ChangeJob { execution, .. } => execution.as_deref(),
            Aim::RunJob(execution) | Aim::CancelExecution(execution) => Some(execution),
            Aim::Deploy(_) | Aim::DeleteService | Aim::DeleteRevision(_) | Aim::DeleteJob => None,
        }
    }
}

impl Service {
    /// Short name.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Id of its project.
    pub fn project(&self) -> &str {
        self.name.split('/').nth(1).unwrap_or_default()
    }

    /// Its region.
    pub fn region(&self) -> &str {
        self.name.split('/').nth(3).unwrap_or_default()
    }

    /// The address `uri` names.
    pub fn uri(&self) -> &str {
        self.urls.last().map_or("", String::as_str)
    }
}

impl World {
    /// A service of the seed's project.
    pub fn service(&self, region: &str, name: &str) -> Option<&Service> {
        self.services.get(&format!("projects/{}/locations/{region}/services/{name}", World::PROJECT))
    }

    /// A worker pool of the seed's project.
    pub fn worker_pool(&self, region: &str, name: &str) -> Option<&Service> {
        self.worker_pools.get(&format!("projects/{}/locations/{region}/workerPools/{name}", World::PROJECT))
    }

    /// A service or worker pool by its full name.
    pub(crate) fn deployed(&self, name: &str) -> Option<&Service> {
        self.services.get(name).or_else(|| self.worker_pools.get(name))
    }

    /// The same, to be changed.
    pub(crate) fn deployed_mut(&mut self, name: &str) -> Option<&mut Service> {
        self.services.get_mut(name).or_else(|| self.worker_pools.get_mut(name))
    }

    /// A revision by its short name; the oldest, where several services have it.
    pub fn revision(&self, name: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.name == name)
    }

    /// A revision by the full name of its service, and its own: other regions may have the same names.
    pub fn revision_in(&self, service: &str, name: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.service == service && revision.name == name)
    }

    /// A service's revisions, oldest first.
    pub fn revisions_of(&self, service: &str) -> Vec<&Revision> {
        self.revisions.iter().filter(|revision| revision.service == service).collect()
    }

    /// How many requests a revision answered, whatever address they came to.
    pub fn served(&self, revision: &str) -> u64 {
        self.requests_of(revision) + self.tagged_requests_of(revision)
    }

    /// How many requests to its service's own address a revision answered.
    pub fn requests_of(&self, revision: &str) -> u64 {
        self.served.get(revision).copied().unwrap_or(0)
    }

    /// How many requests to an address of a tag it answered.
    pub fn tagged_requests_of(&self, revision: &str) -> u64 {
        self.served_by_tag.get(revision).copied().unwrap_or(0)
    }
}
