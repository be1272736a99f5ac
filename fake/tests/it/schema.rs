//! Replies held against the published API descriptions: no unknown field, the right JSON types,
//! legal words. Written apart from the fake's own reader of the same files.

use serde_json::{Map, Value};
use std::path::Path;

/// Panics if the reply to this method does not have its schema's shape.
pub(crate) fn check_reply(call: &str, path: &str, reply: &Value) {
    let api = call.split('.').next().unwrap_or_default();
    let version = path.split('/').find(|part| matches!(*part, "v1" | "v1beta1" | "v2" | "v3")).unwrap_or("v1");
    let version = if api == "storage" { "v1" } else { version };
    let document = load(&format!("{api}.{version}"));
    let Some(schema) = document["methods"][call]["response"].as_str() else { return };
    let mut troubles = Vec::new();
    walk(&document, &document["schemas"][schema], reply, schema, &mut troubles);
    assert!(troubles.is_empty(), "{call}: {troubles:#?}");
}

/// Panics if a value does not have this schema's shape.
pub(crate) fn check_value(file: &str, schema: &str, value: &Value) {
    let document = load(file);
    let mut troubles = Vec::new();
    walk(&document, &document["schemas"][schema], value, schema, &mut troubles);
    assert!(troubles.is_empty(), "{schema}: {troubles:#?}");
}

fn load(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/schemas/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|trouble| panic!("{}: {trouble}", path.display()));
    serde_json::from_str(&text).expect("a JSON file")
}

fn walk(document: &Value, schema: &Value, value: &Value, at: &str, troubles: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return walk(document, &document["schemas"][name], value, at, troubles);
    }
    match (schema["type"].as_str(), value) {
        (Some("object"), Value::Object(fields)) => object(document, schema, fields, at, troubles),
        (Some("array"), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                walk(document, &schema["items"], item, &format!("{at}[{index}]"), troubles);
            }
        }
        (Some("string"), Value::String(text)) => string(schema, text, at, troubles),
        (Some("boolean"), Value::Bool(_)) | (Some("any") | None, _) => {}
        (Some("integer"), Value::Number(number)) if number.is_i64() => {}
        (Some("number"), Value::Number(_)) => {}
        (wanted, value) => troubles.push(format!("{at}: {value} is not of type {wanted:?}")),
    }
}

fn object(document: &Value, schema: &Value, fields: &Map<String, Value>, at: &str, troubles: &mut Vec<String>) {
    let known = schema["properties"].as_object();
    let free = schema.get("additionalProperties");
    if known.is_none_or(Map::is_empty) && free.is_none() {
        return; // an object the description leaves open
    }
    typed(document, fields, at, troubles);
    for (name, value) in fields {
        let inner = format!("{at}.{name}");
        match known.and_then(|known| known.get(name)).or(free) {
            Some(schema) => walk(document, schema, value, &inner, troubles),
            None => troubles.push(format!("{inner} is not in the schema")),
        }
    }
}

/// The content of an operation names its type.
fn typed(document: &Value, fields: &Map<String, Value>, at: &str, troubles: &mut Vec<String>) {
    let Some(kind) = fields.get("@type").and_then(Value::as_str) else { return };
    let short = kind.rsplit('.').next().unwrap_or_default();
    let names = [short.to_owned(), format!("GoogleCloudRunV2{short}")];
    let Some(schema) = names.iter().find_map(|name| document["schemas"].get(name)) else { return };
    let mut fields = fields.clone();
    fields.remove("@type");
    object(document, schema, &fields, &format!("{at}({short})"), troubles);
}

fn string(schema: &Value, text: &str, at: &str, troubles: &mut Vec<String>) {
    let well = match schema["format"].as_str() {
        Some("int64") => text.parse::<i64>().is_ok(),
        Some("uint64") => text.parse::<u64>().is_ok(),
        Some("google-duration") => text.ends_with('s'),
        Some("google-datetime" | "date-time") => text.len() >= 20 && text.ends_with('Z') && text.contains('T'),
        Some("byte") => text.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(c)),
        _ => schema["enum"].as_array().is_none_or(|words| words.iter().any(|word| word == text)),
    };
    if !well {
        troubles.push(format!("{at}: \"{text}\" is not legal"));
    }
}
