//! A Knative service as the configuration of v2 that it asks for.

use super::annotations::{self, OF_SERVICES, OF_TEMPLATES, set};
use super::containers;
use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value, json};

/// Namespaces of Google's. What they hold beyond the tables is either Google's to write or a mistake.
const GOOGLES: [&str; 4] =
    ["run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/"];

/// What Google writes itself, and gcloud sends back as it was read.
const WRITTEN: [&str; 10] = [
    "run.googleapis.com/build-id",
    "run.googleapis.com/build-name",
    "run.googleapis.com/default-url-disabled-status",
    "run.googleapis.com/ingress-status",
    "run.googleapis.com/lastUpdatedTime",
    "run.googleapis.com/operation-id",
    "run.googleapis.com/startupProbeType",
    "run.googleapis.com/urls",
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
];

/// Reads a service.
pub(super) fn service(body: &Value) -> Result<Value, Reply> {
    if body["apiVersion"] != "serving.knative.dev/v1" || body["kind"] != "Service" {
        return Err(refusal::bad_field("kind", "Expected a Service of serving.knative.dev/v1."));
    }
    let mut config = json!({});
    labels(&body["metadata"], &mut config);
    let id = &body["metadata"]["labels"]["run.googleapis.com/multi-region-id"];
    if id.is_string() {
        set(&mut config, "/multiRegionSettings/multiRegionId", id.clone());
    }
    for (name, text) in notes(&body["metadata"]) {
        match (name, text) {
            ("run.googleapis.com/binary-authorization", "default") => {
                set(&mut config, "/binaryAuthorization/useDefault", json!(true));
            }
            ("run.googleapis.com/binary-authorization", policy) => {
                set(&mut config, "/binaryAuthorization/policy", json!(policy));
            }
            _ if annotations::read(OF_SERVICES, name, text, &mut config)? => {}
            _ => other(name, text, &mut config)?,
        }
    }
    config["template"] = template(&body["spec"]["template"])?;
    let targets = body["spec"]["traffic"].as_array().into_iter().flatten();
    let targets: Vec<Value> = targets.map(target).collect();
    if !targets.is_empty() {
        config["traffic"] = json!(targets);
    }
    Ok(config)
}

fn template(body: &Value) -> Result<Value, Reply> {
    let spec = &body["spec"];
    let mut template = json!({});
    labels(&body["metadata"], &mut template);
    let mut own = Map::new();
    for (name, text) in notes(&body["metadata"]) {
        match name {
            _ if annotations::read(OF_TEMPLATES, name, text, &mut template)? => {}
            _ if containers::KNOWN.contains(&name) => drop(own.insert(name.to_owned(), json!(text))),
            _ => other(name, text, &mut template)?,
        }
    }
    let plain = [
        ("/maxInstanceRequestConcurrency", &spec["containerConcurrency"]),
        ("/serviceAccount", &spec["serviceAccountName"]),
        ("/nodeSelector/accelerator", &spec["nodeSelector"]["run.googleapis.com/accelerator"]),
        ("/revision", &body["metadata"]["name"]),
    ];
    for (place, value) in plain.into_iter().filter(|(_, value)| !value.is_null()) {
        set(&mut template, place, value.clone());
    }
    if let Some(seconds) = spec["timeoutSeconds"].as_u64() {
        template["timeout"] = json!(format!("{seconds}s"));
    }
    containers::read(spec, &own, &mut template)?;
    Ok(template)
}

/// Labels without Google's own, which are not the user's to set.
fn labels(metadata: &Value, into: &mut Value) {
    let labels = metadata["labels"].as_object().into_iter().flatten();
    let mine: Map<String, Value> = labels
        .filter(|(name, _)| !GOOGLES.iter().any(|space| name.starts_with(space)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !mine.is_empty() {
        into["labels"] = Value::Object(mine);
    }
}

fn notes(metadata: &Value) -> impl Iterator<Item = (&str, &str)> {
    let notes = metadata["annotations"].as_object().into_iter().flatten();
    notes.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// An annotation that stands for no field: the user's own is kept, Google's own is passed over, any other is a mistake.
fn other(name: &str, text: &str, into: &mut Value) -> Result<(), Reply> {
    if WRITTEN.contains(&name) {
        return Ok(());
    }
    if GOOGLES.iter().any(|space| name.starts_with(space)) {
        let text = format!("The annotation '{name}' is not supported here.");
        return Err(refusal::bad_field("metadata.annotations", &text));
    }
    into["annotations"][name] = json!(text);
    Ok(())
}

fn target(target: &Value) -> Value {
    let latest = target["latestRevision"] == true;
    let word = if latest { "LATEST" } else { "REVISION" };
    let mut read = json!({"type": format!("TRAFFIC_TARGET_ALLOCATION_TYPE_{word}")});
    for (name, value) in [("percent", &target["percent"]), ("tag", &target["tag"])] {
        if !value.is_null() {
            read[name] = value.clone();
        }
    }
    if !latest {
        read["revision"] = target["revisionName"].clone();
    }
    read
}
