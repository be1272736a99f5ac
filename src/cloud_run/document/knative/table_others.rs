//! The same list for jobs and worker pools.
//!
//! Names and places are those that `run.v1` (ObjectMeta.annotations) gives for jobs, executions and revisions, and those
//! that gcloud 528 has a flag for (`api_lib/run/job.py`, `worker_pool.py`, `container_resource.py`, and the flags of `gcloud
//! run jobs deploy` and `gcloud beta run worker-pools deploy`). What stands on the template of a job is its executions'
//! (`spec.template.metadata`), and v2 has most of it one level below, on the tasks.

use super::annotation::{
    Annotation, EGRESS, ENVIRONMENT, FieldPlace, Form, INTERFACES, NO_FIELD, On, Part, REVOCATION, STAGES, nowhere,
    of_containers, of_service, of_template, past,
};

/// What the containers of jobs and worker pools have alike, and notes of how they were built.
pub(super) const OF_BOTH: &[Annotation] = &[
    of_containers("run.googleapis.com/base-images", Part::BaseImages),
    of_containers("run.googleapis.com/build-config", Part::Builds),
    of_containers("run.googleapis.com/cloudsql-instances", Part::Sockets),
    of_containers("run.googleapis.com/container-dependencies", Part::Dependencies),
    of_containers("run.googleapis.com/secrets", Part::Secrets),
    of_containers("run.googleapis.com/sources", Part::Sources),
    // How the image was built; v2 has a `buildConfig` of services alone.
    past("run.googleapis.com/build-base-image"),
    past("run.googleapis.com/build-enable-automatic-updates"),
    past("run.googleapis.com/build-environment-variables"),
    past("run.googleapis.com/build-image-uri"),
    past("run.googleapis.com/build-service-account"),
    past("run.googleapis.com/build-worker-pool"),
];

/// Those of a job.
pub(super) const JOBS: &[Annotation] = &[
    of_service("run.googleapis.com/binary-authorization", "binaryAuthorization", Form::Policy),
    of_service(
        "run.googleapis.com/binary-authorization-breakglass",
        "binaryAuthorization.breakglassJustification",
        Form::Text,
    ),
    of_service("run.googleapis.com/launch-stage", "launchStage", Form::Words(STAGES)),
    of_template("run.googleapis.com/encryption-key", "template.encryptionKey", Form::Text),
    of_template("run.googleapis.com/execution-environment", "template.executionEnvironment", Form::Words(ENVIRONMENT)),
    of_template("run.googleapis.com/gpu-zonal-redundancy-disabled", "template.gpuZonalRedundancyDisabled", Form::Flag),
    of_template(
        "run.googleapis.com/network-interfaces",
        "template.vpcAccess.networkInterfaces",
        Form::Json(INTERFACES),
    ),
    of_template("run.googleapis.com/vpc-access-connector", "template.vpcAccess.connector", Form::Text),
    of_template("run.googleapis.com/vpc-access-egress", "template.vpcAccess.egress", Form::Words(EGRESS)),
];

/// Those of a worker pool.
pub(super) const WORKER_POOLS: &[Annotation] = &[
    of_service("run.googleapis.com/binary-authorization", "binaryAuthorization", Form::Policy),
    of_service(
        "run.googleapis.com/binary-authorization-breakglass",
        "binaryAuthorization.breakglassJustification",
        Form::Text,
    ),
    of_service("run.googleapis.com/description", "description", Form::Text),
    of_service("run.googleapis.com/launch-stage", "launchStage", Form::Words(STAGES)),
    of_service("run.googleapis.com/manualInstanceCount", "scaling.manualInstanceCount", Form::Number),
    // v2 has no mode of a pool: it has as many instances as it is told.
    Annotation { name: "run.googleapis.com/scalingMode", on: On::Service, place: FieldPlace::Only("manual") },
    of_template("run.googleapis.com/encryption-key", "encryptionKey", Form::Text),
    of_template("run.googleapis.com/encryption-key-shutdown-hours", "encryptionKeyShutdownDuration", Form::Hours),
    of_template("run.googleapis.com/gpu-zonal-redundancy-disabled", "gpuZonalRedundancyDisabled", Form::Flag),
    of_template("run.googleapis.com/mesh", "serviceMesh.mesh", Form::Text),
    of_template("run.googleapis.com/network-interfaces", "vpcAccess.networkInterfaces", Form::Json(INTERFACES)),
    of_template(
        "run.googleapis.com/post-key-revocation-action-type",
        "encryptionKeyRevocationAction",
        Form::Words(REVOCATION),
    ),
    of_template("run.googleapis.com/vpc-access-connector", "vpcAccess.connector", Form::Text),
    of_template("run.googleapis.com/vpc-access-egress", "vpcAccess.egress", Form::Words(EGRESS)),
    nowhere("run.googleapis.com/maxScale", NO_FIELD),
    nowhere("run.googleapis.com/minScale", NO_FIELD),
];
