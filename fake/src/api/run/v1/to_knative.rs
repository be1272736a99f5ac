//! Services, revisions and their conditions in the form of Knative's resources.

use super::annotations::{self, OF_SERVICES, OF_TEMPLATES};
use super::containers;
use crate::api::run::conditions;
use crate::world::{Revision, Service, World};
use serde_json::{Map, Value, json};

const VERSION: &str = "serving.knative.dev/v1";

/// A service.
pub(super) fn service(world: &World, service: &Service) -> Value {
    let view = conditions::service(world, service);
    let mut notes = annotations::write(OF_SERVICES, &view);
    // What everybody has is not said.
    notes.retain(|name, value| !(name == "run.googleapis.com/launch-stage" && value == "GA"));
    if let Some(status) = notes.get("run.googleapis.com/ingress").cloned() {
        notes.insert("run.googleapis.com/ingress-status".to_owned(), status);
    }
    match &view["binaryAuthorization"] {
        of if of["useDefault"] == true => {
            drop(notes.insert("run.googleapis.com/binary-authorization".into(), json!("default")))
        }
        of if of["policy"].is_string() => {
            drop(notes.insert("run.googleapis.com/binary-authorization".into(), of["policy"].clone()));
        }
        _ => {}
    }
    if !service.urls.is_empty() {
        notes.insert("run.googleapis.com/urls".to_owned(), json!(json!(service.urls).to_string()));
    }
    let mut metadata = metadata(world, service, &view, notes);
    metadata["name"] = json!(service.short_name());
    if let Some(id) = view.pointer("/multiRegionSettings/multiRegionId") {
        metadata["labels"]["run.googleapis.com/multi-region-id"] = id.clone();
    }
    let mut status = json!({"conditions": of_v1(&all(&view))});
    for (name, value) in [
        (
            "observedGeneration",
            view["observedGeneration"].as_str().and_then(|number| number.parse::<i64>().ok()).map(|it| json!(it)),
        ),
        ("latestReadyRevisionName", service.latest_ready.as_ref().map(|name| json!(name))),
        ("latestCreatedRevisionName", service.latest_created.as_ref().map(|name| json!(name))),
        ("url", view.get("uri").cloned()),
        ("address", view.get("uri").map(|uri| json!({"url": uri}))),
    ] {
        if let Some(value) = value {
            status[name] = value;
        }
    }
    let shares: Vec<Value> = view["trafficStatuses"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|share| {
            let mut target = target(share);
            // The status says which revision the latest is.
            if share["type"] == LATEST {
                target["revisionName"] = json!(service.latest_ready);
            }
            target
        })
        .collect();
    if !shares.is_empty() {
        status["traffic"] = json!(shares);
    }
    let targets: Vec<Value> = view["traffic"].as_array().into_iter().flatten().map(target).collect();
    json!({"apiVersion": VERSION, "kind": "Service", "metadata": metadata,
        "spec": {"template": template(&view["template"]), "traffic": targets}, "status": status})
}

const LATEST: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";

/// What all objects say of themselves.
fn metadata(world: &World, service: &Service, view: &Value, mut notes: Map<String, Value>) -> Value {
    notes.insert("serving.knative.dev/creator".to_owned(), json!(service.creator));
    notes.insert("serving.knative.dev/lastModifier".to_owned(), json!(service.modifier));
    notes.extend(view["annotations"].as_object().cloned().unwrap_or_default());
    let mut labels = view["labels"].as_object().cloned().unwrap_or_default();
    labels.insert("cloud.googleapis.com/location".to_owned(), json!(service.region()));
    let number = world.project(service.project()).map_or("", |project| project.number.as_str());
    json!({"namespace": number, "uid": view["uid"], "resourceVersion": version(&view["etag"]),
        "generation": view["generation"].as_str().and_then(|number| number.parse::<i64>().ok()),
        "creationTimestamp": view["createTime"], "labels": labels, "annotations": notes})
}

/// An etag as Knative writes it, without quotes.
pub(super) fn version(etag: &Value) -> String {
    etag.as_str().unwrap_or_default().trim_matches('"').to_owned()
}

