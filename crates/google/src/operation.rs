//! Watching a long operation of Cloud Run: still running, done, failed, or no longer watched.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_wire::clock::{Limit, jitter};
use slipway_wire::repeat::Repeat;

/// How long one look may block on Google's side.
const LONG_POLL: &str = "30s";

/// Least time between two looks: Google may answer a long poll at once, undone.
const FLOOR: Duration = Duration::from_secs(1);

/// An operation that cannot be found for this long will not turn up any more.
const MISSING_FOR: Duration = Duration::from_secs(30);

/// An operation, as last seen.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its full name.
    pub name: String,
    /// How it ended; `None` while it runs.
    pub end: Option<OperationEnd>,
}

/// How an operation ended.
#[derive(Debug, Clone)]
pub enum OperationEnd {
    /// As intended.
    Done,
    /// Not as intended, in Google's sentence.
    Failed(String),
}

impl Operation {
    /// Reads an operation; `None` when the document is none.
    pub fn read(json: &Value) -> Option<Self> {
        let name = json.get("name")?.as_str()?.to_owned();
        let done = json.get("done").and_then(Value::as_bool) == Some(true);
        let end = match json.get("error") {
            Some(error) if done => Some(OperationEnd::Failed(
                error.get("message").and_then(Value::as_str).unwrap_or("no reason was given").to_owned(),
            )),
            _ => done.then_some(OperationEnd::Done),
        };
        Some(Self { name, end })
    }
}

/// What watching came to.
#[derive(Debug)]
pub enum OperationWatched {
    /// The operation ended.
    Ended(OperationEnd),
    /// The limit was reached first; the operation may still be going on.
    StoppedWatching,
    /// It cannot be looked at.
    Unseen(ApiError),
}

/// Looks at an operation until it ends or the limit is reached. A look that fails in passing is
/// not a failed operation.
pub async fn watch(http: &Http, operation: Operation, limit: Limit, mut progress: impl FnMut()) -> OperationWatched {
    let mut operation = operation;
    let mut missing = None;
    loop {
        if let Some(end) = operation.end {
            return OperationWatched::Ended(end);
        }
        if limit.reached(http.clock()) {
            return OperationWatched::StoppedWatching;
        }
        progress();
        let begun = http.clock().now();
        let pause = match look(http, &operation.name).await {
            Ok(Some(seen)) => {
                operation = seen;
                FLOOR
            }
            Ok(None) => FLOOR,
            Err(error) if error.is_missing() => {
                let since = *missing.get_or_insert_with(|| http.clock().limit(MISSING_FOR));
                if since.reached(http.clock()) {
                    return OperationWatched::Unseen(error);
                }
                FLOOR * 2
            }
            Err(error) if error.is_transient() => error.retry_after().unwrap_or(FLOOR * 5),
            Err(error) => return OperationWatched::Unseen(error),
        };
        if operation.end.is_none() {
            let spent = http.clock().now().saturating_sub(begun);
            http.clock().sleep(jitter(pause.saturating_sub(spent), 1.0, 1.2)).await;
        }
    }
}

async fn look(http: &Http, name: &str) -> Result<Option<Operation>, ApiError> {
    let body = Body::Json(json!({ "timeout": LONG_POLL }));
    let mut call =
        http.call(Method::POST, Api::Run, &format!("v2/{name}:wait"), body, Repeat::Always, "wait for the deploy");
    call.patience = Patience::ONCE;
    Ok(Operation::read(&http.json(&call).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_ends_with_done_only() {
        let read = |json| Operation::read(&json).expect("an operation").end;
        assert!(read(json!({"name": "o"})).is_none());
        assert!(read(json!({"name": "o", "error": {"message": "x"}})).is_none());
        assert!(matches!(read(json!({"name": "o", "done": true})), Some(OperationEnd::Done)));
        assert!(
            matches!(read(json!({"name": "o", "done": true, "error": {"message": "x"}})), Some(OperationEnd::Failed(why)) if why == "x")
        );
        assert!(Operation::read(&json!({"done": true})).is_none());
    }
}
