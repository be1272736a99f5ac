//! The world behind the APIs: plain state, and the laws that hold whoever asks.

mod account;
mod addresses;
mod billing;
mod bucket;
mod build;
mod domain;
mod empty;
mod federation;
mod github;
mod hosting;
mod job;
mod log;
mod metrics;
mod person;
mod policy;
mod project;
mod regions;
mod registry;
mod secret;
mod service;
mod site;

pub use account::{Account, Key, Token};
pub use billing::BillingAccount;
pub use bucket::{Bucket, Object, Upload, UploadState};
pub(crate) use bucket::{crc32c_of, md5_of};
pub(crate) use build::Work;
pub use build::{Build, BuildScript, LogReads, Outcome, QuotaWindow};
pub use domain::DomainMapping;
pub use federation::{GitHubRun, Provider};
pub use github::{
    Access, ActionsSecret, ChangedFile, DeploymentStatus, GitHub, GitHubCommit, GitHubDeployment, GitHubRepository,
    GitHubToken, IssueComment, OrganizationSecret, PullRequest, WorkflowRun,
};
pub(crate) use github::{Compared, is_bot};
pub(crate) use hosting::unpacked;
pub use hosting::{HostingChannel, HostingRelease, HostingSite, HostingVersion, Stamp, VersionScript, VersionStatus};
pub use job::{Execution, ExecutionFailure, ExecutionOutcome, ExecutionScript, ExecutionState, Job};
pub use log::LogEntry;
pub use metrics::{Measured, Metrics, Snapshot};
pub use person::{Machine, Person};
pub use policy::{Binding, IamPolicy};
pub use project::{BuildAccount, Project};
pub(crate) use registry::ImageName;
pub use registry::{Image, Package, Repository};
pub(crate) use secret::SecretTrouble;
pub use secret::{Secret, SecretVersion};
pub use service::{Aim, Operation, Revision, RevisionOutcome, RevisionScript, RevisionState, Service, Share, Trouble};
pub use site::{Page, Site};

use crate::doors::Doors;
use crate::faults::Fault;
use ring::digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Everything there is. Fields are open: a test sets the scene and reads the outcome.
#[derive(Debug)]
pub struct World {
    /// Projects by id.
    pub projects: BTreeMap<String, Project>,
    /// Billing accounts by full name.
    pub billing_accounts: BTreeMap<String, BillingAccount>,
    /// Service accounts by e-mail.
    pub accounts: BTreeMap<String, Account>,
    /// People by e-mail.
    pub people: BTreeMap<String, Person>,
    /// The machine that the client runs on, where it is one of Google Cloud's.
    pub machine: Option<Machine>,
    /// How often a new key is refused before it works.
    pub key_lag: u32,
    /// So many lists do not show a key that was just made.
    pub key_list_lag: u32,
    /// Where key files lead; the fake knows once it listens.
    pub(crate) token_uri: String,
    /// Access tokens given out.
    pub tokens: BTreeMap<String, Token>,
    /// Providers of workload identity pools by full name.
    pub providers: BTreeMap<String, Provider>,
    /// The runs that tokens were given out to, by the name policies have, with their attributes.
    pub principals: BTreeMap<String, BTreeMap<String, String>>,
    /// What GitHub says of the run.
    pub github_run: GitHubRun,
    /// Account and permission pairs that are refused whatever the roles say.
    pub denied: BTreeSet<(String, String)>,
    /// Buckets by name, of all owners.
    pub buckets: BTreeMap<String, Bucket>,
    /// Resumable uploads by session id.
    pub uploads: BTreeMap<String, Upload>,
    /// Builds, oldest first.
    pub builds: Vec<Build>,
    /// Container repositories by full name.
    pub repositories: BTreeMap<String, Repository>,
    /// Services by full name.
    pub services: BTreeMap<String, Service>,
    /// Worker pools by full name.
    pub worker_pools: BTreeMap<String, Service>,
    /// Revisions of all services and worker pools, oldest first.
    pub revisions: Vec<Revision>,
    /// Cloud Run jobs by full name.
    pub jobs: BTreeMap<String, Job>,
    /// Executions of all jobs, oldest first.
    pub executions: Vec<Execution>,
    /// The regions that Cloud Run has.
    pub regions: BTreeSet<String>,
    /// Domain mappings by domain.
    pub domain_mappings: BTreeMap<String, DomainMapping>,
    /// Domains that callers have proved to own.
    pub verified_domains: BTreeSet<String>,
    /// Cloud Run operations by name.
    pub operations: BTreeMap<String, Operation>,
    /// Firebase Hosting sites by id.
    pub hosting: BTreeMap<String, HostingSite>,
    /// Firebase Hosting operations by name, as the API writes them: each was done at once.
    pub hosting_operations: BTreeMap<String, Value>,
    /// Secrets by `projects/P/secrets/S`.
    pub secrets: BTreeMap<String, Secret>,
    /// GitHub, where the source is.
    pub github: GitHub,
    /// Log entries, in the order in which Cloud Logging received them.
    pub log_entries: Vec<LogEntry>,
    /// Log entries that are still on their way: each look at the log lets the next ones arrive behind it.
    pub log_arrivals: VecDeque<Vec<LogEntry>>,
    /// The most entries in one page, whatever page size is asked for; 0 for no such limit.
    pub log_page: usize,

