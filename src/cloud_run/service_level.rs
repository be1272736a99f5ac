//! Settings of a service that hold for all of its revisions at once, such as its ingress and its labels: they change
//! together with the traffic, and go back together with it. Pure.

use serde_json::{Map, Value};

use super::own_names::is_note;
use super::read_only::settings_of;
use slipway_names::json::object;

/// What a service's document holds besides such settings: what makes a revision, who serves, and what marks the write.
/// A launch stage goes with the template that needs it.
const OTHERS: [&str; 6] = ["etag", "template", "traffic", "client", "clientVersion", "launchStage"];

/// A change of such settings, as a merge patch (RFC 7396): what is not named stays, `null` takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch(Map<String, Value>);

impl Patch {
    /// What leads from one service to another.
    pub fn between(before: &Value, after: &Value) -> Self {
        Self(difference(&settings(before), &settings(after)))
    }

    /// As it was noted; empty where it is none.
    pub fn read(json: Option<&Value>) -> Self {
        Self(json.and_then(Value::as_object).cloned().unwrap_or_default())
    }

    /// As it is noted.
    pub fn json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields of a service that it changes, as an update mask names them.
    pub fn fields(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Changes a service.
    pub fn apply(&self, service: &mut Value) {
        merge(object(service), &self.0);
    }
}

/// The settings of a service that are no revision's, without notes of ours.
fn settings(service: &Value) -> Map<String, Value> {
    let mut all = settings_of(service);
    let root = object(&mut all);
    OTHERS.iter().for_each(|other| drop(root.remove(*other)));
    if let Some(annotations) = root.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !is_note(name));
    }
    // A map without entries and no map are the same.
    root.retain(|_, value| !matches!(value, Value::Null) && value.as_object().is_none_or(|map| !map.is_empty()));
    std::mem::take(root)
}

fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (key, value) in after {
        match (before.get(key), value) {
            (Some(old), value) if old == value => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                patch.insert(key.clone(), difference(old, new).into());
            }
            // Every field is named, so that the way back is known field by field.
            (_, Value::Object(new)) => drop(patch.insert(key.clone(), difference(&Map::new(), new).into())),
            (_, value) => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    patch.extend(gone.map(|key| (key.clone(), Value::Null)));
    patch
}

fn merge(on: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(on.remove(key)),
            Value::Object(inner) => merge(object(on.entry(key.clone()).or_insert_with(|| Map::new().into())), inner),
            value => drop(on.insert(key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Settings as services have them, some of them absent.
    fn service() -> impl Strategy<Value = Value> {
        let word = || proptest::option::of("[a-c]");
        let labels = proptest::collection::btree_map("[a-c]", "[x-z]", 0..3);
        (word(), word(), labels, proptest::option::of(0..3), proptest::collection::vec("[a-c]", 0..3)).prop_map(
            |(ingress, description, labels, least, audiences)| {
                let mut service =
                    json!({"etag": "e", "template": {"timeout": "1s"}, "annotations": {"slipway.dev/serving": "x"}});
                for (key, value) in [("ingress", ingress), ("description", description)] {
                    if let Some(value) = value {
                        service[key] = value.into();
                    }
                }
                if !labels.is_empty() {
                    service["labels"] = json!(labels);
                }
                if let Some(least) = least {
                    service["scaling"] = json!({"minInstanceCount": least});
                }
                if !audiences.is_empty() {
                    service["customAudiences"] = json!(audiences);
                }
                service
            },
        )
    }

    proptest! {
        #[test]
        fn a_change_leads_there_and_back(before in service(), after in service()) {
            let mut there = before.clone();
            let patch = Patch::between(&before, &after);
            patch.apply(&mut there);
            prop_assert_eq!(settings(&there), settings(&after));
            prop_assert_eq!(patch.is_empty(), settings(&before) == settings(&after));
            Patch::between(&there, &before).apply(&mut there);
            prop_assert_eq!(settings(&there), settings(&before));
            prop_assert_eq!(Patch::read(Some(&patch.json())), patch);
        }
    }

    #[test]
    fn what_others_change_meanwhile_stays() {
        let before = json!({"labels": {"a": "1"}, "ingress": "ALL"});
        let after = json!({"labels": {"a": "2", "b": "3"}, "ingress": "INTERNAL"});
        let mut now = json!({"labels": {"a": "1", "theirs": "x"}, "ingress": "ALL", "iapEnabled": true});
        let patch = Patch::between(&before, &after);
        assert_eq!(patch.fields(), ["labels", "ingress"]);
        patch.apply(&mut now);
        assert_eq!(
            now,
            json!({"labels": {"a": "2", "theirs": "x", "b": "3"}, "ingress": "INTERNAL", "iapEnabled": true})
        );
    }

    #[test]
    fn what_makes_a_revision_and_what_we_note_is_no_such_setting() {
        let before = json!({"template": {"a": 1}, "traffic": [], "launchStage": "GA", "annotations": {"slipway.dev/rollout": "x"}});
        let after = json!({"template": {"a": 2}, "traffic": [1], "launchStage": "BETA", "annotations": {"slipway.dev/serving": "y"}, "client": "slipway"});
        assert!(Patch::between(&before, &after).is_empty());
    }
}
