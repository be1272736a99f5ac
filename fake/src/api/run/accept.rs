//! What a service or worker pool is configured as after a patch: the body, masked, without output-only fields,
//! with the defaults Cloud Run fills in.

use super::containers::{containers_mut, ingress_container};
use super::kind::Kind;
use super::{API, resources};
use crate::refusal;
use crate::reply::Reply;
use crate::shape;
use crate::world::{Project, World};
use serde_json::{Map, Value, json};

/// Fields of a service or worker pool that only Cloud Run writes.
const OUTPUT_ONLY: [&str; 22] = [
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
    "latestReadyRevision",
    "latestCreatedRevision",
    "trafficStatuses",
    "instanceSplitStatuses",
    "threatDetectionEnabled",
    "uri",
    "urls",
    "satisfiesPzs",
    "etag",
];

/// The configuration a patch asks for.
pub(super) fn merge(
    world: &World,
    kind: &Kind,
    existing: Option<&Map<String, Value>>,
    body: &Value,
    mask: Option<&str>,
) -> Result<Map<String, Value>, Reply> {
    let document = crate::api::document(API.service, kind.schema);
    let canonical = document.map_or_else(|| body.clone(), |known| shape::canonical(known, kind.schema, body));
    let mut asked = canonical.as_object().cloned().unwrap_or_default();
    // No instances at all is not the default: this is one of the few numbers that may be absent.
    let none = kind.is_pool() && body["scaling"]["manualInstanceCount"] == 0;
    if let (Some(Value::Object(scaling)), true) = (asked.get_mut("scaling"), none) {
        scaling.insert("manualInstanceCount".to_owned(), json!(0));
    }
    for field in OUTPUT_ONLY {
        asked.remove(field);
    }
    for container in containers_mut(&mut asked) {
        container.remove("buildInfo");
    }
    let paths: Vec<String> = mask.into_iter().flat_map(|mask| mask.split(',')).map(|path| camel(path.trim())).collect();
    // A mask has nothing to leave untouched in a service that does not exist yet.
    let Some(existing) = existing.filter(|_| !paths.is_empty() && !paths.iter().any(|path| path == "*")) else {
        return Ok(asked);
    };
    let mut merged = existing.clone();
    for path in &paths {
        let top = path.split('.').next().unwrap_or_default();
        let described = document.is_some_and(|known| known.schemas[kind.schema]["properties"].get(top).is_some());
        if !described && !world.future_fields.contains(top) && !existing.contains_key(top) {
            return Err(refusal::bad_field("update_mask", &format!("Invalid field mask path: {path}")));
        }
        if !OUTPUT_ONLY.contains(&top) {
            copy(&mut merged, &asked, path);
        }
    }
    Ok(merged)
}

/// `min_instance_count` as `minInstanceCount`; masks come in both.
fn camel(path: &str) -> String {
    let mut out = String::new();
    let mut raise = false;
    for letter in path.chars() {
        match letter {
            '_' => raise = true,
            _ if raise => {
                out.push(letter.to_ascii_uppercase());
                raise = false;
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Copies what lies at a path; what is absent in `from` is cleared.
fn copy(to: &mut Map<String, Value>, from: &Map<String, Value>, path: &str) {
    let Some((head, rest)) = path.split_once('.') else {
        match from.get(path) {
            Some(value) => drop(to.insert(path.to_owned(), value.clone())),
            None => drop(to.remove(path)),
        }
        return;
    };
    let empty = Map::new();
    let inner = from.get(head).and_then(Value::as_object).unwrap_or(&empty);
    if let Value::Object(target) = to.entry(head).or_insert_with(|| json!({})) {
        copy(target, inner, rest);
    }
}

/// Fills in what Cloud Run fills in, so that it comes back as a value.
pub(super) fn fill(config: &mut Map<String, Value>, project: &Project) {
    set_default(config, "ingress", json!("INGRESS_TRAFFIC_ALL"));
    if config.get("ingress") == Some(&json!("INGRESS_TRAFFIC_UNSPECIFIED")) {
        config.insert("ingress".to_owned(), json!("INGRESS_TRAFFIC_ALL"));
    }
    set_default(config, "launchStage", json!("GA"));
    set_default(config, "traffic", json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]));
    for container in containers_mut(config) {
        // Only a container without any resources gets CPU that idles: once they are given at
        // all, a missing cpuIdle means «always on».
        set_default(container, "resources", json!({"cpuIdle": true}));
        fill_limits(container);
    }
    let small = resources::total_cpu(config).is_some_and(|cpu| cpu < 1000);
    if let Some(Value::Object(template)) = config.get_mut("template") {
        set_default(template, "timeout", json!("300s"));
        set_default(template, "serviceAccount", json!(project.compute_account()));
        set_default(template, "maxInstanceRequestConcurrency", json!(if small { 1 } else { 80 }));
        let scaling = template.entry("scaling").or_insert_with(|| json!({}));
        if let Value::Object(scaling) = scaling {
            set_default(scaling, "maxInstanceCount", json!(100));
        }
    }
    if let Some(container) = ingress_container(config) {
        set_default(container, "ports", json!([{"name": "http1", "containerPort": 8080}]));
        if let Some(Value::Object(port)) = container.get_mut("ports").and_then(|ports| ports.get_mut(0)) {
            set_default(port, "name", json!("http1"));
        }
        let port = container["ports"][0]["containerPort"].clone();
        let probe =
            json!({"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": port}});
        set_default(container, "startupProbe", probe);
    }
}

/// The same for a worker pool, which no request reaches: its CPU is always on, and nothing listens.
pub(super) fn fill_pool(config: &mut Map<String, Value>, project: &Project) {
    set_default(config, "launchStage", json!("GA"));
    set_default(config, "instanceSplits", json!([{"type": "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST", "percent": 100}]));
    for container in containers_mut(config) {
        fill_limits(container);
    }
    if let Some(Value::Object(template)) = config.get_mut("template") {
        set_default(template, "serviceAccount", json!(project.compute_account()));
    }
}

fn fill_limits(container: &mut Map<String, Value>) {
    if let Value::Object(resources) = container.entry("resources").or_insert_with(|| json!({}))
        && let Value::Object(limits) = resources.entry("limits").or_insert_with(|| json!({}))
    {
        set_default(limits, "cpu", json!("1000m"));
        set_default(limits, "memory", json!("512Mi"));
    }
}

pub(super) fn set_default(fields: &mut Map<String, Value>, name: &str, value: Value) {
    fields.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_copy_and_clear() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let mut to = object(json!({"traffic": [1], "template": {"timeout": "1s", "labels": {"a": "b"}}}));
        let from = object(json!({"template": {"timeout": "2s"}}));
        for path in ["traffic", "template.timeout", "template.labels"] {
            copy(&mut to, &from, path);
        }
        assert_eq!(Value::Object(to), json!({"template": {"timeout": "2s"}}));
        assert_eq!(camel("template.max_instance_request_concurrency"), "template.maxInstanceRequestConcurrency");
    }

    #[test]
    fn given_resources_without_cpu_idle_stay_always_on() {
        let project = Project::new("p", "1");
        let filled = |container: Value| {
            let mut config = json!({"template": {"containers": [container]}}).as_object().cloned().unwrap_or_default();
            fill(&mut config, &project);
            config["template"]["containers"][0]["resources"].clone()
        };
        assert_eq!(filled(json!({}))["cpuIdle"], json!(true));
        let given = filled(json!({"resources": {"limits": {"memory": "1Gi"}}}));
        assert_eq!(given, json!({"limits": {"memory": "1Gi", "cpu": "1000m"}}));
    }
}
