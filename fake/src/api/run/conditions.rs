//! Services, worker pools, revisions and operations as the API writes them.

use super::kind::Kind;
use super::{jobs, traffic};
use crate::uri;
use crate::world::{Operation, Revision, RevisionState, Service, Trouble, World};
use serde_json::{Map, Value, json};

/// A service or worker pool.
pub(super) fn service(world: &World, service: &Service) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("name", json!(service.name));
    put("uid", json!(service.uid));
    put("generation", json!(service.generation.to_string()));
    put("createTime", json!(service.created));
    put("updateTime", json!(service.updated));
    put("creator", json!(service.creator));
    put("lastModifier", json!(service.modifier));
    // What is reported is the ingress observed: while nothing serves none is, and a default is not written.
    let unobserved = |name: &str| name == "ingress" && service.serving.is_empty();
    for (name, value) in service.config.iter().filter(|(name, _)| !unobserved(name)) {
        put(name, value.clone());
    }
    let kind = Kind::of(&service.name);
    if service.observed_generation > 0 {
        put("observedGeneration", json!(service.observed_generation.to_string()));
    }
    let (terminal, others) = of_service(world, service);
    put("terminalCondition", terminal);
    put("conditions", json!(others));
    let full = |revision: &String| json!(format!("{}/revisions/{revision}", service.name));
    if let Some(revision) = &service.latest_ready {
        put("latestReadyRevision", full(revision));
    }
    if let Some(revision) = &service.latest_created {
        put("latestCreatedRevision", full(revision));
    }
    let statuses = traffic::statuses(service);
    if !statuses.is_empty() {
        put(kind.split.1, json!(statuses));
    }
    if !kind.is_pool() && service.config.get("defaultUriDisabled") != Some(&Value::Bool(true)) {
        put("uri", json!(service.uri()));
        put("urls", json!(service.urls));
    }
    if is_reconciling(world, service) {
        put("reconciling", json!(true));
    }
    put("etag", json!(super::etag(service.version, &service.name)));
    Value::Object(view)
}

fn is_reconciling(world: &World, service: &Service) -> bool {
    // An operation whose end is being written down has brought its generation about already.
    let open = |operation: &Operation| {
        operation.service == service.name
            && operation.result.is_none()
            && operation.generation > service.observed_generation
    };
    world.operations.values().any(open)
}

