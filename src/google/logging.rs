//! The last log lines of a revision or an execution, where the account may read them.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::retry::{Patience, Repeat};
use crate::model::kind::Kind;

/// Lines asked for; the quota on these calls is low, so one call must do (`google-api.md` 6.4).
const LINES: u32 = 50;

/// The last lines a revision wrote, oldest first.
///
/// # Errors
/// When they may not be read: the five roles do not allow it.
pub async fn revision_lines(
    http: &Http,
    region: &str,
    kind: Kind,
    name: &str,
    revision: &str,
) -> Result<Vec<String>, ApiError> {
    let (resource, label) = match kind {
        Kind::Service => ("cloud_run_revision", "service_name"),
        Kind::WorkerPool => ("cloud_run_worker_pool", "worker_pool_name"),
    };
    let filter = format!(
        "resource.type=\"{resource}\" resource.labels.location=\"{region}\" resource.labels.{label}=\"{name}\" resource.labels.revision_name=\"{revision}\""
    );
    lines(http, &filter, format!("read the log of revision `{revision}`")).await
}

/// The last lines the tasks of an execution wrote, oldest first.
///
/// # Errors
/// When they may not be read: the five roles do not allow it.
pub async fn execution_lines(http: &Http, region: &str, job: &str, execution: &str) -> Result<Vec<String>, ApiError> {
    let filter = format!(
        "resource.type=\"cloud_run_job\" resource.labels.location=\"{region}\" resource.labels.job_name=\"{job}\" labels.\"run.googleapis.com/execution_name\"=\"{execution}\""
    );
    lines(http, &filter, format!("read the log of execution `{execution}`")).await
}

async fn lines(http: &Http, filter: &str, doing: String) -> Result<Vec<String>, ApiError> {
    let body = json!({"resourceNames": [format!("projects/{}", http.project())], "filter": filter, "orderBy": "timestamp desc", "pageSize": LINES});
    let mut call = http.call(Method::POST, Api::Logging, "v2/entries:list", Body::Json(body), Repeat::Always, doing);
    call.patience = Patience::ONCE;
    let answer = http.json(&call).await?;
    let entries = answer.get("entries").and_then(Value::as_array).into_iter().flatten();
    let mut lines: Vec<String> =
        entries.filter_map(line).flat_map(|text| text.lines().map(str::to_owned).rev().collect::<Vec<_>>()).collect();
    lines.reverse();
    Ok(lines)
}

fn line(entry: &Value) -> Option<String> {
    let text = entry
        .get("textPayload")
        .or_else(|| entry.pointer("/jsonPayload/message"))
        .or_else(|| entry.pointer("/protoPayload/status/message"))?;
    text.as_str().map(str::to_owned)
}
