//! Pages of lists.

use crate::call::Call;
use serde_json::{Value, json};

/// One page of a list under this name; the token is a place in the list.
pub(super) fn of(call: &Call, name: &str, all: Vec<Value>) -> Value {
    let size = call.query("pageSize").and_then(|size| size.parse().ok()).filter(|size| *size > 0).unwrap_or(100_usize);
    let from: usize = call.query("pageToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
    let mut reply = json!({});
    if !page.is_empty() {
        reply[name] = Value::Array(page);
    }
    if total > from + size {
        reply["nextPageToken"] = json!((from + size).to_string());
    }
    reply
}
