//! Which APIs are enabled in the project.

use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// The APIs that a deploy with a build needs, and what for.
pub const NEEDED: [(&str, &str); 6] = [
    ("cloudresourcemanager.googleapis.com", "see which permissions are missing, before anything is done"),
    ("iam.googleapis.com", "make the deploying account; see whether the build's account is usable"),
    ("cloudbuild.googleapis.com", "build"),
    ("storage.googleapis.com", "stage the source, and read the build's log"),
    ("artifactregistry.googleapis.com", "keep the image"),
    ("run.googleapis.com", "deploy; enabling it makes the account that builds and services run as"),
];

/// The API that sites need besides.
pub const HOSTING: &str = "firebasehosting.googleapis.com";

/// The command that enables APIs in a project.
pub fn enable<'a>(project: &str, services: impl IntoIterator<Item = &'a str>) -> String {
    let services: Vec<&str> = services.into_iter().collect();
    format!("gcloud services enable {} --project={project}", services.join(" "))
}

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
