//! Every annotation of Google's that gcloud writes or reads, or that Google's pages name, and where v2 has what it says:
//! one list for both directions.
//!
//! Names and places are those of `run.v1` (ObjectMeta.annotations), of gcloud 528 and one of 2026 (`api_lib/run/service.py`,
//! `revision.py`, `container_resource.py`, `k8s_object.py`), and of Google's YAML reference; the words of the values are
//! those of gcloud's flags. That `ambient-scope` and `identity-type` have the words below, by the manner of the others,
//! is a belief.

use super::super::Resource;
use super::super::shape::FieldKind;
use super::annotation::{
    AMBIENT, Annotation, EGRESS, ENVIRONMENT, FieldPlace, Form, IDENTITY, INGRESS, INTERFACES, NO_FIELD, On, Part,
    REVOCATION, SCALING, STAGES, nowhere, of_containers, of_service, of_template, older, past,
};
use super::table_others::{JOBS, OF_BOTH, WORKER_POOLS};

/// The list.
pub(super) const ANNOTATIONS: &[Annotation] = &[
    of_service("run.googleapis.com/binary-authorization", "binaryAuthorization", Form::Policy),
    of_service(
        "run.googleapis.com/binary-authorization-breakglass",
        "binaryAuthorization.breakglassJustification",
        Form::Text,
    ),
    of_service("run.googleapis.com/build-base-image", "buildConfig.baseImage", Form::Text),
    of_service("run.googleapis.com/build-enable-automatic-updates", "buildConfig.enableAutomaticUpdates", Form::Flag),
    of_service(
        "run.googleapis.com/build-environment-variables",
        "buildConfig.environmentVariables",
        Form::Json(FieldKind::Texts),
    ),
    of_service("run.googleapis.com/build-function-target", "buildConfig.functionTarget", Form::Text),
    of_service("run.googleapis.com/build-image-uri", "buildConfig.imageUri", Form::Text),
    of_service("run.googleapis.com/build-service-account", "buildConfig.serviceAccount", Form::Text),
    of_service("run.googleapis.com/build-source-location", "buildConfig.sourceLocation", Form::Text),
    of_service("run.googleapis.com/build-worker-pool", "buildConfig.workerPool", Form::Text),
    of_service("run.googleapis.com/custom-audiences", "customAudiences", Form::Json(FieldKind::List(&FieldKind::Text))),
    of_service("run.googleapis.com/default-url-disabled", "defaultUriDisabled", Form::Flag),
    of_service("run.googleapis.com/description", "description", Form::Text),
    of_service("run.googleapis.com/iap-enabled", "iapEnabled", Form::Flag),
    of_service("run.googleapis.com/ingress", "ingress", Form::Words(INGRESS)),
    of_service("run.googleapis.com/invoker-iam-disabled", "invokerIamDisabled", Form::Flag),
    of_service("run.googleapis.com/launch-stage", "launchStage", Form::Words(STAGES)),
    of_service("run.googleapis.com/manualInstanceCount", "scaling.manualInstanceCount", Form::Number),
    of_service("run.googleapis.com/maxScale", "scaling.maxInstanceCount", Form::Number),
    of_service("run.googleapis.com/minScale", "scaling.minInstanceCount", Form::Number),
    of_service("run.googleapis.com/regions", "multiRegionSettings.regions", Form::Commas),
    of_service("run.googleapis.com/scalingMode", "scaling.scalingMode", Form::Words(SCALING)),
    of_service("run.googleapis.com/ssh-enabled", "sshEnabled", Form::Flag),
    older("run.googleapis.com/enable-automatic-updates", "buildConfig.enableAutomaticUpdates", Form::Flag),
    older("run.googleapis.com/function-target", "buildConfig.functionTarget", Form::Text),
    older("run.googleapis.com/image-uri", "buildConfig.imageUri", Form::Text),
    older("run.googleapis.com/source-location", "buildConfig.sourceLocation", Form::Text),
    of_template("autoscaling.knative.dev/maxScale", "scaling.maxInstanceCount", Form::Number),
    of_template("autoscaling.knative.dev/minScale", "scaling.minInstanceCount", Form::Number),
    of_template("run.googleapis.com/ambient-networking", "ambientNetworking.enabled", Form::Flag),
    of_template("run.googleapis.com/ambient-scope", "ambientNetworking.ambientScope", Form::Words(AMBIENT)),
    of_template("run.googleapis.com/encryption-key", "encryptionKey", Form::Text),
    of_template("run.googleapis.com/encryption-key-shutdown-hours", "encryptionKeyShutdownDuration", Form::Hours),
    of_template("run.googleapis.com/execution-environment", "executionEnvironment", Form::Words(ENVIRONMENT)),
    of_template("run.googleapis.com/gpu-zonal-redundancy-disabled", "gpuZonalRedundancyDisabled", Form::Flag),
    of_template("run.googleapis.com/health-check-disabled", "healthCheckDisabled", Form::Flag),
    of_template("run.googleapis.com/identity", "workloadIdentityConfig.identity", Form::Text),
    of_template(
        "run.googleapis.com/identity-certificate-enabled",
        "workloadIdentityConfig.identityCertificateEnabled",
        Form::Flag,
    ),
    of_template("run.googleapis.com/identity-type", "workloadIdentityConfig.identityType", Form::Words(IDENTITY)),
    of_template("run.googleapis.com/mesh", "serviceMesh.mesh", Form::Text),
    of_template("run.googleapis.com/network-interfaces", "vpcAccess.networkInterfaces", Form::Json(INTERFACES)),
    of_template(
        "run.googleapis.com/post-key-revocation-action-type",
        "encryptionKeyRevocationAction",
        Form::Words(REVOCATION),
    ),
    of_template("run.googleapis.com/scaling-concurrency-target", "scaling.concurrencyUtilization", Form::Part),
    of_template("run.googleapis.com/scaling-cpu-target", "scaling.cpuUtilization", Form::Part),
    of_template("run.googleapis.com/sessionAffinity", "sessionAffinity", Form::Flag),
    of_template("run.googleapis.com/vpc-access-connector", "vpcAccess.connector", Form::Text),
    of_template("run.googleapis.com/vpc-access-egress", "vpcAccess.egress", Form::Words(EGRESS)),
    Annotation {
        name: "run.googleapis.com/enable-workload-certificate",
        on: On::Template,
        place: FieldPlace::Older("workloadIdentityConfig.identityCertificateEnabled", Form::Flag),
    },
    of_containers("run.googleapis.com/base-images", Part::BaseImages),
    of_containers("run.googleapis.com/build-config", Part::Builds),
    of_containers("run.googleapis.com/cloudsql-instances", Part::Sockets),
    of_containers("run.googleapis.com/container-dependencies", Part::Dependencies),
    of_containers("run.googleapis.com/cpu-throttling", Part::Throttling),
    of_containers("run.googleapis.com/secrets", Part::Secrets),
    of_containers("run.googleapis.com/sources", Part::Sources),
    of_containers("run.googleapis.com/startup-cpu-boost", Part::Boost),
    // A container's `buildInfo`, which Google writes.
    Annotation { name: "run.googleapis.com/build-function-target", on: On::Template, place: FieldPlace::Past },
    Annotation { name: "run.googleapis.com/build-source-location", on: On::Template, place: FieldPlace::Past },
    past("client.knative.dev/nonce"),
    past("client.knative.dev/user-image"),
    past("run.googleapis.com/build-id"),
    past("run.googleapis.com/build-name"),
    past("run.googleapis.com/client-name"),
    past("run.googleapis.com/client-version"),
    past("run.googleapis.com/creator"),
    past("run.googleapis.com/creatorEmail"),
    past("run.googleapis.com/default-url-disabled-status"),
    past("run.googleapis.com/ingress-status"),
    past("run.googleapis.com/lastModifier"),
    past("run.googleapis.com/lastModifierEmail"),
    past("run.googleapis.com/lastUpdatedTime"),
    past("run.googleapis.com/operation-id"),
    past("run.googleapis.com/threat-detection"),
    past("run.googleapis.com/urls"),
    past("serving.knative.dev/creator"),
    past("serving.knative.dev/lastModifier"),
    nowhere("run.googleapis.com/gc-traffic-tags", NO_FIELD),
    nowhere("run.googleapis.com/max-surge", NO_FIELD),
    nowhere("run.googleapis.com/max-unavailable", NO_FIELD),
    nowhere("run.googleapis.com/mesh-dataplane", NO_FIELD),
    nowhere("run.googleapis.com/overflow-scaling", NO_FIELD),
    nowhere("run.googleapis.com/presets", NO_FIELD),
    nowhere("run.googleapis.com/secure-session-agent", NO_FIELD),
    nowhere("runapps.googleapis.com/gclb-domain-name", NO_FIELD),
];

/// What a service, a job or a worker pool can have; notes of the past, and what v2 has no field for, are the same on all.
pub(super) fn of(resource: Resource) -> impl Iterator<Item = &'static Annotation> {
    let (own, both, same): (&[Annotation], &[Annotation], &[Annotation]) = match resource {
        Resource::Service => (ANNOTATIONS, &[], &[]),
        Resource::Job => (JOBS, OF_BOTH, ANNOTATIONS),
        Resource::WorkerPool => (WORKER_POOLS, OF_BOTH, ANNOTATIONS),
    };
    own.iter()
        .chain(both)
        .chain(same.iter().filter(|known| matches!(known.place, FieldPlace::Past | FieldPlace::Nowhere(_))))
}

/// An annotation by its name, as it stands on a service or on a template.
pub(super) fn find(resource: Resource, name: &str, on: On) -> Option<&'static Annotation> {
    of(resource).find(|known| known.name == name && (known.on == on || known.on == On::Both))
}

/// One by its name, wherever it stands.
pub(super) fn anywhere(resource: Resource, name: &str) -> Option<&'static Annotation> {
    of(resource).find(|known| known.name == name)
}