/// The terminal condition and the others.
fn of_service(world: &World, service: &Service) -> (Value, Vec<Value>) {
    let at = service.transition.as_str();
    let split = Kind::of(&service.name).split_condition;
    if is_reconciling(world, service) {
        let under_way = |kind: &str| {
            json!({"type": kind, "state": "CONDITION_RECONCILING", "message": "Deploying Revision.",
                "lastTransitionTime": at, "reason": "WAITING_FOR_OPERATION"})
        };
        return (under_way("Ready"), split.into_iter().chain(["ConfigurationsReady"]).map(under_way).collect());
    }
    let well = |kind: &str| json!({"type": kind, "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at});
    let newest = service.latest_created.as_deref().unwrap_or_default();
    let of_revision = |kind: &str| {
        let trouble = service.revision_trouble.as_ref()?;
        Some(failed(kind, at, trouble, &long_message(&service.name, newest, trouble)))
    };
    let of_route = |kind: &str| {
        let trouble = service.route_trouble.as_ref()?;
        Some(failed(kind, at, trouble, &trouble.message))
    };
    let terminal = of_revision("Ready").or_else(|| of_route("Ready")).unwrap_or_else(|| well("Ready"));
    let routes = split.map(|kind| of_route(kind).unwrap_or_else(|| well(kind)));
    let configurations = of_revision("ConfigurationsReady").unwrap_or_else(|| well("ConfigurationsReady"));
    (terminal, routes.into_iter().chain([configurations]).collect())
}

/// A condition that failed.
pub(super) fn failed(kind: &str, at: &str, trouble: &Trouble, message: &str) -> Value {
    let mut view = json!({"type": kind, "state": "CONDITION_FAILED", "lastTransitionTime": at, "message": message,
        "severity": "ERROR"});
    if let Some(reason) = &trouble.reason {
        view["reason"] = json!(reason);
    }
    if let Some(reason) = &trouble.revision_reason {
        view["revisionReason"] = json!(reason);
    }
    view
}

/// The sentence about a revision that cannot serve.
pub(super) fn short_message(revision: &str, trouble: &Trouble) -> String {
    format!("Revision '{revision}' is not ready and cannot serve traffic. {}", trouble.message)
}

/// The same with where to read on, for containers that did not start.
pub(super) fn long_message(service: &str, revision: &str, trouble: &Trouble) -> String {
    let short = short_message(revision, trouble);
    match trouble.revision_reason.as_deref() {
        Some("HEALTH_CHECK_CONTAINER_ERROR") => format!(
            "{short}\n\nLogs URL: {} \nFor more troubleshooting guidance, see \
             https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start",
            log_uri(service, revision)
        ),
        _ => short,
    }
}

fn log_uri(service: &str, revision: &str) -> String {
    let project = service.split('/').nth(1).unwrap_or_default();
    let short = service.rsplit('/').next().unwrap_or_default();
    let (resource, own) = Kind::of(service).resource;
    let filter = format!(
        "resource.type=\"{resource}\"\nresource.labels.{own}=\"{short}\"\n\
         resource.labels.revision_name=\"{revision}\""
    );
    format!(
        "https://console.cloud.google.com/logs/viewer?project={project}&resource={resource}/{own}/{short}/\
         revision_name/{revision}&advancedFilter={}",
        uri::encode(&filter)
    )
}

/// A revision.
pub(super) fn revision(revision: &Revision) -> Value {
    let short = revision.service.rsplit('/').next().unwrap_or_default();
    let mut view = json!({
        "name": format!("{}/revisions/{}", revision.service, revision.name),
        "uid": revision.uid,
        "generation": "1",
        "createTime": revision.created,
        "updateTime": revision.updated,
        "launchStage": "GA"
    });
    if !Kind::of(&revision.service).is_pool() {
        view["service"] = json!(short);
    }
    for (name, value) in revision.template.iter().filter(|(name, _)| is_of_revisions(name)) {
        view[name] = value.clone();
    }
    if let Some(image) = &revision.image {
        view["containerStatuses"] = json!([{"name": format!("{short}-1"), "imageDigest": image}]);
    }
    view["logUri"] = json!(log_uri(&revision.service, &revision.name));
    view["conditions"] = json!(of_revision(revision));
    match revision.state {
        RevisionState::Pending => view["reconciling"] = json!(true),
        _ => view["observedGeneration"] = json!("1"),
    }
    view["etag"] = json!(super::etag(revision.number, &revision.name));
    view
}

/// Whether revisions have this field of a template, as nearly all are. Fields of the future are
/// taken to be such.
fn is_of_revisions(name: &str) -> bool {
    let has = |schema: &str| {
        crate::api::document(super::API.service, schema)
            .is_some_and(|known| known.schemas[schema]["properties"].get(name).is_some())
    };
    has("GoogleCloudRunV2Revision") || !has("GoogleCloudRunV2RevisionTemplate")
}

fn of_revision(revision: &Revision) -> Vec<Value> {
    let at = revision.updated.as_str();
    let well = |kind: &str| json!({"type": kind, "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at});
    let imported = |kind: &str, message: &str| json!({"type": kind, "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at, "message": message});
    let active =
        || json!({"type": "Active", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at, "severity": "INFO"});
    match &revision.state {
        RevisionState::Pending => ["Ready", "ContainerHealthy", "ContainerReady", "ResourcesAvailable"]
            .map(|kind| json!({"type": kind, "state": "CONDITION_PENDING", "lastTransitionTime": at}))
            .to_vec(),
        RevisionState::Ready => vec![
            well("Ready"),
            well("ContainerHealthy"),
            imported("ContainerReady", "Container image import completed in 4.21s."),
            imported("ResourcesAvailable", "Provisioning imported containers completed in 2.1s."),
            active(),
        ],
        RevisionState::Failed(trouble) => {
            let ready = failed("Ready", at, trouble, &short_message(&revision.name, trouble));
            match trouble.revision_reason {
                Some(_) => vec![
                    ready,
                    failed("ContainerHealthy", at, trouble, &trouble.message),
                    imported("ContainerReady", "Container image import completed in 4.21s."),
                    imported("ResourcesAvailable", "Provisioning imported containers completed in 2.1s."),
                    active(),
                ],
                None => vec![ready, failed("ContainerReady", at, trouble, &trouble.message)],
            }
        }
    }
}

/// A message with the type that operations write beside it.
pub(super) fn typed(kind: &str, view: Value) -> Value {
    let mut typed = json!({"@type": format!("type.googleapis.com/google.cloud.run.v2.{kind}")});
    for (name, value) in view.as_object().into_iter().flatten() {
        typed[name] = value.clone();
    }
    typed
}

/// An operation.
pub(super) fn operation(world: &World, name: &str) -> Value {
    let Some(operation) = world.operations.get(name) else { return json!({}) };
    let mut view = json!({"name": name});
    if let Some(metadata) = jobs::metadata(world, operation) {
        view["metadata"] = metadata;
    }
    if let Some(found) = world.deployed(&operation.service) {
        let mut metadata = json!({
            "@type": format!("type.googleapis.com/google.cloud.run.v2.{}", Kind::of(&found.name).word),
            "name": found.name,
            "uid": found.uid,
            "generation": found.generation.to_string()
        });
        if operation.result.is_none() {
            metadata["reconciling"] = json!(true);
            metadata["terminalCondition"] = of_service(world, found).0;
        }
        metadata["etag"] = json!(super::etag(found.version, &found.name));
        view["metadata"] = metadata;
    }
    match &operation.result {
        None => {}
        Some(Ok(response)) => {
            view["done"] = json!(true);
            view["response"] = response.clone();
        }
        Some(Err(error)) => {
            view["done"] = json!(true);
            view["error"] = error.clone();
        }
    }
    view
}
