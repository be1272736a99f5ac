//! Fields of a document, whatever part of it they stand in: one that is set where a value is given, labels, a list. Pure.

use serde_json::{Map, Value, json};

use super::wanted::settings::Settings;
use slipway_names::json::object;

/// Gives labels, and takes away those that go.
pub(super) fn label(on: &mut Map<String, Value>, settings: &Settings) {
    if settings.labels_all_gone {
        on.remove("labels");
    }
    if !settings.labels.is_empty() {
        add_labels(on, &settings.labels);
    }
    let Some(there) = on.get_mut("labels").and_then(Value::as_object_mut) else { return };
    settings.labels_gone.iter().for_each(|name| drop(there.remove(name)));
    if there.is_empty() {
        on.remove("labels");
    }
}

pub(crate) fn add_labels(on: &mut Map<String, Value>, labels: &[(String, String)]) {
    let there = object(on.entry("labels").or_insert_with(|| json!({})));
    for (key, value) in labels {
        there.insert(key.clone(), value.as_str().into());
    }
}

/// Sets a field when a value is given, and leaves it alone when none is.
pub(crate) fn set(on: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        on.insert(key.to_owned(), value.into());
    }
}

/// The items of a list; none where it is no list.
pub(crate) fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