    /// What Cloud Monitoring knows, by the short names of service and revision.
    pub metrics: BTreeMap<(String, String), Metrics>,
    /// Alert policies, uptime checks and notification channels by full name, as Google shows them.
    pub monitoring: BTreeMap<String, Value>,

    /// How the next builds go; the default when empty.
    pub next_builds: VecDeque<BuildScript>,
    /// How the next revisions go; the default when empty.
    pub next_revisions: VecDeque<RevisionScript>,
    /// How the next executions go; the default when empty.
    pub next_executions: VecDeque<ExecutionScript>,
    /// What services answer, by short name; a revision's own site goes before.
    pub sites: BTreeMap<String, Site>,
    /// Faults that wait for their call.
    pub faults: Vec<Fault>,

    /// Seconds by which Google's clock is ahead of this machine's.
    pub clock_skew: i64,
    /// Seconds by which Google's clock advances more with every call.
    pub seconds_per_call: i64,
    /// The project that requests may say they count for; any other is noted, but of people.
    pub quota_project: Option<String>,
    /// Seconds an access token of an account lives.
    pub token_lifetime: i64,
    /// What answers with a token say of its life, where that is something else than the truth; null for nothing.
    pub said_lifetime: Option<Value>,
    /// Seconds a token of a run without an account lives.
    pub federated_lifetime: i64,
    /// How reading build logs goes.
    pub build_logs: LogReads,
    /// Quota on `builds.get`.
    pub poll_quota: Option<QuotaWindow>,
    /// Whether a source the build account cannot read is noticed by the build, not at once.
    pub source_refused_late: bool,
    /// Submitted builds for which a change of a bucket's policy is not yet known.
    pub bucket_policy_lag: u32,
    /// Whether builds reach Docker Hub; private pools often do not.
    pub docker_hub: bool,
    /// Whether downloads ignore `Range`.
    pub ignore_ranges: bool,
    /// The most a resumable upload stores of one chunk; whole multiples of 256 KiB count.
    pub store_at_most: Option<usize>,
    /// Requests to a service for which a change of its policy is not yet known.
    pub policy_lag: u32,
    /// Whether the operation of an execution that failed ends with an error, not with the execution.
    pub failed_runs_are_errors: bool,
    /// So many looks at a new domain mapping find its certificate pending; `None` for ever.
    pub certificate_looks: Option<u32>,
    /// Whether nothing is made up that no machine did: builds write no docker's log and have no page, and in place of a
    /// program that was never run the front end says so. For people, whom a test's scenery would mislead.
    pub makes_nothing_up: bool,
    /// Cloud Run fields the published description lacks and this Google knows nevertheless.
    pub future_fields: BTreeSet<String>,

    /// What was changed by callers, in order: apart from how often they asked.
    pub effects: Vec<Effect>,
    /// Requests that came to a service's own address, by the revision that answered.
    pub served: BTreeMap<String, u64>,
    /// Requests that came to a tag's address, by the revision that answered.
    pub served_by_tag: BTreeMap<String, u64>,
    /// What was asked and must never be.
    pub unexpected: Vec<String>,

    pub(crate) serial: u64,
    pub(crate) last_generation: u64,
    pub(crate) last_release: u64,
    pub(crate) doors: Doors,
}

/// Something a caller changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Such as `build created`.
    pub what: &'static str,
    /// Name of the thing.
    pub object: String,
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

impl World {
    /// Id of the seed's project.
    pub const PROJECT: &str = "harbour-dev";
    /// Number of the seed's project.
    pub const NUMBER: &str = "123456789012";
    /// The account that deploys.
    pub const DEPLOYER: &str = "deployer@harbour-dev.iam.gserviceaccount.com";
    /// The Compute Engine default account of the seed's project.
    pub const COMPUTE: &str = "123456789012-compute@developer.gserviceaccount.com";
    /// The deployer's five roles.
    pub const DEPLOYER_ROLES: [&str; 5] = [
        "roles/cloudbuild.builds.editor",
        "roles/run.admin",
        "roles/storage.admin",
        "roles/iam.serviceAccountUser",
        "roles/secretmanager.secretAccessor",
    ];

