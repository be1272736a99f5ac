//! Knative's annotations and the fields of v2 that they stand for, each once, for both directions. Names and places are
//! those of the v1 description (`ObjectMeta.annotations`) and of gcloud's sources (`api_lib/run/revision.py` of 2026, for
//! identity, ambient networking and targets of scaling); the words of the values are those that gcloud writes.

use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value, json};

/// How a value is written in an annotation.
pub(super) enum Form {
    /// As it is.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// JSON in a text.
    Json,
    /// A part of one, where 0 is `disabled`.
    Part,
    /// Texts between commas.
    Commas,
    /// Whole hours, where v2 has a duration.
    Hours,
    /// Words: the annotation's, then v2's.
    Words(&'static [(&'static str, &'static str)]),
}

/// One annotation, where v2 has it, and its form.
pub(super) type Pair = (&'static str, &'static str, Form);

/// What a service may say.
pub(super) const OF_SERVICES: &[Pair] = &[
    ("run.googleapis.com/client-name", "/client", Form::Text),
    ("run.googleapis.com/client-version", "/clientVersion", Form::Text),
    ("run.googleapis.com/description", "/description", Form::Text),
    ("run.googleapis.com/launch-stage", "/launchStage", Form::Text),
    ("run.googleapis.com/ingress", "/ingress", Form::Words(INGRESS)),
    ("run.googleapis.com/binary-authorization-breakglass", "/binaryAuthorization/breakglassJustification", Form::Text),
    ("run.googleapis.com/custom-audiences", "/customAudiences", Form::Json),
    ("run.googleapis.com/default-url-disabled", "/defaultUriDisabled", Form::Flag),
    ("run.googleapis.com/invoker-iam-disabled", "/invokerIamDisabled", Form::Flag),
    ("run.googleapis.com/iap-enabled", "/iapEnabled", Form::Flag),
    ("run.googleapis.com/minScale", "/scaling/minInstanceCount", Form::Number),
    ("run.googleapis.com/maxScale", "/scaling/maxInstanceCount", Form::Number),
    ("run.googleapis.com/manualInstanceCount", "/scaling/manualInstanceCount", Form::Number),
    ("run.googleapis.com/scalingMode", "/scaling/scalingMode", Form::Words(SCALING)),
    ("run.googleapis.com/regions", "/multiRegionSettings/regions", Form::Commas),
    ("run.googleapis.com/ssh-enabled", "/sshEnabled", Form::Flag),
    ("run.googleapis.com/build-base-image", "/buildConfig/baseImage", Form::Text),
    ("run.googleapis.com/build-enable-automatic-updates", "/buildConfig/enableAutomaticUpdates", Form::Flag),
    ("run.googleapis.com/build-environment-variables", "/buildConfig/environmentVariables", Form::Json),
    ("run.googleapis.com/build-function-target", "/buildConfig/functionTarget", Form::Text),
    ("run.googleapis.com/build-image-uri", "/buildConfig/imageUri", Form::Text),
    ("run.googleapis.com/build-service-account", "/buildConfig/serviceAccount", Form::Text),
    ("run.googleapis.com/build-source-location", "/buildConfig/sourceLocation", Form::Text),
    ("run.googleapis.com/build-worker-pool", "/buildConfig/workerPool", Form::Text),
];

/// What a template may say. Those that speak of single containers are `containers`' affair.
pub(super) const OF_TEMPLATES: &[Pair] = &[
    ("run.googleapis.com/client-name", "/client", Form::Text),
    ("run.googleapis.com/client-version", "/clientVersion", Form::Text),
    ("autoscaling.knative.dev/minScale", "/scaling/minInstanceCount", Form::Number),
    ("autoscaling.knative.dev/maxScale", "/scaling/maxInstanceCount", Form::Number),
    ("run.googleapis.com/execution-environment", "/executionEnvironment", Form::Words(ENVIRONMENT)),
    ("run.googleapis.com/encryption-key", "/encryptionKey", Form::Text),
    ("run.googleapis.com/encryption-key-shutdown-hours", "/encryptionKeyShutdownDuration", Form::Hours),
    ("run.googleapis.com/post-key-revocation-action-type", "/encryptionKeyRevocationAction", Form::Words(REVOCATION)),
    ("run.googleapis.com/gpu-zonal-redundancy-disabled", "/gpuZonalRedundancyDisabled", Form::Flag),
    ("run.googleapis.com/health-check-disabled", "/healthCheckDisabled", Form::Flag),
    ("run.googleapis.com/network-interfaces", "/vpcAccess/networkInterfaces", Form::Json),
    ("run.googleapis.com/ambient-networking", "/ambientNetworking/enabled", Form::Flag),
    ("run.googleapis.com/ambient-scope", "/ambientNetworking/ambientScope", Form::Words(AMBIENT)),
    ("run.googleapis.com/identity", "/workloadIdentityConfig/identity", Form::Text),
    (
        "run.googleapis.com/identity-certificate-enabled",
        "/workloadIdentityConfig/identityCertificateEnabled",
        Form::Flag,
    ),
    ("run.googleapis.com/identity-type", "/workloadIdentityConfig/identityType", Form::Words(IDENTITY)),
    ("run.googleapis.com/mesh", "/serviceMesh/mesh", Form::Text),
    ("run.googleapis.com/scaling-concurrency-target", "/scaling/concurrencyUtilization", Form::Part),
    ("run.googleapis.com/scaling-cpu-target", "/scaling/cpuUtilization", Form::Part),
    ("run.googleapis.com/sessionAffinity", "/sessionAffinity", Form::Flag),
    ("run.googleapis.com/vpc-access-connector", "/vpcAccess/connector", Form::Text),
    ("run.googleapis.com/vpc-access-egress", "/vpcAccess/egress", Form::Words(EGRESS)),
];

const INGRESS: &[(&str, &str)] = &[
    ("all", "INGRESS_TRAFFIC_ALL"),
    ("internal", "INGRESS_TRAFFIC_INTERNAL_ONLY"),
    ("internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
    ("none", "INGRESS_TRAFFIC_NONE"),
];
const SCALING: &[(&str, &str)] = &[("automatic", "AUTOMATIC"), ("manual", "MANUAL")];
const ENVIRONMENT: &[(&str, &str)] = &[("gen1", "EXECUTION_ENVIRONMENT_GEN1"), ("gen2", "EXECUTION_ENVIRONMENT_GEN2")];
const AMBIENT: &[(&str, &str)] = &[("regional", "AMBIENT_SCOPE_REGIONAL"), ("global", "AMBIENT_SCOPE_GLOBAL")];
const IDENTITY: &[(&str, &str)] =
    &[("service-account", "IDENTITY_TYPE_SERVICE_ACCOUNT"), ("agent-identity", "IDENTITY_TYPE_AGENT_IDENTITY")];
const REVOCATION: &[(&str, &str)] = &[("prevent-new", "PREVENT_NEW"), ("shut-down", "SHUTDOWN")];
const EGRESS: &[(&str, &str)] = &[
    ("all-traffic", "ALL_TRAFFIC"),
    ("private-ranges-only", "PRIVATE_RANGES_ONLY"),
    // Its older name, which is still taken.
    ("all", "ALL_TRAFFIC"),
];

/// Puts what an annotation says where v2 has it; whether the table knows it at all.
pub(super) fn read(table: &[Pair], name: &str, text: &str, into: &mut Value) -> Result<bool, Reply> {
    let Some((_, place, form)) = table.iter().find(|(known, _, _)| *known == name) else { return Ok(false) };
    let bad = || refusal::bad_field(&format!("metadata.annotations[{name}]"), &format!("'{text}' is not valid."));
    let value = match form {
        Form::Text => json!(text),
        Form::Flag => json!(flag(text).ok_or_else(bad)?),
        Form::Number => json!(text.parse::<u32>().map_err(|_| bad())?),
        Form::Json => serde_json::from_str(text).map_err(|_| bad())?,
        Form::Part if text == "disabled" => json!(0.0),
        Form::Part => json!(text.parse::<f64>().map_err(|_| bad())?),
        Form::Commas => text.split(',').map(str::trim).collect(),
        Form::Hours => json!(format!("{}s", text.parse::<u64>().map_err(|_| bad())? * 3600)),
        Form::Words(words) => json!(words.iter().find(|(word, _)| *word == text).ok_or_else(bad)?.1),
    };
    set(into, place, value);
    Ok(true)
}

/// A truth; gcloud writes some of them as Python does, `True`.
pub(super) fn flag(text: &str) -> Option<bool> {
    text.to_lowercase().parse().ok()
}

/// What the fields of v2 say, as annotations.
pub(super) fn write(table: &[Pair], from: &Value) -> Map<String, Value> {
    let written = table.iter().filter_map(|(name, place, form)| {
        let value = from.pointer(place)?;
        let text = match form {
            Form::Text => value.as_str()?.to_owned(),
            Form::Part if value.as_f64() == Some(0.0) => "disabled".to_owned(),
            Form::Flag | Form::Number | Form::Json | Form::Part => value.to_string(),
            Form::Commas => value.as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Form::Hours => {
                let seconds: u64 = value.as_str()?.strip_suffix('s')?.parse().ok()?;
                (seconds / 3600).to_string()
            }
            Form::Words(words) => words.iter().find(|(_, word)| value == word)?.0.to_owned(),
        };
        Some(((*name).to_owned(), Value::String(text)))
    });
    written.collect()
}

/// Sets a value below objects that are made where they are missing.
pub(super) fn set(into: &mut Value, place: &str, value: Value) {
    let mut at = into;
    for name in place.trim_start_matches('/').split('/') {
        at = &mut at[name];
    }
    *at = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let service = json!({"client": "gcloud", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "customAudiences": ["https://a"],
            "defaultUriDisabled": true, "iapEnabled": true, "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 3},
            "buildConfig": {"environmentVariables": {"A": "b"}, "enableAutomaticUpdates": true}});
        let template = json!({"scaling": {"maxInstanceCount": 5}, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
            "encryptionKeyShutdownDuration": "7200s", "encryptionKeyRevocationAction": "SHUTDOWN", "sessionAffinity": true,
            "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n", "tags": ["t"]}]}});
        for (table, from) in [(OF_SERVICES, service), (OF_TEMPLATES, template)] {
            let mut back = json!({});
            for (name, text) in write(table, &from) {
                assert!(read(table, &name, text.as_str().unwrap_or_default(), &mut back).is_ok_and(|known| known));
            }
            assert_eq!(back, from);
        }
        assert!(read(OF_SERVICES, "run.googleapis.com/ingress", "everybody", &mut json!({})).is_err());
    }
}
