//! The files of a version: told by hash, sent where Hosting does not have them yet.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::endpoints::Api;
use super::super::error::ApiError;
use super::super::http::{Body, Call, Http};
use super::super::patience::Patience;
use super::{named, pages, text};
use slipway_names::hosting::short;
use slipway_wire::repeat::Repeat;

/// Files one call may name (docs: firebase hosting/api-deploy).
pub const FILES_A_CALL: usize = 1000;

/// Least time an upload may take, and what each byte adds: 20 ms for a kilobyte, as firebase-tools allows.
const SHORTEST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(7200);

/// What Hosting says to a list of files.
#[derive(Debug, Clone)]
pub struct Populated {
    /// Hashes of files it does not have.
    pub required: Vec<String>,
    /// Where they are sent.
    pub upload_url: String,
}

/// Tells a version its files: path and hash of the compressed bytes. The same twice is the same.
///
/// # Errors
/// When Google refuses, or names an upload address that is not its own.
pub async fn populate(http: &Http, version: &str, files: &[(String, String)]) -> Result<Populated, ApiError> {
    let map: Map<String, Value> = files.iter().map(|(path, hash)| (path.clone(), json!(hash))).collect();
    let path = format!("{}:populateFiles", named(version));
    let doing = format!("tell version `{}` {} files", short(version), files.len());
    let call = http.call(Method::POST, Api::Hosting, &path, Body::Json(json!({ "files": map })), Repeat::Always, doing);
    let answer = http.json(&call).await?;
    let required = answer.get("uploadRequiredHashes").and_then(Value::as_array).into_iter().flatten();
    let populated = Populated {
        required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
        upload_url: text(&answer, "/uploadUrl"),
    };
    // Uploads carry the token: they go to Google's host, or to where the API was replaced.
    let ours = [http.url(Api::HostingUpload, ""), http.url(Api::Hosting, "")];
    if !populated.required.is_empty() && !ours.iter().any(|root| populated.upload_url.starts_with(root)) {
        return Err(http.unreadable(&call, "the address for uploads is at another host"));
    }
    Ok(populated)
}

/// Sends a file's compressed bytes. Their hash is their name, so that sending them twice changes nothing.
///
/// # Errors
/// When Google refuses, such as for bytes that have another hash.
pub async fn upload(
    http: &Http,
    address: &str,
    path: &str,
    hash: &str,
    body: Body,
    length: u64,
) -> Result<(), ApiError> {
    let call = Call {
        doing: format!("upload `{path}`"),
        method: Method::POST,
        url: format!("{}/{hash}", address.trim_end_matches('/')),
        query: Vec::new(),
        headers: Vec::new(),
        body,
        repeat: Repeat::Always,
        patience: Patience { time: LONGEST, ..Patience::USUAL },
        authorized: true,
        timeout: Duration::from_millis(length / 1024 * 20).clamp(SHORTEST, LONGEST),
        secret_url: false,
    };
    http.reply(&call, &[]).await.map(drop)
}

/// The files of a version: path and hash.
///
/// # Errors
/// When they may not be listed.
pub async fn files(http: &Http, version: &str) -> Result<Vec<(String, String)>, ApiError> {
    let path = format!("{}/files", named(version));
    let all = pages(http, &path, "files", &format!("list the files of version `{}`", short(version))).await?;
    Ok(all.iter().map(|file| (text(file, "/path"), text(file, "/hash"))).collect())
}