/// A template.
fn template(template: &Value) -> Value {
    let mut spec = json!({});
    let mut notes = annotations::write(OF_TEMPLATES, template);
    notes.extend(containers::write(template, &mut spec));
    notes.extend(template["annotations"].as_object().cloned().unwrap_or_default());
    for (name, value) in [
        ("containerConcurrency", template.get("maxInstanceRequestConcurrency").cloned()),
        ("serviceAccountName", template.get("serviceAccount").cloned()),
        (
            "nodeSelector",
            template.pointer("/nodeSelector/accelerator").map(|it| json!({"run.googleapis.com/accelerator": it})),
        ),
        (
            "timeoutSeconds",
            template["timeout"]
                .as_str()
                .and_then(|text| text.strip_suffix('s')?.parse::<i64>().ok())
                .map(|it| json!(it)),
        ),
    ] {
        if let Some(value) = value {
            spec[name] = value;
        }
    }
    let mut metadata = json!({"annotations": notes});
    for (name, value) in [("name", &template["revision"]), ("labels", &template["labels"])] {
        if !value.is_null() {
            metadata[name] = value.clone();
        }
    }
    json!({"metadata": metadata, "spec": spec})
}

fn target(target: &Value) -> Value {
    let mut written = json!({});
    let pairs = [("percent", "percent"), ("revisionName", "revision"), ("tag", "tag"), ("url", "uri")];
    for (name, from) in pairs {
        if let Some(value) = target.get(from) {
            written[name] = value.clone();
        }
    }
    if target["type"] == LATEST {
        written["latestRevision"] = json!(true);
    }
    written
}

/// The terminal condition and the others.
fn all(view: &Value) -> Vec<Value> {
    let others = view["conditions"].as_array().cloned().unwrap_or_default();
    view.get("terminalCondition").cloned().into_iter().chain(others).collect()
}

fn of_v1(conditions: &[Value]) -> Vec<Value> {
    let written = conditions.iter().map(|condition| {
        let status = match condition["state"].as_str() {
            Some("CONDITION_SUCCEEDED") => "True",
            Some("CONDITION_FAILED") => "False",
            _ => "Unknown",
        };
        let mut written = json!({"type": condition["type"], "status": status,
            "lastTransitionTime": condition["lastTransitionTime"]});
        if let Some(message) = condition.get("message") {
            written["message"] = message.clone();
        }
        let reason = condition.get("revisionReason").or(condition.get("reason")).and_then(Value::as_str);
        if let Some(reason) = reason {
            written["reason"] = json!(camel(reason));
        }
        written
    });
    written.collect()
}

/// `HEALTH_CHECK_CONTAINER_ERROR` as `HealthCheckContainerError`.
fn camel(word: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_owned() + &rest.to_lowercase()
    };
    word.split('_').map(part).collect()
}

/// A revision of a service.
pub(super) fn revision(world: &World, service: &Service, revision: &Revision) -> Value {
    let view = conditions::revision(revision);
    let shape = template(&view);
    let notes = shape["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    let mut metadata = metadata(world, service, &view, notes);
    metadata["name"] = json!(revision.name);
    metadata["labels"]["serving.knative.dev/service"] = json!(service.short_name());
    metadata["labels"]["serving.knative.dev/configuration"] = json!(service.short_name());
    let conditions = view["conditions"].as_array().cloned().unwrap_or_default();
    let mut status = json!({"conditions": of_v1(&conditions), "logUrl": view["logUri"]});
    if let Some(image) = &revision.image {
        status["imageDigest"] = json!(image);
    }
    if view.get("observedGeneration").is_some() {
        status["observedGeneration"] = json!(1);
    }
    json!({"apiVersion": VERSION, "kind": "Revision", "metadata": metadata, "spec": shape["spec"], "status": status})
}

/// A list of objects of this kind.
pub(super) fn list(kind: &str, items: Vec<Value>) -> Value {
    let mut list = json!({"apiVersion": VERSION, "kind": kind, "metadata": {}});
    if !items.is_empty() {
        list["items"] = Value::Array(items);
    }
    list
}
