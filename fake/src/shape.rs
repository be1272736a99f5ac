//! Does a JSON value have the shape its schema gives? And proto3's way of writing values: fields
//! that hold their default are left out.

use crate::discovery::Document;
use serde_json::{Map, Value};

/// What is wrong with a body, and where.
#[derive(Debug, PartialEq)]
pub(crate) enum Flaw {
    /// A field the schema does not have.
    Unknown {
        /// Path of the object that holds it; empty for the body itself.
        at: String,
        /// Its name.
        name: String,
    },
    /// A value that cannot be read as what the schema says.
    Bad {
        /// Path of the value.
        at: String,
        /// What it should be.
        wanted: String,
        /// What it is, as JSON.
        value: String,
    },
}

/// Every flaw of `value` against the named schema; `at` is how Google names the body.
pub(crate) fn flaws(document: &Document, schema: &str, value: &Value, at: &str) -> Vec<Flaw> {
    let mut found = Vec::new();
    if let Some(schema) = document.schemas.get(schema) {
        walk(document, schema, value, at, &mut found);
    }
    found
}

fn walk(document: &Document, schema: &Value, value: &Value, at: &str, found: &mut Vec<Flaw>) {
    if value.is_null() {
        return; // null is read as «not given»
    }
    if let Some(name) = schema["$ref"].as_str() {
        return document.schemas.get(name).map_or((), |schema| walk(document, schema, value, at, found));
    }
    let mut bad = |wanted: &str| {
        found.push(Flaw::Bad { at: at.to_owned(), wanted: wanted.to_owned(), value: value.to_string() });
    };
    match schema["type"].as_str().unwrap_or("any") {
        "object" => match value.as_object() {
            Some(fields) => members(document, schema, fields, at, found),
            None => bad("message"),
        },
        "array" => match value.as_array() {
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(document, &schema["items"], item, &format!("{at}[{index}]"), found);
                }
            }
            None => bad("list"),
        },
        "boolean" if !value.is_boolean() => bad("TYPE_BOOL"),
        "integer" if !value.is_i64() && !value.is_u64() => bad("TYPE_INT32"),
        "number" if !value.is_number() => bad("TYPE_DOUBLE"),
        "string" if !is_text(schema, value) => bad(schema["format"].as_str().unwrap_or("TYPE_STRING")),
        _ => {}
    }
}

fn members(document: &Document, schema: &Value, fields: &Map<String, Value>, at: &str, found: &mut Vec<Flaw>) {
    let known = schema["properties"].as_object();
    let every = schema.get("additionalProperties");
    if known.is_none_or(Map::is_empty) && every.is_none() && at.contains('.') {
        // Cloud Storage leaves a few inner objects undescribed.
        return;
    }
    for (name, value) in fields {
        let inner = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match known.and_then(|known| known.get(name)).or(every) {
            Some(schema) => walk(document, schema, value, &inner, found),
            None => found.push(Flaw::Unknown { at: at.to_owned(), name: name.clone() }),
        }
    }
}

/// Strings carry 64-bit numbers, durations, instants, bytes and enums as well.
fn is_text(schema: &Value, value: &Value) -> bool {
    let format = schema["format"].as_str().unwrap_or_default();
    if matches!(format, "int64" | "uint64") && (value.is_i64() || value.is_u64()) {
        return true; // protobuf's JSON reader takes both
    }
    let Some(text) = value.as_str() else { return false };
    match format {
        "int64" => text.parse::<i64>().is_ok(),
        "uint64" => text.parse::<u64>().is_ok(),
        "google-duration" => text.strip_suffix('s').is_some_and(|n| n.parse::<f64>().is_ok()),
        "google-datetime" => crate::clock::parse(text).is_some(),
        _ => schema["enum"].as_array().is_none_or(|legal| legal.iter().any(|word| word == text)),
    }
}

/// The value without the fields that hold their default, as Google writes it. Unknown fields and
/// map entries stay as they are; empty messages stay, since their presence means something.
pub(crate) fn canonical(document: &Document, schema: &str, value: &Value) -> Value {
    document.schemas.get(schema).map_or_else(|| value.clone(), |schema| prune(document, schema, value))
}

fn prune(document: &Document, schema: &Value, value: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return canonical(document, name, value);
    }
    match value {
        Value::Array(items) => items.iter().map(|item| prune(document, &schema["items"], item)).collect(),
        Value::Object(fields) => {
            let known = schema["properties"].as_object();
            let kept = fields.iter().filter_map(|(name, value)| {
                let inner = known.and_then(|known| known.get(name));
                let Some(inner) = inner else { return Some((name.clone(), value.clone())) };
                let value = match (inner["format"].as_str(), value) {
                    (Some("int64" | "uint64"), Value::Number(number)) => Value::String(number.to_string()),
                    _ => prune(document, inner, value),
                };
                (!is_default(inner, &value)).then(|| (name.clone(), value))
            });
            Value::Object(kept.collect())
        }
        _ => value.clone(),
    }
}

fn is_default(schema: &Value, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || (schema["format"] == "int64" && text == "0"),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && schema.get("additionalProperties").is_some(),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn build() -> Document {
        Document::read(include_str!("../../tests/schemas/cloudbuild.v1.json"))
    }

    #[test]
    fn misspelt_and_mistyped_fields_are_named() {
        let body = json!({"steps": [{"nam": "x"}], "timeout": "10", "images": "a", "tags": null});
        let at = |flaw: &Flaw| match flaw {
            Flaw::Unknown { at, name } => format!("{at}/{name}"),
            Flaw::Bad { at, wanted, .. } => format!("{at}={wanted}"),
        };
        let found: Vec<String> = flaws(&build(), "Build", &body, "build").iter().map(at).collect();
        assert_eq!(found, ["build.steps[0]/nam", "build.timeout=google-duration", "build.images=list"]);
    }

    #[test]
    fn numbers_in_text_must_be_numbers() {
        let body = json!({"options": {"diskSizeGb": "much"}});
        assert_eq!(flaws(&build(), "Build", &body, "build").len(), 1);
    }

    #[test]
    fn sixty_four_bits_may_come_as_a_number() {
        let body = json!({"options": {"diskSizeGb": 100, "logging": "GCS_ONLY"}});
        assert_eq!(flaws(&build(), "Build", &body, "build"), []);
    }

    #[test]
    fn defaults_are_left_out_and_the_unknown_is_kept() {
        let body = json!({"options": {"diskSizeGb": 100, "pool": {}}, "tags": [], "timeout": "", "novel": 0,
            "substitutions": {"_A": ""}, "secrets": []});
        let written = json!({"options": {"diskSizeGb": "100", "pool": {}}, "novel": 0, "substitutions": {"_A": ""}});
        assert_eq!(canonical(&build(), "Build", &body), written);
    }
}
