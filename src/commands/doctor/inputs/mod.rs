//! What the inputs of the doctor mean.

pub mod resolve;

use std::path::PathBuf;
use std::time::Duration;

use crate::cloud_build::image::{Budgets, Destination, Recipe};
use slipway_names::credentials::Credentials;
use slipway_names::domain::Domain;
use slipway_names::ids::{AccountEmail, BucketName, ProjectId, Region, ServiceName, SiteId};
use slipway_runner::env::Origin;

/// Everything the doctor needs to know.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// Who looks: the account that deploys.
    pub credentials: Credentials,
    /// The project.
    pub project: ProjectId,
    /// Where services run.
    pub region: Region,
    /// The service, where one is meant.
    pub service: Option<ServiceName>,
    /// The Hosting site, where one is meant.
    pub site: Option<SiteId>,
    /// The user's domain.
    pub domain: Option<Domain>,
    /// Where builds push the image; `None` where no service says its name.
    pub image: Option<Destination>,
    /// A build of the user's own, where one is named.
    pub build: Option<Recipe>,
    /// The run, for what such a build is given by itself.
    pub origin: Origin,
    /// Where builds run.
    pub build_location: Region,
    /// The account builds run as, where it is not Cloud Build's own choice.
    pub build_account: Option<AccountEmail>,
    /// Where sources are staged; `None` where no bucket can have the name that the project gives it.
    pub bucket: Option<BucketName>,
    /// The account the service runs as, where it was named.
    pub runtime_account: Option<AccountEmail>,
    /// Age from which on a key is old; zero for never.
    pub key_max_age: Duration,
    /// Age from which on a version of a secret is old; zero for never.
    pub secret_max_age: Duration,
    /// What a build may cost.
    pub budgets: Budgets,
    /// What becomes of the script.
    pub script: Script,
}

/// What becomes of the script that mends what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// Nobody asked for it.
    None,
    /// It is printed.
    Print,
    /// It is written to this file below the workspace.
    File(PathBuf),
}
