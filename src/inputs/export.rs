//! What the inputs of the export command mean.

use std::path::PathBuf;

use super::manifest::{Form, Resource};
use crate::model::credentials::Credentials;
use crate::model::ids::{JobName, ProjectId, Region, ServiceName};
use crate::model::kind::Kind;

/// What is written, where to, and by whom.
#[derive(Debug, Clone)]
pub struct ExportInput {
    /// Who looks.
    pub credentials: Credentials,
    /// Where it lives.
    pub project: ProjectId,
    /// Where it runs.
    pub region: Region,
    /// What is written.
    pub what: Exported,
    /// The form.
    pub form: Form,
    /// The file; `None` is standard output.
    pub to: Option<PathBuf>,
}

/// What is written.
#[derive(Debug, Clone)]
pub enum Exported {
    /// A service or a worker pool.
    Service(Kind, ServiceName),
    /// A job.
    Job(JobName),
}

impl Exported {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Exported::Service(_, name) => name.as_str(),
            Exported::Job(name) => name.as_str(),
        }
    }

    /// What it is.
    pub fn resource(&self) -> Resource {
        match self {
            Exported::Service(Kind::Service, _) => Resource::Service,
            Exported::Service(Kind::WorkerPool, _) => Resource::WorkerPool,
            Exported::Job(_) => Resource::Job,
        }
    }
}
