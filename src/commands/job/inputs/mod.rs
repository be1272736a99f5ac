//! What the inputs about a job mean, once every question is answered.

pub mod resolve;

use serde_json::{Map, Value};

pub use crate::cloud_run::wanted::job::{JobRun, JobSettings};
use crate::cloud_run::wanted::place::ServicePlace;
use crate::commands::deploy::inputs::Deploy;
use slipway_names::credentials::Credentials;
use slipway_names::ids::{JobName, ProjectId, Region};
use slipway_names::image::ImageRef;

/// Everything the job command needs to know.
#[derive(Debug, Clone)]
pub struct Job {
    /// Who runs it.
    pub credentials: Credentials,
    /// Where it lives.
    pub project: ProjectId,
    /// Where it runs.
    pub region: Region,
    /// The job.
    pub name: JobName,
    /// Which image it gets.
    pub image: JobImage,
    /// The job that a file describes, in v2's form, in place of the one that is there.
    pub manifest: Option<Map<String, Value>>,
    /// How it runs.
    pub settings: JobSettings,
    /// What becomes of it after it is written.
    pub run: Option<JobRun>,
    /// Show, change nothing.
    pub dry_run: bool,
}

/// Which image a job gets.
#[derive(Debug, Clone)]
pub enum JobImage {
    /// The one it has.
    Kept,
    /// The one of that name.
    Named(ImageRef),
    /// The one that serves in a service.
    Serving(Box<ServicePlace>),
    /// One that is built first, as a deploy of the job's name would have it built.
    Built(Box<Deploy>),
}
