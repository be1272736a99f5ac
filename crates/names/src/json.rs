//! JSON that came from outside: what it is, in words, and changing it. What is not what it should be is replaced, and no
//! program is stopped by it.

use serde_json::{Map, Value};

/// What a value is, in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "a switch",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The object in a value; what is none becomes an empty one.
pub fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object just above"),
    }
}

/// The list behind a key; what is none becomes an empty one.
pub fn list<'a>(value: &'a mut Value, key: &str) -> &'a mut Vec<Value> {
    let list = object(value).entry(key).or_insert(Value::Null);
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    match list {
        Value::Array(list) => list,
        _ => unreachable!("made a list just above"),
    }
}

/// Sets what stands behind a key.
pub fn set(value: &mut Value, key: &str, new: impl Into<Value>) {
    object(value).insert(key.to_owned(), new.into());
}
