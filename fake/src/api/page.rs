//! Pages of lists.

use crate::call::Call;
use serde_json::{Value, json};

/// How many items a page has: so many when the caller does not say, and never more than `most`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Where the caller does not say.
    pub(crate) usual: usize,
    /// At most, whatever the caller says.
    pub(crate) most: usize,
}

impl Size {
    /// What Cloud Run's lists do.
    pub(crate) const RUN: Size = Size { usual: 100, most: usize::MAX };
}

/// One page of a list under this name; the token is a place in the list.
pub(crate) fn of(call: &Call, name: &str, size: Size, all: Vec<Value>) -> Value {
    let asked = call.query("pageSize").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
    let size = asked.unwrap_or(size.usual).min(size.most);
    let from: usize = call.query("pageToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
    let mut reply = json!({});
    if !page.is_empty() {
        reply[name] = Value::Array(page);
    }
    if total > from.saturating_add(size) {
        reply["nextPageToken"] = json!(from.saturating_add(size).to_string());
    }
    reply
}
