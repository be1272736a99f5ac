//! Where Cloud Run is: the list that Google gives for the project.

use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// The ids of every region that the project can use. Only the first version of the API lists them; it is how gcloud
/// does it (`api_lib/run/global_methods.py`).
///
/// # Errors
/// When they may not be listed (`run.locations.list`).
pub async fn of_cloud_run(http: &Http) -> Result<Vec<String>, ApiError> {
    let path = format!("v1/projects/{}/locations", segment(http.project()));
    let mut all = Vec::new();
    let mut page = None;
    loop {
        let mut call = http.get(Api::Run, &path, "list the regions of Cloud Run");
        call.query.push(("pageSize", "100".into()));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        let listed = answer.get("locations").and_then(Value::as_array).into_iter().flatten();
        all.extend(listed.filter_map(|one| one.get("locationId")?.as_str().map(str::to_owned)));
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}
