//! Firebase Hosting: sites, channels, versions, files, releases (docs: firebase reference/hosting/rest).

mod channels;
mod files;
mod versions;

pub use channels::{
    ChannelState, MOST_CHANNELS, channel, channels, create_channel, delete_channel, set_retained, set_ttl,
};
pub use files::{FILES_A_CALL, files, populate, upload};
pub use versions::{
    SiteRelease, SiteVersion, create_version, delete_version, finalize, made_by, release, releases, tags_in_use,
    version,
};

use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: String,
    /// The address it has from Google.
    pub url: String,
    /// Whether it is the one the project was given first.
    pub is_default: bool,
}

/// The path of a site's resources.
fn site_path(http: &Http, site: &str) -> String {
    format!("v1beta1/projects/{}/sites/{}", segment(http.project()), segment(site))
}

/// The path of a resource by the full name that Google gave it; nothing in a name can lead elsewhere.
fn named(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(segment).collect();
    format!("v1beta1/{}", parts.join("/"))
}

fn text(json: &Value, pointer: &str) -> String {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Every site of the project.
///
/// # Errors
/// When they may not be listed.
pub async fn sites(http: &Http) -> Result<Vec<Site>, ApiError> {
    let path = format!("v1beta1/projects/{}/sites", segment(http.project()));
    let doing = format!("list the Hosting sites of project `{}`", http.project());
    let all = pages(http, &path, "sites", &doing).await?;
    let read = |json: &Value| Site {
        id: text(json, "/name").rsplit('/').next().unwrap_or_default().to_owned(),
        url: text(json, "/defaultUrl"),
        is_default: text(json, "/type") == "DEFAULT_SITE",
    };
    Ok(all.iter().map(read).collect())
}

/// Everything in a list of several pages.
async fn pages(http: &Http, path: &str, key: &str, doing: &str) -> Result<Vec<Value>, ApiError> {
    let mut all = Vec::new();
    let mut page: Option<String> = None;
    loop {
        let mut call = http.get(Api::Hosting, path, doing);
        call.query.push(("pageSize", LARGEST_PAGE.into()));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        all.extend(answer.get(key).and_then(Value::as_array).into_iter().flatten().cloned());
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Hosting's largest page of channels; it takes the number elsewhere too (its API description).
const LARGEST_PAGE: &str = "100";
