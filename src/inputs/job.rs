//! What the inputs about a job mean, once every question is answered.

use std::time::Duration;

use serde_json::{Map, Value};

use super::deploy::{Deploy, Place, Settings};
use crate::model::credentials::Credentials;
use crate::model::ids::{JobName, ProjectId, Region};
use crate::model::image::ImageRef;

/// How a job runs; `None` leaves what the job has.
#[derive(Debug, Clone, Default)]
pub struct JobSettings {
    /// What jobs have in common with services: the container, its variables, accounts, networks.
    pub shared: Settings,
    /// Limit of one attempt of a task.
    pub timeout: Option<Duration>,
    /// Times a failed task is tried again.
    pub retries: Option<u32>,
    /// Tasks of an execution.
    pub tasks: Option<u32>,
    /// Tasks that run at the same time at most; 0 for as many as possible.
    pub parallelism: Option<u32>,
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
    pub run: Option<Run>,
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
    Serving(Box<Place>),
    /// One that is built first, as a deploy of the job's name would have it built.
    Built(Box<Deploy>),
}

/// How a job is run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Arguments for this one run; an empty list takes the job's own away.
    pub args: Option<Vec<String>>,
    /// Variables for this one run.
    pub env: Vec<(String, String)>,
    /// The container that both are for; `None` is the job's first.
    pub container: Option<String>,
    /// Tasks of this one run.
    pub tasks: Option<u32>,
    /// Limit of one attempt of a task in this one run.
    pub task_timeout: Option<Duration>,
    /// How long it is waited for; `None` starts it and goes on.
    pub wait: Option<Duration>,
}
