//! What a job is configured as after a patch: the body without output-only fields, with the
//! defaults Cloud Run fills in.

use super::super::{API, accept, containers};
use crate::shape;
use crate::world::Project;
use serde_json::{Map, Value, json};

/// Fields of a job that only Cloud Run writes.
const OUTPUT_ONLY: [&str; 17] = [
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
    "executionCount",
    "latestCreatedExecution",
    "satisfiesPzs",
    "etag",
];

/// The configuration a patch asks for; it replaces the old one, there is no mask.
pub(super) fn read(body: &Value, project: &Project) -> Map<String, Value> {
    let document = crate::api::document(API.service, "GoogleCloudRunV2Job");
    let canonical = document.map_or_else(|| body.clone(), |known| shape::canonical(known, "GoogleCloudRunV2Job", body));
    let mut config = canonical.as_object().cloned().unwrap_or_default();
    for field in OUTPUT_ONLY {
        config.remove(field);
    }
    // No retries at all is not the default: this is one of the few numbers that may be absent.
    let none = body["template"]["template"]["maxRetries"] == 0;
    let template = config.entry("template").or_insert_with(|| json!({}));
    if let Value::Object(template) = template {
        let task = template.entry("template").or_insert_with(|| json!({}));
        if let (Value::Object(task), true) = (task, none) {
            task.insert("maxRetries".to_owned(), json!(0));
        }
    }
    fill(&mut config, project);
    config
}

fn fill(config: &mut Map<String, Value>, project: &Project) {
    accept::set_default(config, "launchStage", json!("GA"));
    let Some(Value::Object(template)) = config.get_mut("template") else { return };
    accept::set_default(template, "taskCount", json!(1));
    for container in containers::containers_mut(template) {
        container.remove("buildInfo");
        accept::set_default(container, "resources", json!({}));
        if let Some(Value::Object(resources)) = container.get_mut("resources")
            && let Value::Object(limits) = resources.entry("limits").or_insert_with(|| json!({}))
        {
            accept::set_default(limits, "cpu", json!("1000m"));
            accept::set_default(limits, "memory", json!("512Mi"));
        }
    }
    if let Some(Value::Object(task)) = template.get_mut("template") {
        accept::set_default(task, "maxRetries", json!(3));
        accept::set_default(task, "timeout", json!("600s"));
        accept::set_default(task, "serviceAccount", json!(project.compute_account()));
        accept::set_default(task, "executionEnvironment", json!("EXECUTION_ENVIRONMENT_GEN2"));
    }
}

/// The suffix of the execution a configuration asks for, and whether the change waits for its end.
pub(super) fn token(config: &Map<String, Value>) -> Option<(&str, bool)> {
    let given = |field: &str| config.get(field).and_then(Value::as_str);
    given("runExecutionToken").map(|token| (token, true)).or(given("startExecutionToken").map(|token| (token, false)))
}

/// Part of a configuration: its tasks' template where the laws of services look for theirs.
pub(super) fn as_of_service(template: &Map<String, Value>) -> Map<String, Value> {
    let task = template.get("template").cloned().unwrap_or_default();
    Map::from_iter([("template".to_owned(), task)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_retries_are_told_from_the_usual_ones() {
        let project = Project::new("p", "1");
        let retries = |task: Value| {
            read(&json!({"template": {"template": task}}), &project)["template"]["template"]["maxRetries"].clone()
        };
        assert_eq!(retries(json!({"maxRetries": 0})), 0);
        assert_eq!(retries(json!({"maxRetries": 5})), 5);
        assert_eq!(retries(json!({})), 3);
    }
}
