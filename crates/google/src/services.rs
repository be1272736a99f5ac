//! Which APIs are enabled in the project.

use serde_json::Value;

pub use super::enabling::{HOSTING, NEEDED, enable};
use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// Those of the APIs that are enabled; at most 20 are asked for at once (its API description says 30).
///
/// # Errors
/// When the account may not ask: the five roles do not allow it.
pub async fn enabled(http: &Http, asked: &[&str]) -> Result<Vec<String>, ApiError> {
    let parent = format!("projects/{}", segment(http.project()));
    let mut call =
        http.get(Api::ServiceUsage, &format!("v1/{parent}/services:batchGet"), "read which APIs are enabled");
    call.query = asked.iter().map(|name| ("names", format!("{parent}/services/{name}"))).collect();
    let answer = http.json(&call).await?;
    let all = answer.get("services").and_then(Value::as_array).into_iter().flatten();
    let on = all.filter(|one| one.get("state").and_then(Value::as_str) == Some("ENABLED"));
    Ok(on.filter_map(|one| one.get("name")?.as_str()?.rsplit('/').next().map(str::to_owned)).collect())
}
