//! What the inputs of a deploy mean, once every question is answered.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::build::Build;
use super::job::PreDeploy;
use super::preview::Guest;
use super::rotate_secret::Repoint;
use super::scalar::Statuses;
use super::setting::Edit;
use super::several::Several;
use crate::model::credentials::Credentials;
use crate::model::domain::Domain;
use crate::model::ids::{AccountEmail, ProjectId, Region, RevisionName, ServiceName};
use crate::model::image::ImageRef;
use crate::model::kind::Kind;
use crate::model::secret::Secret;

/// Everything a deploy needs to know.
#[derive(Debug, Clone)]
pub struct Deploy {
    /// Who deploys.
    pub credentials: Credentials,
    /// Where the service and its build live.
    pub project: ProjectId,
    /// Where the service runs.
    pub region: Region,
    /// Further regions, which get the same and move together with the first.
    pub regions: Vec<Region>,
    /// What the name below is the name of.
    pub kind: Kind,
    /// The service.
    pub service: ServiceName,
    /// For questions to GitHub.
    pub github_token: Option<Secret>,
    /// The age from which the key that signs in is worth a warning; zero does not ask.
    pub key_max_age: Duration,
    /// The age from which a version of a secret that the service reads is worth a warning; zero does not ask.
    pub secret_max_age: Duration,
    /// What is deployed.
    pub what: What,
    /// Where something must have changed for the deploy to be worth it; empty means anywhere.
    pub changed_paths: Vec<String>,
    /// The GitHub environment it is recorded in.
    pub environment: Option<String>,
    /// The service as a file describes it, in the v2 API's form; the settings are applied over it.
    pub manifest: Option<Map<String, Value>>,
    /// How the service runs.
    pub settings: Settings,
    /// A domain that shall lead to the service.
    pub domain: Option<Domain>,
    /// What runs with the new image before the service gets it.
    pub pre_deploy: Option<Box<PreDeploy>>,
    /// How the result is checked.
    pub checks: Checks,
    /// How the traffic moves.
    pub rollout: Rollout,
    /// What it is of a preview, where it is one.
    pub guest: Option<Box<Guest>>,
    /// Show, change nothing.
    pub dry_run: bool,
    /// Files that hold credentials and must not be packed.
    pub credential_files: Vec<PathBuf>,
}

/// What is deployed.
#[derive(Debug, Clone)]
pub enum What {
    /// An image that exists.
    Image(ImageRef),
    /// An image that is built first.
    Build(Box<Build>),
    /// The image that serves in another service.
    Promoted(Box<Place>),
    /// A revision that exists: only traffic moves.
    Revision(Pick),
    /// An allocation: only traffic and tags move.
    Traffic(Allocation),
}

/// A service somewhere.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its project.
    pub project: ProjectId,
    /// Its region.
    pub region: Region,
    /// Its name.
    pub service: ServiceName,
}

/// Which revision of the service is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The one that served before the one that serves.
    Previous,
    /// The one of that name.
    Named(RevisionName),
    /// The one with that traffic tag.
    Tagged(String),
}

/// An allocation that is asked for: who receives the requests, and where the tags stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allocation {
    /// Who receives the requests; empty leaves them where they go.
    pub shares: Vec<Ask>,
    /// Tags and who gets each of them; `None` takes one away.
    pub tags: Vec<(String, Option<Who>)>,
    /// What happens to the other tags.
    pub others: Strategy,
}

impl Allocation {
    /// Everything to one revision.
    pub fn whole(revision: RevisionName) -> Self {
        Self { shares: vec![Ask { who: Who::Revision(revision), percent: 100 }], ..Self::default() }
    }

    /// Whether it is about tags alone.
    pub fn is_tags_alone(&self) -> bool {
        self.shares.is_empty()
    }
}

/// A share that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who shall receive it.
    pub who: Who,
    /// Percent of the requests.
    pub percent: u8,
}

/// Who shall receive a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Whatever revision is the latest, now and later.
    Latest,
    /// The revision of that name.
    Revision(RevisionName),
    /// The revision with that traffic tag.
    Tag(String),
}

/// How the traffic moves to what is deployed.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// In which way.
    pub way: Way,
    /// Percents of a canary, rising, the last one 100.
    pub steps: Vec<u8>,
    /// Pause between its steps, in which the gates must hold.
    pub interval: Duration,
    /// Stop when the candidate is verified.
    pub no_traffic: bool,
    /// A traffic tag of the user's.
    pub tag: Option<String>,
    /// What the metrics must say.
    pub gates: Gates,
    /// Whether a failure puts the traffic back.
    pub restore: bool,
    /// Whether an older commit may replace a newer one.
    pub force: bool,
    /// Revisions to keep besides those that are needed; `None` deletes none.
    pub prune: Option<u32>,
}

/// In which way the traffic moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nobody, then everybody.
    Candidate,
    /// Step by step.
    Canary,
    /// As the service sends it.
    Direct,
}

/// What the new revision's metrics must say between the steps of a canary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gates {
    /// Most failed requests (5xx), as a part of all.
    pub error_rate: Option<f64>,
    /// Longest 95th percentile of the latency.
    pub latency_p95: Option<Duration>,
    /// Fewer requests than this say nothing.
    pub least_requests: u64,
    /// What happens when the metrics say nothing.
    pub on_unknown: OnUnknown,
}

/// What happens when the metrics say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnknown {
    /// Leave the traffic at the step that was reached.
    #[default]
    Hold,
    /// Go on.
    Continue,
    /// Go back.
    Rollback,
}

/// Whether what is not named is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Keep it.
    #[default]
    Merge,
    /// Remove it.
    Overwrite,
}

