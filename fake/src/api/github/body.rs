//! Bodies: JSON objects with the keys a route permits, each of the type it must be.

use super::refusal::refuse;
use crate::call::Call;
use crate::reply::Reply;
use crate::world::World;
use serde_json::{Map, Value};

/// What a key may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A string or null.
    TextOrNull,
    /// A boolean.
    Flag,
    /// A list of strings, or null.
    Texts,
    /// A list of whole numbers.
    Numbers,
    /// An object or a string.
    Payload,
}

/// Reads a body. Of the permitted keys those with `true` must be there.
pub(super) fn read(
    world: &mut World,
    call: &Call,
    permitted: &[(&str, Kind, bool)],
) -> Result<Map<String, Value>, Reply> {
    if !call.header("content-type").unwrap_or_default().starts_with("application/json") {
        world.unexpected.push(format!("{}: a JSON body without Content-Type: application/json", call.id));
    }
    let fields = match serde_json::from_slice(&call.body) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(refuse(400, "Body should be a JSON object")),
        Err(_) => return Err(refuse(400, "Problems parsing JSON")),
    };
    let invalid = |why: String| Err(refuse(422, &format!("Invalid request.\n\n{why}")));
    for (name, value) in &fields {
        let Some((_, kind, _)) = permitted.iter().find(|(known, _, _)| known == name) else {
            world.unexpected.push(format!("{}: body field «{name}»", call.id));
            return invalid(format!("\"{name}\" is not a permitted key."));
        };
        let (fits, wanted) = match kind {
            Kind::Text => (value.is_string(), "a string"),
            Kind::TextOrNull => (value.is_string() || value.is_null(), "a string or null"),
            Kind::Flag => (value.is_boolean(), "a boolean"),
            Kind::Texts => {
                let texts = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
                (texts || value.is_null(), "an array")
            }
            Kind::Numbers => {
                let numbers = value.as_array().is_some_and(|list| list.iter().all(Value::is_u64));
                (numbers, "an array")
            }
            Kind::Payload => (value.is_object() || value.is_string(), "an object or a string"),
        };
        if !fits {
            return invalid(format!("For 'properties/{name}', {value} is not {wanted}."));
        }
    }
    match permitted.iter().find(|(name, _, required)| *required && !fields.contains_key(*name)) {
        Some((name, _, _)) => invalid(format!("\"{name}\" wasn't supplied.")),
        None => Ok(fields),
    }
}

/// A text of a body; none where it is absent or null.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
