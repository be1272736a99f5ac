//! How many alert policies the project has.

use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// How many alert policies are enabled, of the first hundred.
///
/// # Errors
/// When they may not be listed (`monitoring.alertPolicies.list`): the five roles do not allow it.
pub async fn enabled(http: &Http) -> Result<usize, ApiError> {
    let path = format!("v3/projects/{}/alertPolicies", segment(http.project()));
    let mut call = http.get(Api::Monitoring, &path, "list the alert policies");
    call.query.push(("pageSize", "100".into()));
    let answer = http.json(&call).await?;
    let all = answer.get("alertPolicies").and_then(Value::as_array).into_iter().flatten();
    // One that says nothing about it is enabled.
    Ok(all.filter(|policy| policy.get("enabled").and_then(Value::as_bool) != Some(false)).count())
}