/// Changes to a set of named values.
#[derive(Debug, Clone)]
pub struct Changes<T> {
    /// Values by name; `None` when the input was not given at all.
    pub entries: Option<Vec<(String, T)>>,
    /// Names that go.
    pub gone: Vec<String>,
    /// What happens to the others.
    pub strategy: Strategy,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { entries: None, gone: Vec::new(), strategy: Strategy::Merge }
    }
}

/// Things by name that are put in place, or taken away.
#[derive(Debug, Clone)]
pub struct ByName<T> {
    /// What is put there.
    pub put: Vec<(String, T)>,
    /// The names of what goes.
    pub gone: Vec<String>,
    /// Whether everything goes that was there.
    pub all_gone: bool,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { put: Vec::new(), gone: Vec::new(), all_gone: false }
    }
}

impl<T> ByName<T> {
    /// Whether anything is to be done.
    pub fn says_anything(&self) -> bool {
        self.all_gone || !self.put.is_empty() || !self.gone.is_empty()
    }

    /// Whether what has this name goes.
    pub fn takes(&self, name: &str) -> bool {
        self.all_gone || self.gone.iter().any(|gone| gone == name)
    }
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// The directory of it that is mounted, where it is not all of it.
    pub part: Option<String>,
}

/// A container beside the one that the image is for.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its image; `None` leaves the one it has.
    pub image: Option<String>,
    /// What is changed in it: of all settings those of a container.
    pub settings: Settings,
}

/// A reference to a secret's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// Name, or `projects/P/secrets/NAME` for another project's.
    pub secret: String,
    /// A number or `latest`.
    pub version: String,
}

/// Who may send requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// Everybody.
    All,
    /// The project's networks.
    Internal,
    /// The project's networks and its load balancers.
    InternalAndLoadBalancing,
}

/// Settings of the service; `None` leaves what the service has.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The container that image and settings are for.
    pub container: Option<String>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// CPUs as Google writes them.
    pub cpu: Option<String>,
    /// Memory as Google writes it.
    pub memory: Option<String>,
    /// Requests per instance.
    pub concurrency: Option<u32>,
    /// Longest request.
    pub timeout: Option<Duration>,
    /// Instances of a worker pool.
    pub instances: Option<u32>,
    /// Warm instances.
    pub min_instances: Option<u32>,
    /// Instances at most.
    pub max_instances: Option<u32>,
    /// Environment variables.
    pub env: Changes<String>,
    /// Secret references, by variable or by path.
    pub secrets: Changes<SecretRef>,
    /// Labels, the default ones included.
    pub labels: Vec<(String, String)>,
    /// Account the service runs as.
    pub runtime_account: Option<AccountEmail>,
    /// Cloud SQL instances.
    pub cloudsql: Option<Several>,
    /// Audiences of identity tokens.
    pub audiences: Option<Several>,
    /// Serverless VPC Access connector.
    pub vpc_connector: Option<String>,
    /// Direct egress: network.
    pub network: Option<String>,
    /// Direct egress: subnetwork.
    pub subnet: Option<String>,
    /// All traffic through the VPC (true) or private ranges only (false).
    pub vpc_egress_all: Option<bool>,
    /// Who may send requests.
    pub ingress: Option<Ingress>,
    /// Second generation (true) or first (false).
    pub second_generation: Option<bool>,
    /// More CPU at start.
    pub cpu_boost: Option<bool>,
    /// CPU only while serving.
    pub cpu_throttling: Option<bool>,
    /// Same client, same instance.
    pub session_affinity: Option<bool>,
    /// Entrypoint.
    pub command: Option<Vec<String>>,
    /// Arguments.
    pub args: Option<Vec<String>>,
    /// Ending of the revision's name.
    pub suffix: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Everybody may call it (true), or nobody without a grant (false).
    pub public: Option<bool>,
    /// Whether callers are asked who they are (true), or nobody is (false).
    pub invoker_check: Option<bool>,
    /// Another version of a secret that the service reads.
    pub repoint: Option<Box<Repoint>>,
    /// HTTP/2 to the container (true) or HTTP/1 (false).
    pub http2: Option<bool>,
    /// Firewall tags of the interface for direct egress; none takes them away.
    pub network_tags: Option<Vec<String>>,
    /// Volumes, by name, as the document has them.
    pub volumes: ByName<Value>,
    /// Where the container mounts them.
    pub volume_mounts: ByName<Mount>,
    /// Containers beside the one that the image is for, or further settings of that.
    pub containers: Vec<Beside>,
    /// Containers that go.
    pub remove_containers: Vec<String>,
    /// Variables and references that `null` takes away, which is also what is made of a secret that does not exist.
    pub nulls: Vec<String>,
    /// Labels that go.
    pub labels_gone: Vec<String>,
    /// Who may call the service besides those who may already.
    pub invokers: Vec<String>,
    /// Whether all labels go that are there.
    pub labels_all_gone: bool,
    /// Changes of single fields.
    pub edits: Vec<Edit>,
    /// Inputs whose text only says that what is there goes, and that are no single field.
    pub gone: Vec<&'static str>,
}

/// How the result is checked.
#[derive(Debug, Clone)]
pub struct Checks {
    /// Every check, the health path first.
    pub checks: Vec<Check>,
    /// Rounds in a row that must pass.
    pub successes: u32,
    /// How long they are tried.
    pub timeout: Duration,
}

/// One request and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `GET` or `HEAD`.
    pub method: &'static str,
    /// The path, with its query.
    pub path: String,
    /// Statuses that count.
    pub statuses: Statuses,
    /// Text the answer must hold.
    pub body: Option<String>,
}
