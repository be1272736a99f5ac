//! What a manifest can describe, and what each of the two forms has of it.

use super::shape::Fields;
use super::{KEPT_OF_SERVICES, KEPT_OF_TEMPLATES, knative, v2, v2_others};

/// What a manifest describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// What answers requests.
    Service,
    /// What runs to its end.
    Job,
    /// Instances that nobody sends requests to.
    WorkerPool,
}

/// Settings of a job that are kept where a manifest does not mention them, and of its tasks.
pub const KEPT_OF_JOBS: [&str; 3] = ["binaryAuthorization", "functionalType", "launchStage"];

/// Those of its tasks.
pub const KEPT_OF_TASKS: [&str; 1] = ["encryptionKey"];

impl Resource {
    /// All of them.
    pub const ALL: [Resource; 3] = [Resource::Service, Resource::Job, Resource::WorkerPool];

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Resource::Service => "service",
            Resource::Job => "job",
            Resource::WorkerPool => "worker pool",
        }
    }

    /// `apiVersion` and `kind` in Knative's form.
    pub(super) fn named(self) -> (&'static str, &'static str) {
        match self {
            Resource::Service => ("serving.knative.dev/v1", "Service"),
            Resource::Job => ("run.googleapis.com/v1", "Job"),
            Resource::WorkerPool => ("run.googleapis.com/v1", "WorkerPool"),
        }
    }

    /// Its fields in v2's form.
    pub(super) fn v2(self) -> Fields {
        match self {
            Resource::Service => v2::SERVICE,
            Resource::Job => v2_others::JOB,
            Resource::WorkerPool => v2_others::WORKER_POOL,
        }
    }

    /// Its fields in Knative's form.
    pub(super) fn knative(self) -> Fields {
        match self {
            Resource::Service => knative::SERVICE,
            Resource::Job => knative::JOB,
            Resource::WorkerPool => knative::WORKER_POOL,
        }
    }

    /// Where v2's form has the containers and their surroundings.
    pub fn template(self) -> &'static [&'static str] {
        match self {
            Resource::Service | Resource::WorkerPool => &["template"],
            Resource::Job => &["template", "template"],
        }
    }

    /// Where Knative's form has them.
    pub(super) fn knative_template(self) -> &'static [&'static str] {
        match self {
            Resource::Service | Resource::WorkerPool => &["spec", "template", "spec"],
            Resource::Job => &["spec", "template", "spec", "template", "spec"],
        }
    }

    /// The field of v2 that says which revisions are used, and of what share.
    pub fn shares(self) -> Option<&'static str> {
        match self {
            Resource::Service => Some("traffic"),
            Resource::Job => None,
            Resource::WorkerPool => Some("instanceSplits"),
        }
    }

    /// What is kept of it where a manifest does not mention it, and of its template. A pool has some of what a service has.
    pub fn kept(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Resource::Service | Resource::WorkerPool => (&KEPT_OF_SERVICES, &KEPT_OF_TEMPLATES),
            Resource::Job => (&KEPT_OF_JOBS, &KEPT_OF_TASKS),
        }
    }

    /// How one is written.
    pub(super) fn cure(self) -> &'static str {
        match self {
            Resource::Service => {
                "write a service as `gcloud run services describe SERVICE --format=export` does, or in the v2 API's form"
            }
            Resource::Job => {
                "write a job as `gcloud run jobs describe JOB --format=export` does, or in the v2 API's form"
            }
            Resource::WorkerPool => {
                "write a worker pool as `gcloud beta run worker-pools describe POOL --format=export` does, or in the v2 API's form"
            }
        }
    }

    /// Who takes a document of this kind.
    pub(super) fn taker(self) -> &'static str {
        match self {
            Resource::Service => "`slipway deploy` takes it, without `kind`",
            Resource::Job => "`slipway job` takes it",
            Resource::WorkerPool => "write `kind: worker-pool`",
        }
    }
}
