//! Alert policies, uptime checks and notification channels (docs: monitoring/api/ref_v3/rest). A name is Google's to choose and the
//! shown one is not unique, so a second create makes a second one: whoever creates looks first, and after a lost reply.

use reqwest::Method;
use serde_json::Value;

use super::super::endpoints::{Api, segment};
use super::super::error::ApiError;
use super::super::http::{Body, Http};
use slipway_wire::repeat::Repeat;

/// What can be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Alert policies.
    Policies,
    /// Uptime checks.
    Checks,
    /// Notification channels.
    Channels,
}

impl Collection {
    fn path(self) -> &'static str {
        match self {
            Collection::Policies => "alertPolicies",
            Collection::Checks => "uptimeCheckConfigs",
            Collection::Channels => "notificationChannels",
        }
    }

    /// A word for one of them.
    pub fn word(self) -> &'static str {
        match self {
            Collection::Policies => "alert policy",
            Collection::Checks => "uptime check",
            Collection::Channels => "notification channel",
        }
    }
}

/// Everything a filter lets through; the empty one lets all.
///
/// # Errors
/// When they may not be listed.
pub async fn list(http: &Http, collection: Collection, filter: &str) -> Result<Vec<Value>, ApiError> {
    let path = format!("v3/projects/{}/{}", segment(http.project()), collection.path());
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let mut call = http.get(Api::Monitoring, &path, format!("look for each {}", collection.word()));
        call.query.push(("pageSize", "100".into()));
        call.query.extend((!filter.is_empty()).then(|| ("filter", filter.to_owned())));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        all.extend(answer.get(collection.path()).and_then(Value::as_array).into_iter().flatten().cloned());
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Makes one. Every call that arrives makes another, so its author looks before repeating it.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn create(http: &Http, collection: Collection, body: &Value) -> Result<Value, ApiError> {
    let path = format!("v3/projects/{}/{}", segment(http.project()), collection.path());
    let doing = format!("make {} `{}`", collection.word(), shown(body));
    let body = Body::Json(body.clone());
    http.json(&http.call(Method::POST, Api::Monitoring, &path, body, Repeat::WithoutEffect, doing)).await
}

/// Writes these fields of one; the same twice is the same.
///
/// # Errors
/// When Google refuses.
pub async fn update(
    http: &Http,
    collection: Collection,
    name: &str,
    body: &Value,
    fields: &[String],
) -> Result<Value, ApiError> {
    let doing = format!("change {} `{}`", collection.word(), shown(body));
    let body = Body::Json(body.clone());
    let mut call = http.call(Method::PATCH, Api::Monitoring, &named(name), body, Repeat::Always, doing);
    call.query.push(("updateMask", fields.join(",")));
    http.json(&call).await
}

/// Removes one. A second time finds it gone, which is as good.
///
/// # Errors
/// When Google keeps it.
pub async fn delete(http: &Http, collection: Collection, resource: &Value) -> Result<(), ApiError> {
    let name = resource.get("name").and_then(Value::as_str).unwrap_or_default();
    let doing = format!("remove {} `{}`", collection.word(), shown(resource));
    let call = http.call(Method::DELETE, Api::Monitoring, &named(name), Body::Empty, Repeat::Always, doing);
    match http.reply(&call, &[]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) => Err(error),
    }
}

/// The name people know one by.
pub fn shown(resource: &Value) -> &str {
    resource.get("displayName").and_then(Value::as_str).unwrap_or("(no name)")
}

/// The path of a full name that Google gave; nothing in a name can lead elsewhere.
fn named(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(segment).collect();
    format!("v3/{}", parts.join("/"))
}
