//! From the document of a service to that of a worker pool: the same template, without what is about
//! requests, and a number of instances. Pure.

use serde_json::{Value, json};

/// Fields of a service's template that a worker pool has not (`run.v2`, WorkerPoolRevisionTemplate).
const OF_REQUESTS: [&str; 7] = [
    "timeout",
    "maxInstanceRequestConcurrency",
    "scaling",
    "executionEnvironment",
    "sessionAffinity",
    "healthCheckDisabled",
    "startupProbe",
];

/// Takes away what a worker pool has not, and sets its instances where they are given.
pub fn adapt(mut document: Value, instances: Option<u32>) -> Value {
    if let Some(root) = document.as_object_mut() {
        for field in ["ingress", "traffic", "instanceSplitStatuses"] {
            root.remove(field);
        }
    }
    if let Some(template) = document.get_mut("template").and_then(Value::as_object_mut) {
        OF_REQUESTS.iter().for_each(|field| drop(template.remove(*field)));
    }
    let containers = document.pointer_mut("/template/containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
        container.remove("ports");
        if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) {
            // CPU is always on where no requests say when it is needed.
            resources.remove("cpuIdle");
            resources.remove("startupCpuBoost");
        }
        if container.get("resources").is_some_and(|resources| *resources == json!({})) {
            container.remove("resources");
        }
    }
    if let Some(count) = instances {
        document["scaling"] = json!({ "manualInstanceCount": count });
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_requests_goes() {
        let service = json!({
            "etag": "e", "ingress": "INGRESS_TRAFFIC_ALL",
            "template": {"timeout": "300s", "serviceAccount": "a", "containers": [
                {"image": "i", "ports": [{"containerPort": 1}], "resources": {"cpuIdle": true, "startupCpuBoost": true}},
                {"image": "j", "resources": {"limits": {"memory": "1Gi"}, "cpuIdle": true}}]},
        });
        assert_eq!(
            adapt(service, Some(3)),
            json!({
                "etag": "e", "scaling": {"manualInstanceCount": 3},
                "template": {"serviceAccount": "a", "containers": [
                    {"image": "i"}, {"image": "j", "resources": {"limits": {"memory": "1Gi"}}}]},
            })
        );
    }
}