    /// One project in which a deployer with five roles can build and deploy, and its default Hosting
    /// site, which those roles do not open.
    pub fn new() -> World {
        let mut world = World::nothing();
        world.billing();
        world.add_project(World::PROJECT, World::NUMBER);
        world.add_account(World::PROJECT, World::DEPLOYER);
        for role in World::DEPLOYER_ROLES {
            world.grant(World::PROJECT, World::DEPLOYER, role);
        }
        world.add_site(World::PROJECT, World::PROJECT, true);
        // Google's own sample image, which anyone may pull.
        for reference in ["us-docker.pkg.dev/cloudrun/container/hello", "gcr.io/cloudrun/hello"] {
            world.push_image(reference);
        }
        for (name, repository) in &mut world.repositories {
            if name.starts_with("projects/cloudrun/") {
                repository.policy.grant("roles/artifactregistry.reader", "allUsers");
            }
        }
        world
    }

    /// Not even a project.
    fn nothing() -> World {
        World {
            projects: BTreeMap::new(),
            billing_accounts: BTreeMap::new(),
            accounts: BTreeMap::new(),
            people: BTreeMap::new(),
            machine: None,
            key_lag: 0,
            key_list_lag: 0,
            token_uri: String::new(),
            tokens: BTreeMap::new(),
            providers: BTreeMap::new(),
            principals: BTreeMap::new(),
            github_run: GitHubRun::new(),
            denied: BTreeSet::new(),
            buckets: BTreeMap::new(),
            uploads: BTreeMap::new(),
            builds: Vec::new(),
            repositories: BTreeMap::new(),
            services: BTreeMap::new(),
            worker_pools: BTreeMap::new(),
            revisions: Vec::new(),
            jobs: BTreeMap::new(),
            executions: Vec::new(),
            regions: regions::REGIONS.map(str::to_owned).into(),
            domain_mappings: BTreeMap::new(),
            verified_domains: BTreeSet::new(),
            operations: BTreeMap::new(),
            hosting: BTreeMap::new(),
            hosting_operations: BTreeMap::new(),
            secrets: BTreeMap::new(),
            github: GitHub::default(),
            log_entries: Vec::new(),
            log_arrivals: VecDeque::new(),
            log_page: 0,
            metrics: BTreeMap::new(),
            monitoring: BTreeMap::new(),
            next_builds: VecDeque::new(),
            next_revisions: VecDeque::new(),
            next_executions: VecDeque::new(),
            sites: BTreeMap::new(),
            faults: Vec::new(),
            clock_skew: 0,
            seconds_per_call: 0,
            quota_project: None,
            token_lifetime: 3599,
            said_lifetime: None,
            federated_lifetime: 599,
            build_logs: LogReads::Open,
            poll_quota: None,
            source_refused_late: false,
            bucket_policy_lag: 0,
            docker_hub: true,
            ignore_ranges: false,
            store_at_most: None,
            policy_lag: 0,
            failed_runs_are_errors: false,
            certificate_looks: Some(1),
            makes_nothing_up: false,
            future_fields: BTreeSet::new(),
            effects: Vec::new(),
            served: BTreeMap::new(),
            served_by_tag: BTreeMap::new(),
            unexpected: Vec::new(),
            serial: 0,
            last_generation: 0,
            last_release: 0,
            doors: Doors::default(),
        }
    }

    /// How often this was done, such as `build created`.
    pub fn count(&self, what: &str) -> usize {
        self.effects.iter().filter(|effect| effect.what == what).count()
    }

    /// Fields and words of tomorrow, which this world was told of and today's descriptions lack.
    pub fn future(&self) -> BTreeSet<String> {
        let words = self.builds.iter().filter_map(|build| build.script.unknown_status.as_ref());
        self.future_fields.iter().chain(words.map(|(word, _)| word)).cloned().collect()
    }

    /// Faults whose call never came, or not often enough.
    pub fn unused_faults(&self) -> Vec<Fault> {
        self.faults.iter().filter(|fault| fault.is_unused()).cloned().collect()
    }

    /// Notes that a caller changed something.
    pub(crate) fn effect(&mut self, what: &'static str, object: impl Into<String>) {
        self.effects.push(Effect { what, object: object.into() });
    }

    /// A fresh hexadecimal id of up to 64 digits; the same world makes the same ones.
    pub(crate) fn fresh_hex(&mut self, kind: &str, digits: usize) -> String {
        self.serial += 1;
        hex_of(format!("{kind} {}", self.serial).as_bytes())[..digits].to_owned()
    }

    /// A fresh id in the form of a random UUID.
    pub(crate) fn fresh_uuid(&mut self, kind: &str) -> String {
        let hex = self.fresh_hex(kind, 32);
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
