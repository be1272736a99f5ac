//! Versions of a site, which nobody sees, and releases, which show one on a channel.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::endpoints::{Api, segment};
use super::super::error::ApiError;
use super::super::http::{Body, Http};
use super::{named, pages, site_path, text};
use slipway_names::hosting::short;
use slipway_wire::repeat::Repeat;

/// A version, as last seen.
#[derive(Debug, Clone)]
pub struct SiteVersion {
    /// Its full name.
    pub name: String,
    /// Google's word: `CREATED`, `FINALIZED`, …
    pub status: String,
    /// Its configuration.
    pub config: Value,
    /// Its files; Google leaves a number out that is zero.
    pub files: u64,
    labels: Map<String, Value>,
}

impl SiteVersion {
    pub(super) fn read(json: &Value) -> Self {
        Self {
            name: text(json, "/name"),
            status: text(json, "/status"),
            files: text(json, "/fileCount").parse().unwrap_or(0),
            config: json.get("config").cloned().unwrap_or_else(|| json!({})),
            labels: json.get("labels").and_then(Value::as_object).cloned().unwrap_or_default(),
        }
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key)?.as_str()
    }

    /// Whether it can be released.
    pub fn is_finalized(&self) -> bool {
        self.status == "FINALIZED"
    }
}

/// A release, as last seen.
#[derive(Debug, Clone)]
pub struct SiteRelease {
    /// Its full name.
    pub name: String,
    /// `DEPLOY`, `ROLLBACK` or `SITE_DISABLE`.
    pub kind: String,
    /// When it was made, as Google wrote it.
    pub time: String,
    /// The full name of its version; empty where it shows none.
    pub version: String,
}

impl SiteRelease {
    pub(super) fn read(json: &Value) -> Self {
        Self {
            name: text(json, "/name"),
            kind: text(json, "/type"),
            time: text(json, "/releaseTime"),
            version: text(json, "/version/name"),
        }
    }
}

/// Makes an empty version. One that is never released vanishes after twelve hours.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`; [`made_by`] finds it then).
pub async fn create_version(http: &Http, site: &str, labels: &[(&str, String)]) -> Result<SiteVersion, ApiError> {
    let labels: Map<String, Value> = labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let path = format!("{}/versions", site_path(http, site));
    let body = Body::Json(json!({ "status": "CREATED", "labels": labels }));
    let doing = format!("make a version of site `{site}`");
    let call = http.call(Method::POST, Api::Hosting, &path, body, Repeat::WithoutEffect, doing);
    let version = SiteVersion::read(&http.json(&call).await?);
    if version.name.is_empty() { Err(http.unreadable(&call, "the answer names no version")) } else { Ok(version) }
}

/// The version with a label, among the newest of the site.
///
/// # Errors
/// When they may not be listed.
pub async fn made_by(http: &Http, site: &str, key: &str, value: &str) -> Result<Option<SiteVersion>, ApiError> {
    let path = format!("{}/versions", site_path(http, site));
    let mut call = http.get(Api::Hosting, &path, format!("list the versions of site `{site}`"));
    // Newest first: whatever a lost reply was about is on the first page.
    call.query.push(("pageSize", "50".into()));
    let answer = http.json(&call).await?;
    let mut all = answer.get("versions").and_then(Value::as_array).into_iter().flatten().map(SiteVersion::read);
    Ok(all.find(|version| version.label(key) == Some(value)))
}

/// The Cloud Run tags that versions of a site keep to, but for those that are gone.
///
/// # Errors
/// When they may not be listed.
pub async fn tags_in_use(http: &Http, site: &str) -> Result<Vec<String>, ApiError> {
    let path = format!("{}/versions", site_path(http, site));
    let all = pages(http, &path, "versions", &format!("list the versions of site `{site}`")).await?;
    let alive = all.iter().filter(|version| ["CREATED", "FINALIZED"].contains(&text(version, "/status").as_str()));
    let rewrites = alive.filter_map(|version| version.pointer("/config/rewrites")?.as_array()).flatten();
    let tags = rewrites.filter_map(|rewrite| rewrite.pointer("/run/tag")?.as_str());
    Ok(tags.map(str::to_owned).collect())
}

/// Reads a version; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read.
pub async fn version(http: &Http, name: &str) -> Result<Option<SiteVersion>, ApiError> {
    let call = http.get(Api::Hosting, &named(name), format!("read version `{}`", short(name)));
    match http.json(&call).await {
        Ok(json) => Ok(Some(SiteVersion::read(&json))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Completes a version: from now on it cannot change and can be released. Without the mask Google would
/// take the status alone and drop the configuration (firebase-tools, src/hosting/api.ts).
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`): a second time is refused, so the caller looks.
pub async fn finalize(http: &Http, name: &str, config: &Value) -> Result<SiteVersion, ApiError> {
    let body = Body::Json(json!({ "status": "FINALIZED", "config": config }));
    let doing = format!("complete version `{}`", short(name));
    let mut call = http.call(Method::PATCH, Api::Hosting, &named(name), body, Repeat::WithoutEffect, doing);
    call.query.push(("updateMask", "status,config".into()));
    Ok(SiteVersion::read(&http.json(&call).await?))
}

/// Removes a version. A second time finds it gone, which is as good.
///
/// # Errors
/// When Google keeps it.
pub async fn delete_version(http: &Http, name: &str) -> Result<(), ApiError> {
    let doing = format!("remove version `{}`", short(name));
    let call = http.call(Method::DELETE, Api::Hosting, &named(name), Body::Empty, Repeat::Always, doing);
    match http.reply(&call, &[]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Shows a version on a channel; without one, switches the site off. Every call that arrives makes another
/// release.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`): the channel then says what it serves.
pub async fn release(
    http: &Http,
    site: &str,
    channel: &str,
    version: Option<&str>,
    message: &str,
) -> Result<SiteRelease, ApiError> {
    let path = format!("{}/channels/{}/releases", site_path(http, site), segment(channel));
    let (body, doing) = match version {
        Some(version) => (json!({ "message": message }), format!("release version `{}`", short(version))),
        None => (json!({ "message": message, "type": "SITE_DISABLE" }), "switch the site off".to_owned()),
    };
    let doing = format!("{doing} on channel `{channel}` of site `{site}`");
    let mut call = http.call(Method::POST, Api::Hosting, &path, Body::Json(body), Repeat::WithoutEffect, doing);
    call.query.extend(version.map(|version| ("versionName", version.to_owned())));
    Ok(SiteRelease::read(&http.json(&call).await?))
}

/// The newest releases of a channel, newest first.
///
/// # Errors
/// When they may not be listed.
pub async fn releases(http: &Http, site: &str, channel: &str) -> Result<Vec<SiteRelease>, ApiError> {
    let path = format!("{}/channels/{}/releases", site_path(http, site), segment(channel));
    let doing = format!("list the releases of channel `{channel}` of site `{site}`");
    let mut call = http.get(Api::Hosting, &path, doing);
    // A channel keeps a hundred at most.
    call.query.push(("pageSize", "100".into()));
    let answer = http.json(&call).await?;
    Ok(answer.get("releases").and_then(Value::as_array).into_iter().flatten().map(SiteRelease::read).collect())
}
