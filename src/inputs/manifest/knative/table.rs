//! Every annotation of Google's that gcloud writes or reads, or that Google's pages name, and where v2 has what it says:
//! one list for both directions.
//!
//! Names and places are those of `run.v1` (ObjectMeta.annotations), of gcloud 528 and one of 2026 (`api_lib/run/service.py`,
//! `revision.py`, `container_resource.py`, `k8s_object.py`), and of Google's YAML reference; the words of the values are
//! those of gcloud's flags. That `ambient-scope` and `identity-type` have the words below, by the manner of the others,
//! is a belief.

use super::super::shape::Kind;
use super::super::{Resource, v2};
use super::table_others::{JOBS, OF_BOTH, WORKER_POOLS};

/// An annotation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Annotation {
    /// Its name.
    pub(super) name: &'static str,
    /// Where it stands.
    pub(super) on: On,
    /// Where v2 has it.
    pub(super) place: Place,
}

/// Where an annotation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// `metadata.annotations`.
    Service,
    /// `spec.template.metadata.annotations`.
    Template,
    /// Either.
    Both,
}

/// Where v2 has what an annotation says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// In this field of the service, or of the template.
    Field(&'static str, Form),
    /// The same, under a name that gcloud still reads and no longer writes.
    Older(&'static str, Form),
    /// In the containers and volumes.
    Containers(Part),
    /// Nowhere: Google or a client notes something of the past with it. Exports hold it, and it is left out.
    Past,
    /// Nowhere, because nothing else can be: this one word is left out.
    Only(&'static str),
    /// Nowhere, and it asks for something.
    Nowhere(&'static str),
}

/// How an annotation writes the value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// `true` or `false`, in any case.
    Flag,
    /// A whole number.
    Number,
    /// A part of one; `disabled` is 0.
    Part,
    /// JSON in a text.
    Json(Kind),
    /// Whole hours, where v2 has seconds.
    Hours,
    /// Between commas.
    Commas,
    /// Words: the annotation's, then v2's.
    Words(&'static [(&'static str, &'static str)]),
    /// `default`, or the name of a policy of Binary Authorization.
    Policy,
}

/// What of the containers and volumes an annotation speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Whether the CPU of all containers idles between requests.
    Throttling,
    /// Whether the container with the port gets more CPU at its start.
    Boost,
    /// Cloud SQL instances, mounted into the container with the port.
    Sockets,
    /// Names for secrets of other projects.
    Secrets,
    /// What single containers wait for, by their names.
    Dependencies,
    /// Base images of single containers.
    BaseImages,
    /// Sources that single containers run.
    Sources,
    /// How single containers are built.
    Builds,
}

pub(super) const fn of_service(name: &'static str, field: &'static str, form: Form) -> Annotation {
    Annotation { name, on: On::Service, place: Place::Field(field, form) }
}

pub(super) const fn of_template(name: &'static str, field: &'static str, form: Form) -> Annotation {
    Annotation { name, on: On::Template, place: Place::Field(field, form) }
}

const fn older(name: &'static str, field: &'static str, form: Form) -> Annotation {
    Annotation { name, on: On::Service, place: Place::Older(field, form) }
}

pub(super) const fn of_containers(name: &'static str, part: Part) -> Annotation {
    Annotation { name, on: On::Template, place: Place::Containers(part) }
}

pub(super) const fn past(name: &'static str) -> Annotation {
    Annotation { name, on: On::Both, place: Place::Past }
}

pub(super) const fn nowhere(name: &'static str, why: &'static str) -> Annotation {
    Annotation { name, on: On::Both, place: Place::Nowhere(why) }
}

pub(super) const NO_FIELD: &str = "Cloud Run's v2 API has no field for it, so a deploy would take it away";

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
        Form::Json(Kind::Texts),
    ),
    of_service("run.googleapis.com/build-function-target", "buildConfig.functionTarget", Form::Text),
    of_service("run.googleapis.com/build-image-uri", "buildConfig.imageUri", Form::Text),
    of_service("run.googleapis.com/build-service-account", "buildConfig.serviceAccount", Form::Text),
    of_service("run.googleapis.com/build-source-location", "buildConfig.sourceLocation", Form::Text),
    of_service("run.googleapis.com/build-worker-pool", "buildConfig.workerPool", Form::Text),
    of_service("run.googleapis.com/custom-audiences", "customAudiences", Form::Json(Kind::List(&Kind::Text))),
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
        place: Place::Older("workloadIdentityConfig.identityCertificateEnabled", Form::Flag),
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
    Annotation { name: "run.googleapis.com/build-function-target", on: On::Template, place: Place::Past },
    Annotation { name: "run.googleapis.com/build-source-location", on: On::Template, place: Place::Past },
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

pub(super) const INTERFACES: Kind = Kind::List(&Kind::Object(v2::NETWORK_INTERFACE));

const INGRESS: &[(&str, &str)] = &[
    ("all", "INGRESS_TRAFFIC_ALL"),
    ("internal", "INGRESS_TRAFFIC_INTERNAL_ONLY"),
    ("internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
    ("none", "INGRESS_TRAFFIC_NONE"),
];
pub(super) const STAGES: &[(&str, &str)] = &[
    ("ALPHA", "ALPHA"),
    ("BETA", "BETA"),
    ("GA", "GA"),
    ("EARLY_ACCESS", "EARLY_ACCESS"),
    ("PRELAUNCH", "PRELAUNCH"),
    ("DEPRECATED", "DEPRECATED"),
    ("UNIMPLEMENTED", "UNIMPLEMENTED"),
];
const SCALING: &[(&str, &str)] = &[("automatic", "AUTOMATIC"), ("manual", "MANUAL")];
const AMBIENT: &[(&str, &str)] = &[("regional", "AMBIENT_SCOPE_REGIONAL"), ("global", "AMBIENT_SCOPE_GLOBAL")];
pub(super) const ENVIRONMENT: &[(&str, &str)] =
    &[("gen1", "EXECUTION_ENVIRONMENT_GEN1"), ("gen2", "EXECUTION_ENVIRONMENT_GEN2")];
const IDENTITY: &[(&str, &str)] =
    &[("service-account", "IDENTITY_TYPE_SERVICE_ACCOUNT"), ("agent-identity", "IDENTITY_TYPE_AGENT_IDENTITY")];
pub(super) const REVOCATION: &[(&str, &str)] = &[("prevent-new", "PREVENT_NEW"), ("shut-down", "SHUTDOWN")];
pub(super) const EGRESS: &[(&str, &str)] = &[
    ("all-traffic", "ALL_TRAFFIC"),
    ("private-ranges-only", "PRIVATE_RANGES_ONLY"),
    // The older word, which is still taken.
    ("all", "ALL_TRAFFIC"),
];

/// What a service, a job or a worker pool can have; notes of the past, and what v2 has no field for, are the same on all.
pub(super) fn of(resource: Resource) -> impl Iterator<Item = &'static Annotation> {
    let (own, both, same): (&[Annotation], &[Annotation], &[Annotation]) = match resource {
        Resource::Service => (ANNOTATIONS, &[], &[]),
        Resource::Job => (JOBS, OF_BOTH, ANNOTATIONS),
        Resource::WorkerPool => (WORKER_POOLS, OF_BOTH, ANNOTATIONS),
    };
    own.iter().chain(both).chain(same.iter().filter(|known| matches!(known.place, Place::Past | Place::Nowhere(_))))
}

/// An annotation by its name, as it stands on a service or on a template.
pub(super) fn find(resource: Resource, name: &str, on: On) -> Option<&'static Annotation> {
    of(resource).find(|known| known.name == name && (known.on == on || known.on == On::Both))
}

