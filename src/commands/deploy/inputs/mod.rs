//! What the inputs of a deploy mean, once every question is answered.

pub mod resolve;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::cloud_build::image::Build;
pub use crate::cloud_run::wanted::check::{Check, Checks};
use crate::cloud_run::wanted::job::JobSettings;
pub use crate::cloud_run::wanted::names::{ByName, Changes, MergeMode};
use crate::cloud_run::wanted::origin::ImageOrigin;
pub use crate::cloud_run::wanted::place::ServicePlace;
pub use crate::cloud_run::wanted::rollout::{Gates, OnUnknown, RolloutSettings, RolloutStrategy};
pub use crate::cloud_run::wanted::settings::{Beside, Ingress, Mount, SecretRef, Settings};
pub use crate::cloud_run::wanted::traffic::{Allocation, Ask, Who};
use slipway_names::credentials::Credentials;
use slipway_names::domain::Domain;
use slipway_names::ids::{JobName, ProjectId, Region, RevisionName, ServiceName};
use slipway_names::image::ImageRef;
use slipway_names::kind::ResourceKind;
use slipway_names::secret::Secret;

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
    pub kind: ResourceKind,
    /// The service.
    pub service: ServiceName,
    /// For questions to GitHub.
    pub github_token: Option<Secret>,
    /// The age from which the key that signs in is worth a warning; zero does not ask.
    pub key_max_age: Duration,
    /// The age from which a version of a secret that the service reads is worth a warning; zero does not ask.
    pub secret_max_age: Duration,
    /// What is deployed.
    pub what: DeployWhat,
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
    pub rollout: RolloutSettings,
    /// What it is of a preview, where it is one.
    pub guest: Option<Box<Guest>>,
    /// Show, change nothing.
    pub dry_run: bool,
    /// Files that hold credentials and must not be packed.
    pub credential_files: Vec<PathBuf>,
}

/// What is deployed.
#[derive(Debug, Clone)]
pub enum DeployWhat {
    /// An image that exists.
    Image(ImageRef),
    /// An image that is built first.
    Build(Box<Build>),
    /// The image that serves in another service.
    Promoted(Box<ServicePlace>),
    /// A revision that exists: only traffic moves.
    Revision(Pick),
    /// An allocation: only traffic and tags move.
    Traffic(Allocation),
}

impl From<&DeployWhat> for ImageOrigin {
    fn from(what: &DeployWhat) -> Self {
        match what {
            DeployWhat::Build(build) => ImageOrigin::Built { brings_base: build.recipe.brings_base() },
            _ => ImageOrigin::There,
        }
    }
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

/// A job that runs with the new image before the service gets it.
#[derive(Debug, Clone)]
pub struct PreDeploy {
    /// The job.
    pub name: JobName,
    /// How it runs, where that differs from the service.
    pub settings: JobSettings,
    /// Limit of one attempt; Cloud Run ends it then.
    pub timeout: Duration,
    /// Times it is tried again.
    pub retries: u32,
}

/// A service of a preview, as its deploy knows it.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The pull request's number.
    pub number: u64,
    /// The live service that it is a preview of.
    pub of: ServiceName,
    /// Whether it is a service of its own; else a candidate with a tag on the live one.
    pub own: bool,
    /// What finds a service of its own again.
    pub labels: Vec<(String, String)>,
    /// Whether the manifest says who may call the live service, and how.
    pub public: Option<bool>,
}
