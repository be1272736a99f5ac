//! What Cloud Run fills in where a service says nothing: taking such a value away changes nothing, so a plan does not show
//! it. Pure.

use serde_json::{Map, Value, json};

use slipway_names::json::object;

/// Makes a field's value where nothing is said.
type Default = fn() -> Value;

/// Fields of a template and what they are where nothing is said (docs of Cloud Run: request timeout, maximum concurrency,
/// maximum instances).
const OF_TEMPLATES: [(&str, &str, Default); 3] = [
    ("", "timeout", || json!("300s")),
    ("", "maxInstanceRequestConcurrency", || json!(80)),
    ("scaling", "maxInstanceCount", || json!(100)),
];

/// How the default account's address ends (docs of Cloud Run: service identity).
const DEFAULT_ACCOUNT: &str = "-compute@developer.gserviceaccount.com";

/// The service that shall be, with what the service that is has by default, and will have again.
pub(super) fn filled(before: &Value, after: &Value) -> Value {
    let mut after = after.clone();
    let (Some(old), Some(new)) = (before.get("template"), after.get_mut("template")) else { return after };
    let new = object(new);
    for (inside, name, value) in OF_TEMPLATES {
        let (old, new) = match inside {
            "" => (old, &mut *new),
            _ => (&old[inside], object(new.entry(inside).or_insert_with(|| Map::new().into()))),
        };
        keep(old, new, name, |old| *old == value());
    }
    keep(old, new, "serviceAccount", |old| old.as_str().is_some_and(|account| account.ends_with(DEFAULT_ACCOUNT)));
    let none = Vec::new();
    let olds = old["containers"].as_array().unwrap_or(&none);
    let news = new.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten();
    for (index, container) in news.enumerate() {
        let name = container.get("name").cloned();
        let same = |old: &&Value| name.is_some() && old.get("name") == name.as_ref();
        if let Some(old) = olds.iter().find(same).or_else(|| olds.get(index)) {
            container_filled(old, object(container));
        }
    }
    after
}

/// Keeps what a field was by default, where nothing is said of it any more.
fn keep(old: &Value, new: &mut Map<String, Value>, name: &str, is_default: impl Fn(&Value) -> bool) {
    if let (Some(value), false) = (old.get(name).filter(|value| is_default(value)), new.contains_key(name)) {
        new.insert(name.to_owned(), value.clone());
    }
}

fn container_filled(old: &Value, new: &mut Map<String, Value>) {
    let port = json!([{"name": "http1", "containerPort": 8080}]);
    keep(old, new, "ports", |ports| *ports == port);
    let listens = new.get("ports").and_then(|ports| ports.pointer("/0/containerPort")).cloned();
    // The probe that is there by default asks the port (docs of Cloud Run: health checks).
    let probe =
        json!({"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": listens}});
    keep(old, new, "startupProbe", |old| *old == probe);
    let nothing_said = !new.contains_key("resources");
    let resources = object(new.entry("resources").or_insert_with(|| Map::new().into()));
    if nothing_said {
        // As soon as anything is said of resources, CPU is always on unless it is said that it idles.
        keep(&old["resources"], resources, "cpuIdle", |idle| *idle == true);
    }
    let limits = object(resources.entry("limits").or_insert_with(|| Map::new().into()));
    keep(&old["resources"]["limits"], limits, "cpu", |cpu| *cpu == "1" || *cpu == "1000m");
    keep(&old["resources"]["limits"], limits, "memory", |memory| *memory == "512Mi");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service as Cloud Run answers it where hardly anything was said.
    fn bare() -> Value {
        json!({"template": {
            "timeout": "300s", "maxInstanceRequestConcurrency": 80, "scaling": {"maxInstanceCount": 100},
            "serviceAccount": "123-compute@developer.gserviceaccount.com",
            "containers": [{"image": "i", "ports": [{"name": "http1", "containerPort": 8080}],
                "resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}, "cpuIdle": true},
                "startupProbe": {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": 8080}}}]}})
    }

    #[test]
    fn what_comes_by_itself_is_no_change() {
        assert_eq!(filled(&bare(), &json!({"template": {"containers": [{"image": "i"}]}})), bare());
    }

    #[test]
    fn what_was_said_is_one() {
        let mut said = bare();
        said["template"]["timeout"] = json!("60s");
        said["template"]["containers"][0]["resources"]["startupCpuBoost"] = true.into();
        said["template"]["containers"][0]["startupProbe"]["periodSeconds"] = 5.into();
        let after = filled(&said, &json!({"template": {"containers": [{"image": "i"}]}}));
        assert_eq!(after["template"].get("timeout"), None);
        let container = &after["template"]["containers"][0];
        assert_eq!((container.get("startupProbe"), container["resources"].get("startupCpuBoost")), (None, None));
        let after =
            filled(&bare(), &json!({"template": {"containers": [{"resources": {"limits": {"memory": "1Gi"}}}]}}));
        assert_eq!(
            after["template"]["containers"][0]["resources"],
            json!({"limits": {"memory": "1Gi", "cpu": "1000m"}}),
            "CPU is always on now"
        );
    }
}
