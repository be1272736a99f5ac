//! What an annotation of Google's is: where it stands, and where v2 has what it says.

use super::super::shape::FieldKind;
use super::super::{Resource, v2};

/// An annotation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Annotation {
    /// Its name.
    pub(super) name: &'static str,
    /// Where it stands.
    pub(super) on: On,
    /// Where v2 has it.
    pub(super) place: FieldPlace,
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
pub(super) enum FieldPlace {
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
    Json(FieldKind),
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
    Annotation { name, on: On::Service, place: FieldPlace::Field(field, form) }
}

pub(super) const fn of_template(name: &'static str, field: &'static str, form: Form) -> Annotation {
    Annotation { name, on: On::Template, place: FieldPlace::Field(field, form) }
}

pub(super) const fn older(name: &'static str, field: &'static str, form: Form) -> Annotation {
    Annotation { name, on: On::Service, place: FieldPlace::Older(field, form) }
}

pub(super) const fn of_containers(name: &'static str, part: Part) -> Annotation {
    Annotation { name, on: On::Template, place: FieldPlace::Containers(part) }
}

pub(super) const fn past(name: &'static str) -> Annotation {
    Annotation { name, on: On::Both, place: FieldPlace::Past }
}

pub(super) const fn nowhere(name: &'static str, why: &'static str) -> Annotation {
    Annotation { name, on: On::Both, place: FieldPlace::Nowhere(why) }
}

pub(super) const NO_FIELD: &str = "Cloud Run's v2 API has no field for it, so a deploy would take it away";

pub(super) const INTERFACES: FieldKind = FieldKind::List(&FieldKind::Object(v2::NETWORK_INTERFACE));

pub(super) const INGRESS: &[(&str, &str)] = &[
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
pub(super) const SCALING: &[(&str, &str)] = &[("automatic", "AUTOMATIC"), ("manual", "MANUAL")];
pub(super) const AMBIENT: &[(&str, &str)] =
    &[("regional", "AMBIENT_SCOPE_REGIONAL"), ("global", "AMBIENT_SCOPE_GLOBAL")];
pub(super) const ENVIRONMENT: &[(&str, &str)] =
    &[("gen1", "EXECUTION_ENVIRONMENT_GEN1"), ("gen2", "EXECUTION_ENVIRONMENT_GEN2")];
pub(super) const IDENTITY: &[(&str, &str)] =
    &[("service-account", "IDENTITY_TYPE_SERVICE_ACCOUNT"), ("agent-identity", "IDENTITY_TYPE_AGENT_IDENTITY")];
pub(super) const REVOCATION: &[(&str, &str)] = &[("prevent-new", "PREVENT_NEW"), ("shut-down", "SHUTDOWN")];
pub(super) const EGRESS: &[(&str, &str)] = &[
    ("all-traffic", "ALL_TRAFFIC"),
    ("private-ranges-only", "PRIVATE_RANGES_ONLY"),
    // The older word, which is still taken.
    ("all", "ALL_TRAFFIC"),
];

impl Annotation {
    /// Where v2 has it, in words; nothing where it has not.
    pub(super) fn field(&self, resource: Resource) -> Option<String> {
        let (field, below) = match self.place {
            FieldPlace::Field(field, Form::Policy) => return Some(format!("{field}.useDefault, {field}.policy")),
            FieldPlace::Field(field, _) | FieldPlace::Older(field, _) => (field, self.on == On::Template),
            FieldPlace::Containers(part) => {
                return Some(format!("{}.{}", resource.template().join("."), part.field()));
            }
            FieldPlace::Past | FieldPlace::Only(_) | FieldPlace::Nowhere(_) => return None,
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
    pub(super) fn by_name(self) -> Option<(FieldKind, &'static str)> {
        match self {
            Part::Dependencies => Some((FieldKind::Map(&FieldKind::List(&FieldKind::Text)), "dependsOn")),
            Part::BaseImages => Some((FieldKind::Texts, "baseImageUri")),
            Part::Sources => Some((FieldKind::Texts, "sourceCode")),
            Part::Builds => Some((FieldKind::Map(&FieldKind::Object(v2::BUILD_CONFIGURATION)), "buildConfig")),
            Part::Throttling | Part::Boost | Part::Sockets | Part::Secrets => None,
        }
    }
}
