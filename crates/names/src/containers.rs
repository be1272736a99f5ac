//! Containers of a template of Cloud Run's v2 API, which stays a JSON document.

use serde_json::{Map, Value};

/// The container that the image is for: the named one, the one with a port, the first.
pub fn serving_container<'a>(template: &'a Map<String, Value>, asked: Option<&str>) -> Option<&'a Map<String, Value>> {
    let list = template.get("containers")?.as_array()?;
    let named = |container: &&Value| asked.is_some() && container.get("name").and_then(Value::as_str) == asked;
    let with_port = |container: &&Value| asked.is_none() && container.get("ports").is_some();
    list.iter().find(named).or_else(|| list.iter().find(with_port)).or_else(|| list.first())?.as_object()
}
