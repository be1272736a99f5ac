//! Channels of a site: the live one, and previews with an end.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::super::endpoints::{Api, segment};
use super::super::error::ApiError;
use super::super::http::{Body, Http};
use super::super::patience::Patience;
use super::{SiteRelease, pages, site_path, text};
use slipway_wire::repeat::Repeat;

/// Preview channels a site may have (docs: firebase hosting/usage-quotas-pricing).
pub const MOST_CHANNELS: usize = 50;

/// A channel, as last seen.
#[derive(Debug, Clone)]
pub struct ChannelState {
    /// Its id: the last part of its name.
    pub id: String,
    /// Where it is served.
    pub url: String,
    /// When it ends, as Google wrote it; empty for one that does not.
    pub expires: String,
    /// When it was last changed, as Google wrote it.
    pub updated: String,
    /// How many releases it keeps to go back to.
    pub retained: Option<u64>,
    /// What it serves.
    pub release: Option<SiteRelease>,
}

impl ChannelState {
    fn read(json: &Value) -> Self {
        Self {
            id: text(json, "/name").rsplit('/').next().unwrap_or_default().to_owned(),
            url: text(json, "/url"),
            expires: text(json, "/expireTime"),
            updated: text(json, "/updateTime"),
            retained: json.get("retainedReleaseCount").and_then(Value::as_u64),
            release: json.get("release").filter(|release| release.is_object()).map(SiteRelease::read),
        }
    }

    /// The full name of the version it serves.
    pub fn version(&self) -> Option<&str> {
        self.release.as_ref().map(|release| release.version.as_str()).filter(|version| !version.is_empty())
    }
}

/// Reads a channel; `None` when there is none of that id, or no such site.
///
/// # Errors
/// When it may not be read.
pub async fn channel(http: &Http, site: &str, id: &str) -> Result<Option<ChannelState>, ApiError> {
    let path = format!("{}/channels/{}", site_path(http, site), segment(id));
    let call = http.get(Api::Hosting, &path, format!("read channel `{id}` of site `{site}`"));
    match http.json(&call).await {
        Ok(json) => Ok(Some(ChannelState::read(&json))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every channel of a site, the live one too.
///
/// # Errors
/// When they may not be listed.
pub async fn channels(http: &Http, site: &str) -> Result<Vec<ChannelState>, ApiError> {
    let path = format!("{}/channels", site_path(http, site));
    let all = pages(http, &path, "channels", &format!("list the channels of site `{site}`")).await?;
    Ok(all.iter().map(ChannelState::read).collect())
}

/// Makes a preview channel that ends after `ttl`. What a 429 means here is for the caller to find out: a
/// site has room for so many channels only, and then waiting does not help.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn create_channel(http: &Http, site: &str, id: &str, ttl: Duration) -> Result<ChannelState, ApiError> {
    let path = format!("{}/channels", site_path(http, site));
    let body = Body::Json(json!({ "ttl": seconds(ttl) }));
    let doing = format!("make channel `{id}` of site `{site}`");
    let mut call = http.call(Method::POST, Api::Hosting, &path, body, Repeat::WithoutEffect, doing);
    call.query.push(("channelId", id.to_owned()));
    call.patience = Patience::ONCE;
    Ok(ChannelState::read(&http.json(&call).await?))
}

/// Lets a channel end `ttl` from now. The same twice is the same a moment later.
///
/// # Errors
/// When Google refuses.
pub async fn set_ttl(http: &Http, site: &str, id: &str, ttl: Duration) -> Result<ChannelState, ApiError> {
    let path = format!("{}/channels/{}", site_path(http, site), segment(id));
    let body = Body::Json(json!({ "ttl": seconds(ttl) }));
    let doing = format!("set the end of channel `{id}` of site `{site}`");
    let mut call = http.call(Method::PATCH, Api::Hosting, &path, body, Repeat::Always, doing);
    call.query.push(("updateMask", "ttl".into()));
    Ok(ChannelState::read(&http.json(&call).await?))
}

/// Says how many releases a channel keeps to go back to; Hosting itself removes what belongs to older ones.
///
/// # Errors
/// When Google refuses.
pub async fn set_retained(http: &Http, site: &str, id: &str, releases: u32) -> Result<(), ApiError> {
    let path = format!("{}/channels/{}", site_path(http, site), segment(id));
    let body = Body::Json(json!({ "retainedReleaseCount": releases }));
    let doing = format!("let channel `{id}` of site `{site}` keep {releases} releases");
    let mut call = http.call(Method::PATCH, Api::Hosting, &path, body, Repeat::Always, doing);
    call.query.push(("updateMask", "retainedReleaseCount".into()));
    http.json(&call).await.map(drop)
}

/// Removes a channel. A second time finds it gone, which is as good.
///
/// # Errors
/// When Google keeps it.
pub async fn delete_channel(http: &Http, site: &str, id: &str) -> Result<(), ApiError> {
    let path = format!("{}/channels/{}", site_path(http, site), segment(id));
    let doing = format!("remove channel `{id}` of site `{site}`");
    let call = http.call(Method::DELETE, Api::Hosting, &path, Body::Empty, Repeat::Always, doing);
    match http.reply(&call, &[]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) => Err(error),
    }
}

/// A length of time as Google reads it.
fn seconds(length: Duration) -> String {
    format!("{}s", length.as_secs())
}
