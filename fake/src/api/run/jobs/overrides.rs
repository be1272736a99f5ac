//! What a run may change of its job's template, for itself alone.

use super::super::containers;
use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value, json};

/// The job's template with the overrides in it.
pub(super) fn apply(mut template: Map<String, Value>, overrides: &Value) -> Result<Map<String, Value>, Reply> {
    if let Some(count) = overrides["taskCount"].as_i64().filter(|count| *count != 0) {
        template.insert("taskCount".to_owned(), json!(count));
    }
    if let Some(timeout) = overrides["timeout"].as_str().filter(|timeout| !timeout.is_empty()) {
        template["template"]["timeout"] = json!(timeout);
    }
    for (index, asked) in overrides["containerOverrides"].as_array().into_iter().flatten().enumerate() {
        let wanted = asked["name"].as_str().filter(|name| !name.is_empty());
        let is_meant = |container: &&mut Map<String, Value>| {
            wanted.is_none_or(|wanted| container.get("name").and_then(Value::as_str) == Some(wanted))
        };
        let Some(container) = containers::containers_mut(&mut template).find(is_meant) else {
            let text = format!("The job has no container with the name '{}'.", wanted.unwrap_or_default());
            return Err(refusal::bad_field(&format!("overrides.container_overrides[{index}].name"), &text));
        };
        if asked["clearArgs"] == true {
            container.remove("args");
        }
        if asked["args"].as_array().is_some_and(|args| !args.is_empty()) {
            container.insert("args".to_owned(), asked["args"].clone());
        }
        set_variables(container, asked["env"].as_array().map_or(&[][..], Vec::as_slice));
    }
    Ok(template)
}

/// Variables of the same name are replaced, others are added.
fn set_variables(container: &mut Map<String, Value>, asked: &[Value]) {
    if asked.is_empty() {
        return;
    }
    if let Value::Array(list) = container.entry("env").or_insert_with(|| json!([])) {
        list.retain(|known| !asked.iter().any(|variable| variable["name"] == known["name"]));
        list.extend(asked.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(overrides: Value) -> Result<Map<String, Value>, Reply> {
        let container =
            json!({"name": "a", "args": ["up"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let template = json!({"taskCount": 1, "template": {"containers": [container], "timeout": "600s"}});
        apply(template.as_object().cloned().unwrap_or_default(), &overrides)
    }

    #[test]
    fn what_is_named_is_changed_and_nothing_else() {
        let overrides = json!({"taskCount": 3, "timeout": "60s",
            "containerOverrides": [{"args": ["down"], "env": [{"name": "B", "value": "3"}]}]});
        let template = applied(overrides).unwrap_or_default();
        assert_eq!((&template["taskCount"], &template["template"]["timeout"]), (&json!(3), &json!("60s")));
        let container = &template["template"]["containers"][0];
        assert_eq!(container["args"], json!(["down"]));
        assert_eq!(container["env"], json!([{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]));
        let cleared = applied(json!({"containerOverrides": [{"name": "a", "clearArgs": true}]})).unwrap_or_default();
        assert!(cleared["template"]["containers"][0].get("args").is_none());
    }

    #[test]
    fn a_container_that_is_not_there_is_refused() {
        assert!(applied(json!({"containerOverrides": [{"name": "b"}]})).is_err());
    }
}
