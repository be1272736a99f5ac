//! A flag changes what it is about, and nothing else of a service: for services made of the published description.

use proptest::prelude::*;
use serde_json::Value;

use super::inputs::{Deploy, DeployWhat, resolve};
use super::plan::Marks;
use crate::cloud_run::document::generated::Maker;
use crate::cloud_run::service::change;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::flags::spell_out;
use crate::inputs::spec::CommandName;
use slipway_names::ids::RevisionName;
use slipway_runner::env::Runner;

const KEY: &str = r#"{"type":"service_account","project_id":"harbour-dev","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n","client_email":"d@harbour-dev.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"}"#;

/// Flags, and the fields that may differ when they are given. `C` stands for the container.
const CHANGES: &[(&str, &[&str])] = &[
    ("--memory=1Gi", &["C/resources/limits/memory"]),
    ("--cpu=2", &["C/resources/limits/cpu"]),
    ("--no-cpu-boost", &["C/resources/startupCpuBoost"]),
    ("--command=python,-v", &["C/command"]),
    ("--args=", &["C/args"]),
    ("--set-env-vars=A=1", &["C/env"]),
    ("--update-env-vars=A=1", &["C/env"]),
    ("--remove-env-vars=A", &["C/env"]),
    ("--startup-probe=tcpSocket.port=8080", &["C/startupProbe"]),
    ("--liveness-probe=", &["C/livenessProbe"]),
    ("--depends-on=", &["C/dependsOn"]),
    ("--concurrency=7", &["template/maxInstanceRequestConcurrency"]),
    ("--timeout=77", &["template/timeout"]),
    ("--min-instances=2", &["template/scaling/minInstanceCount"]),
    ("--max-instances=default", &["template/scaling"]),
    ("--session-affinity", &["template/sessionAffinity"]),
    ("--execution-environment=gen2", &["template/executionEnvironment"]),
    ("--service-account=me@p.iam.gserviceaccount.com", &["template/serviceAccount"]),
    ("--key=projects/p/locations/l/keyRings/r/cryptoKeys/k", &["template/encryptionKey"]),
    ("--clear-encryption-key-shutdown-hours", &["template/encryptionKeyShutdownDuration"]),
    ("--no-deploy-health-check", &["template/healthCheckDisabled"]),
    ("--gpu-type=nvidia-l4", &["template/nodeSelector"]),
    ("--mesh=m", &["template/serviceMesh"]),
    ("--description=hello", &["description"]),
    ("--description=", &["description"]),
    ("--ingress=internal", &["ingress"]),
    ("--no-invoker-iam-check", &["invokerIamDisabled"]),
    ("--iap", &["iapEnabled"]),
    ("--no-default-url", &["defaultUriDisabled"]),
    ("--min=3", &["scaling/minInstanceCount"]),
    ("--scaling=auto", &["scaling"]),
    ("--add-custom-audiences=x", &["customAudiences"]),
    ("--clear-custom-audiences", &["customAudiences"]),
    ("--binary-authorization=default", &["binaryAuthorization"]),
    ("--breakglass=once", &["binaryAuthorization/breakglassJustification"]),
    ("--update-labels=team=shop", &["labels", "template/labels"]),
];

fn deploy(flags: &str) -> Deploy {
    let image = "gcr.io/p/app:v1".to_owned();
    let texts = [
        ("credentials_json", KEY.to_owned()),
        ("service", "web".to_owned()),
        ("image", image),
        ("skip_default_labels", "true".to_owned()),
        ("flags", flags.to_owned()),
    ];
    let (mut raw, mut findings) = (RawInputs::from_texts(texts), Findings::default());
    let runner = Runner::default();
    spell_out(CommandName::Deploy, &mut raw, &runner, &mut findings);
    let resolved = resolve::run(CommandName::Deploy, &raw, &runner, findings);
    resolved.unwrap_or_else(|errors| panic!("{flags}: {errors}")).meaning
}

/// The service after a deploy with these flags.
fn after(service: &Value, container: usize, flags: &str) -> Value {
    let mut deploy = deploy(flags);
    deploy.settings.container = service["template"]["containers"][container]["name"].as_str().map(str::to_owned);
    let DeployWhat::Image(image) = &deploy.what else { panic!("an image") };
    let revision = RevisionName::parse("web-2").expect("a name");
    let marks = Marks { revision, request_tag: "req_1".into(), build_tags: Vec::new() };
    change(Some(service), &deploy.settings, &image.to_string(), &marks)
        .unwrap_or_else(|error| panic!("{flags}: {error}"))
}

/// The paths at which two documents differ.
fn differences(at: &str, one: &Value, other: &Value, all: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                differences(&format!("{at}/{name}"), &of(one), &of(other), all);
            }
        }
        // What is there in one alone differs by its own fields.
        (Value::Object(_), Value::Null) => differences(at, one, &Value::Object(serde_json::Map::new()), all),
        (Value::Null, Value::Object(_)) => differences(at, &Value::Object(serde_json::Map::new()), other, all),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{at}/{index}"), one, other, all);
            }
        }
        _ if one == other => {}
        _ => all.push(at.trim_start_matches('/').to_owned()),
    }
}

fn changes_that_field_alone(service: &Value, flags: &str, fields: &[&str]) {
    let containers = service["template"]["containers"].as_array().expect("containers");
    let app = containers.iter().position(|container| container.get("ports").is_some()).unwrap_or(0);
    let mut found = Vec::new();
    differences("", &after(service, app, ""), &after(service, app, flags), &mut found);
    let own = format!("template/containers/{app}");
    let allowed: Vec<String> = fields
        .iter()
        .map(|field| field.strip_prefix('C').map_or((*field).to_owned(), |rest| own.clone() + rest))
        .collect();
    // What is not said of a container without resources is idle CPU; of one with some, always CPU (the API's description of
    // `cpuIdle`): whoever writes the first of them writes what holds.
    let idle = format!("{own}/resources/cpuIdle");
    let first = service["template"]["containers"][app].get("resources").is_none();
    found.retain(|path| !(first && *path == idle));
    for path in &found {
        assert!(
            allowed.iter().any(|field| path.starts_with(field.as_str())),
            "{flags} changes {path} too, of {service}"
        );
    }
}

#[test]
fn every_flag_changes_something_of_a_plain_service() {
    let plain = serde_json::json!({"template": {"containers": [{"image": "gcr.io/p/app:v0"}]}});
    for (flags, _) in CHANGES.iter().filter(|(flags, _)| {
        !flags.ends_with('=') && !flags.contains("clear") && !flags.contains("remove") && !flags.contains("default")
    }) {
        assert_ne!(after(&plain, 0, flags), after(&plain, 0, ""), "{flags}");
    }
}

proptest! {
    #[test]
    fn a_flag_changes_its_field_alone(seed in any::<u64>(), at in 0..CHANGES.len()) {
        let (flags, fields) = CHANGES[at];
        changes_that_field_alone(&Maker::of(seed).service(), flags, fields);
    }
}
