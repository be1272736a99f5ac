//! What the inputs about a build mean, once every question is answered.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use slipway_names::dockerfile::Dockerfile;
use slipway_names::ids::{AccountEmail, BucketName, Region};
use slipway_names::image::{ImageRepository, Tag};

/// How an image is built.
#[derive(Debug, Clone)]
pub struct Build {
    /// The directory, absolute.
    pub source: PathBuf,
    /// The directory as the user wrote it.
    pub source_shown: String,
    /// The steps.
    pub recipe: Recipe,
    /// Where the image is pushed to.
    pub to: Destination,
    /// Tags the user asked for; empty means the commit and `latest`.
    pub tags: Vec<Tag>,
    /// Limit once it runs.
    pub timeout: Duration,
    /// Whether the user gave that limit; a configuration's own holds otherwise.
    pub timeout_given: bool,
    /// Cloud Build location.
    pub location: Region,
    /// Whether the directory is uploaded; steps of a configuration may need none.
    pub has_source: bool,
    /// The file in it whose rules leave files out, in place of `.gcloudignore`.
    pub ignore_file: Option<String>,
    /// Where the log goes; `None` leaves that to a configuration, else it is beside the source.
    pub logs: Option<LogBucket>,
    /// Disk of the machine, in GB.
    pub disk_gb: Option<u32>,
    /// Machine type.
    pub machine: Option<String>,
    /// Account the build runs as.
    pub account: Option<AccountEmail>,
    /// Private pool.
    pub pool: Option<String>,
    /// Source and log go here.
    pub bucket: BucketName,
    /// Whether the user named that bucket; it is then the user's to open to others.
    pub bucket_given: bool,
    /// What it may cost.
    pub budgets: Budgets,
}

/// Where a build writes its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogBucket {
    /// Into this directory of a bucket, `gs://BUCKET/DIRECTORY`.
    In(String),
    /// Where Cloud Build puts it under one of its rules, by the API's word for that.
    By(&'static str),
}

/// Where an image is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Where the user said.
    Named(ImageRepository),
    /// Where the service's own images are, which is known once the service is read; here while there are none.
    OfService(ImageRepository),
}

impl Destination {
    /// The repository that is named by the inputs alone.
    pub fn named(&self) -> &ImageRepository {
        match self {
            Destination::Named(repository) | Destination::OfService(repository) => repository,
        }
    }
}

/// What a build may cost before somebody is told, or nothing is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// The longest time of work.
    pub time: Option<Duration>,
    /// The largest image, in bytes as the registry stores it.
    pub image_bytes: Option<u64>,
    /// Whether the user named that size: a size that cannot be seen is a failure then, where budgets are enforced.
    pub image_given: bool,
    /// Whether more than that fails.
    pub enforce: bool,
}

/// How layers are kept for the next build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerCache {
    /// Not at all.
    None,
    /// In the image itself: those of the last stage.
    Inline,
    /// Beside it, in the registry: those of every stage.
    Registry,
}

/// Which of docker's builders builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// BuildKit. It refuses networks by name, so its steps reach the internet and no credentials.
    BuildKit(LayerCache),
    /// The one before it, whose steps are in the network `cloudbuild`, where the build account's credentials are.
    Legacy,
}

/// The steps of a build.
#[derive(Debug, Clone)]
pub enum Recipe {
    /// `docker build`.
    Dockerfile {
        /// Relative to the source, with forward slashes.
        path: String,
        /// What it asks of whoever reads it.
        file: Dockerfile,
        /// The stage.
        target: Option<String>,
        /// Build arguments.
        args: Vec<(String, String)>,
        /// Who builds it.
        builder: Builder,
    },
    /// Cloud Native Buildpacks.
    Buildpacks {
        /// Environment of the build.
        env: Vec<(String, String)>,
    },
    /// The user's own steps.
    Config {
        /// The file as the user wrote it.
        path: String,
        /// The build as Google's JSON.
        document: Map<String, Value>,
        /// Values for `_NAME` in it.
        substitutions: Vec<(String, String)>,
    },
}

impl Recipe {
    /// Whether the image is known to have its base inside: buildpacks' has, and a Dockerfile's unless its stage begins
    /// with `scratch`.
    pub fn brings_base(&self) -> bool {
        match self {
            Recipe::Dockerfile { file, target, .. } => !file.has_no_base(target.as_deref()),
            Recipe::Buildpacks { .. } => true,
            Recipe::Config { .. } => false,
        }
    }
}
