//! What the inputs of the export command mean.

pub mod resolve;

use std::path::PathBuf;

use crate::cloud_run::document::{ManifestForm, Resource};
use slipway_names::credentials::Credentials;
use slipway_names::ids::{JobName, ProjectId, Region, ServiceName};
use slipway_names::kind::ResourceKind;

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
    pub what: ExportTarget,
    /// The form.
    pub form: ManifestForm,
    /// The file; `None` is standard output.
    pub to: Option<PathBuf>,
}

/// What is written.
#[derive(Debug, Clone)]
pub enum ExportTarget {
    /// A service or a worker pool.
    Service(ResourceKind, ServiceName),
    /// A job.
    Job(JobName),
}

impl ExportTarget {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            ExportTarget::Service(_, name) => name.as_str(),
            ExportTarget::Job(name) => name.as_str(),
        }
    }

    /// What it is.
    pub fn resource(&self) -> Resource {
        match self {
            ExportTarget::Service(ResourceKind::Service, _) => Resource::Service,
            ExportTarget::Service(ResourceKind::WorkerPool, _) => Resource::WorkerPool,
            ExportTarget::Job(_) => Resource::Job,
        }
    }
}
