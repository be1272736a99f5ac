//! The containers of a configuration, and which of them requests go to.

use serde_json::{Map, Value};

/// Every container of a configuration.
pub(super) fn containers(config: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    config
        .get("template")
        .and_then(|template| template["containers"].as_array())
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}

pub(super) fn containers_mut(config: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = config.get_mut("template").and_then(|template| template.get_mut("containers"));
    list.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// The container requests go to: the only one, or the one with ports.
pub(super) fn ingress_container(config: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let only = containers(config).count() == 1;
    containers_mut(config).find(|container| only || container.contains_key("ports"))
}

/// The port the ingress container is told to listen on.
pub(super) fn port(template: &Map<String, Value>) -> i64 {
    let containers = template.get("containers").and_then(Value::as_array);
    let port = containers.into_iter().flatten().find_map(|container| container["ports"][0]["containerPort"].as_i64());
    port.unwrap_or(8080)
}
