//! From the document of a service to that of a worker pool: the same template, without what is about
//! requests, and a number of instances. Pure.

use serde_json::{Value, json};

use slipway_names::json::object;

/// What a container gets by default where requests say when it needs CPU; in a worker pool it is always on.
const OF_REQUESTS: [&str; 2] = ["cpuIdle", "startupCpuBoost"];

/// Takes away the defaults that a worker pool has not, unless they are on the pool as it is, and sets its instances where
/// they are given. `current` is the pool, or its manifest, that `document` was made from.
pub fn adapt(mut document: Value, current: Option<&Value>, instances: Option<u32>) -> Value {
    let containers = document.pointer_mut("/template/containers").and_then(Value::as_array_mut);
    for (index, container) in containers.into_iter().flatten().enumerate() {
        let there = current.and_then(|pool| pool.pointer(&format!("/template/containers/{index}/resources")));
        let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) else { continue };
        resources.retain(|name, _| {
            !OF_REQUESTS.contains(&name.as_str()) || there.is_some_and(|there| there.get(name).is_some())
        });
        if resources.is_empty() && there.is_none() {
            object(container).remove("resources");
        }
    }
    if let Some(count) = instances {
        let scaling = object(&mut document).entry("scaling").or_insert_with(|| json!({}));
        object(scaling).insert("manualInstanceCount".into(), count.into());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_services_go_and_what_the_pool_has_stays() {
        let document = |resources: Value, scaling: Value| {
            json!({"etag": "e", "scaling": scaling, "template": {"containers": [
                {"image": "i", "resources": resources}, {"image": "j", "resources": {"limits": {"memory": "1Gi"}, "cpuIdle": true}}]}})
        };
        let made =
            document(json!({"cpuIdle": true, "startupCpuBoost": true}), json!({"future": 1, "manualInstanceCount": 1}));
        assert_eq!(
            adapt(made.clone(), None, Some(3)),
            json!({"etag": "e", "scaling": {"future": 1, "manualInstanceCount": 3}, "template": {"containers": [
                {"image": "i"}, {"image": "j", "resources": {"limits": {"memory": "1Gi"}}}]}})
        );
        assert_eq!(adapt(made.clone(), Some(&made), None), made, "what is there is not taken for a default");
    }
}
