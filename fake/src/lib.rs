//! A stateful, strict stand-in for the parts of Google Cloud that Slipway talks to.
//!
//! It is a world of plain state behind HTTP on loopback: projects, accounts, buckets, builds,
//! images, services. The real client runs against it, and a test compares what is left in the
//! world and what was asked. It knows nothing of the client: what Google's APIs look like it takes
//! from their published descriptions, and how they behave from the sources its README names.
//!
//! ```
//! use fakecloud::{Action, BuildScript, FakeCloud, Fault, Outcome, World};
//!
//! let mut world = World::new(); // one project, a deployer with five roles
//! world.next_builds.push_back(BuildScript::ending(Outcome::InternalError));
//! world.faults.push(Fault::next("run.projects.locations.services.get", Action::status(503)));
//!
//! let cloud = FakeCloud::start(world);
//! let key_file = cloud.key_json(World::DEPLOYER);
//! for (variable, address) in cloud.endpoints() {
//!     // CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN = http://127.0.0.1:41234/ and so on:
//!     // for the environment of the client under test.
//!     assert!(variable.starts_with("CLOUDSDK_") && address.starts_with("http://127.0.0.1:"));
//! }
//! assert!(key_file.contains(&cloud.token_uri()));
//!
//! // … the client runs …
//!
//! assert_eq!(cloud.world(|world| world.count("build created")), 0);
//! assert_eq!(cloud.calls("cloudbuild.projects.locations.builds.create").len(), 0);
//! assert!(cloud.unexpected().is_empty());
//! assert_eq!(cloud.world(|world| world.unused_faults()).len(), 1); // nobody read a service
//! ```
//!
//! How a request travels: `server` accepts it and writes it into the `journal`; `api` finds its
//! route by `discovery`; a `fault` may strike; `gate` checks what every call must satisfy; the
//! API's own file below `api` does the work on the `world` and answers with a `reply` or a
//! `refusal`. Requests to a deployed service go to `visit` instead, those to a Hosting site to `hosting`,
//! those to GitHub to `api::github`, which has a gate of its own.

mod api;
mod call;
mod clock;
mod cloud;
mod discovery;
mod doors;
mod faults;
mod fields;
mod gate;
mod hosting;
mod iap;
mod journal;
mod jwt;
mod keys;
mod numbers;
mod refusal;
mod reply;
mod roles;
mod server;
mod shape;
mod uri;
mod visit;
mod wire;
mod world;

pub use cloud::FakeCloud;
pub use faults::{Action, Fault, Moment};
pub use hyper::body::Bytes;
pub use journal::Recorded;
pub use world::{
    Access, Account, ActionsSecret, Aim, BillingAccount, Binding, Bucket, Build, BuildAccount, BuildScript,
    ChangedFile, DeploymentStatus, DomainMapping, Effect, Execution, ExecutionFailure, ExecutionOutcome,
    ExecutionScript, ExecutionState, GitHub, GitHubCommit, GitHubDeployment, GitHubRepository, GitHubRun, GitHubToken,
    HostingChannel, HostingRelease, HostingSite, HostingVersion, IamPolicy, Image, IssueComment, Job, Key, LogEntry,
    LogReads, Machine, Measured, Metrics, Object, Operation, OrganizationSecret, Outcome, Package, Page, Person,
    Project, Provider, PullRequest, QuotaWindow, Repository, Revision, RevisionOutcome, RevisionScript, RevisionState,
    Secret, SecretVersion, Service, Share, Site, Snapshot, Stamp, Token, Trouble, Upload, UploadState, VersionScript,
    VersionStatus, WorkflowRun, World,
};
