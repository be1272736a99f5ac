//! The containers of a template by their places, and the word for where they run. Pure.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;

/// Which container the image is for: the named one, the only one, the one with a port, the first.
pub(crate) fn container_index(
    template: &mut Map<String, Value>,
    asked: Option<&str>,
    new: bool,
) -> Result<usize, ChangeError> {
    let containers = template.entry("containers").or_insert_with(|| json!([]));
    if !containers.is_array() {
        *containers = json!([]);
    }
    let Some(list) = containers.as_array_mut() else { return Ok(0) };
    let name = |container: &Value| container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if list.is_empty() {
        list.push(match asked {
            Some(asked) => json!({ "name": asked }),
            None => json!({}),
        });
        return Ok(0);
    }
    match asked {
        Some(asked) => match list.iter().position(|container| name(container) == asked) {
            Some(index) => Ok(index),
            None if new => Ok(0),
            None => {
                Err(ChangeError::NoSuchContainer { asked: asked.to_owned(), there: list.iter().map(name).collect() })
            }
        },
        None => Ok(list.iter().position(|container| container.get("ports").is_some()).unwrap_or(0)),
    }
}

pub(super) fn take_container(template: &mut Map<String, Value>, index: usize) -> Map<String, Value> {
    let container = template.get_mut("containers").and_then(|list| list.get_mut(index)).map(Value::take);
    match container {
        Some(Value::Object(container)) => container,
        _ => Map::new(),
    }
}

/// The field's word for the second generation, or the first.
pub(super) fn generation(second: bool) -> &'static str {
    if second { "EXECUTION_ENVIRONMENT_GEN2" } else { "EXECUTION_ENVIRONMENT_GEN1" }
}