/// One by its name, wherever it stands.
pub(super) fn anywhere(resource: Resource, name: &str) -> Option<&'static Annotation> {
    of(resource).find(|known| known.name == name)
}

impl Annotation {
    /// Where v2 has it, in words; nothing where it has not.
    pub(super) fn field(&self, resource: Resource) -> Option<String> {
        let (field, below) = match self.place {
            Place::Field(field, Form::Policy) => return Some(format!("{field}.useDefault, {field}.policy")),
            Place::Field(field, _) | Place::Older(field, _) => (field, self.on == On::Template),
            Place::Containers(part) => {
                return Some(format!("{}.{}", resource.template().join("."), part.field()));
            }
            Place::Past | Place::Only(_) | Place::Nowhere(_) => return None,
        };
        Some(if below { format!("template.{field}") } else { field.to_owned() })
    }
}

impl Part {
    fn field(self) -> &'static str {
        match self {
            Part::Throttling => "containers[].resources.cpuIdle",
            Part::Boost => "containers[].resources.startupCpuBoost",
            Part::Sockets => "volumes[].cloudSqlInstance",
            Part::Secrets => "containers[].env[].valueSource.secretKeyRef.secret",
            Part::Dependencies => "containers[].dependsOn",
            Part::BaseImages => "containers[].baseImageUri",
            Part::Sources => "containers[].sourceCode",
            Part::Builds => "containers[].buildConfig",
        }
    }

    /// Whether it is JSON that says something of containers by their names, what of each, and in which field of theirs.
    pub(super) fn by_name(self) -> Option<(Kind, &'static str)> {
        match self {
            Part::Dependencies => Some((Kind::Map(&Kind::List(&Kind::Text)), "dependsOn")),
            Part::BaseImages => Some((Kind::Texts, "baseImageUri")),
            Part::Sources => Some((Kind::Texts, "sourceCode")),
            Part::Builds => Some((Kind::Map(&Kind::Object(v2::BUILD_CONFIGURATION)), "buildConfig")),
            Part::Throttling | Part::Boost | Part::Sockets | Part::Secrets => None,
        }
    }
}
