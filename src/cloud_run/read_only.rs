//! What Google writes in a document of Cloud Run's and ignores when it is sent back, and the document without it. Pure.

use serde_json::Value;

use slipway_names::json::object;

/// Fields that Google writes on everything of Cloud Run's, and ignores when they are sent back; without
/// them the document is what we ask for and nothing else.
pub(super) const READ_ONLY: [&str; 14] = [
    "name",
    "uid",
    "generation",
    "createTime",
    "updateTime",
    "deleteTime",
    "expireTime",
    "creator",
    "lastModifier",
    "observedGeneration",
    "terminalCondition",
    "conditions",
    "reconciling",
    "satisfiesPzs",
];

/// Those of services and worker pools.
const READ_ONLY_OF_SERVICES: [&str; 7] = [
    "latestReadyRevision",
    "latestCreatedRevision",
    "trafficStatuses",
    "instanceSplitStatuses",
    "uri",
    "urls",
    "threatDetectionEnabled",
];

/// The document without what Google writes in it: what can be compared with a document to write.
pub fn settings_of(service: &Value) -> Value {
    let mut service = service.clone();
    clean(&mut service);
    service
}

/// Takes that out of the document of a service or a worker pool.
pub(super) fn clean(service: &mut Value) {
    let root = object(service);
    for field in READ_ONLY.into_iter().chain(READ_ONLY_OF_SERVICES) {
        root.remove(field);
    }
    // On output this is what is observed, and nothing is while no revision is active; sending it
    // back would open an internal service.
    if root.get("ingress").and_then(Value::as_str) == Some("INGRESS_TRAFFIC_UNSPECIFIED") {
        root.remove("ingress");
    }
    if let Some(build) = root.get_mut("buildConfig").and_then(Value::as_object_mut) {
        build.remove("name");
    }
    clean_containers(root.get_mut("template"));
}

/// Takes out of a template's containers what Google writes there.
pub(crate) fn clean_containers(template: Option<&mut Value>) {
    let containers = template.and_then(|template| template.get_mut("containers")).and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        object(container).remove("buildInfo");
    }
}
