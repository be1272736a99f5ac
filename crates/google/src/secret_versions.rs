//! Versions of secrets: listed, added once, looked at, disabled (docs: secret-manager/docs/reference/rest/v1/projects.secrets.versions). No value is ever read.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_names::secret::Secret;
use slipway_names::secret_version::{SecretName, VersionFact};
use slipway_wire::repeat::Repeat;

/// A courtesy is not worth more of a deploy's time.
const GLANCE: Duration = Duration::from_secs(10);

fn home(secret: &SecretName) -> String {
    format!("v1/projects/{}/secrets/{}", segment(&secret.project), segment(&secret.name))
}

/// The permissions out of `asked` that the caller holds on a secret. Asking needs none; of a secret that is not there,
/// those that the project gives are told.
///
/// # Errors
/// When the question cannot be asked, such as where the API is not enabled.
pub async fn held(http: &Http, secret: &SecretName, asked: &[&str]) -> Result<Vec<String>, ApiError> {
    let path = format!("{}:testIamPermissions", home(secret));
    let body = Body::Json(json!({ "permissions": asked }));
    let doing = format!("ask which permissions are held on secret `{secret}`");
    let answer = http.json(&http.call(Method::POST, Api::SecretManager, &path, body, Repeat::Always, doing)).await?;
    let held = answer.get("permissions").and_then(Value::as_array).into_iter().flatten();
    Ok(held.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Every version of a secret, newest first, and the number of the secret's project as their names tell it.
///
/// # Errors
/// When they may not be listed, or there is no such secret.
pub async fn list(http: &Http, secret: &SecretName) -> Result<(Vec<VersionFact>, Option<String>), ApiError> {
    let (mut all, mut number) = (Vec::new(), None);
    let mut page = None;
    loop {
        let path = format!("{}/versions", home(secret));
        let mut call = http.get(Api::SecretManager, &path, format!("list the versions of secret `{secret}`"));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        for version in answer.get("versions").and_then(Value::as_array).into_iter().flatten() {
            let name = version.get("name").and_then(Value::as_str).unwrap_or_default();
            number = name.split('/').nth(1).map(str::to_owned).or(number);
            all.extend(read(version));
        }
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => break,
        }
    }
    all.sort_by_key(|version| std::cmp::Reverse(version.number));
    Ok((all, number))
}

/// Looks at one version, `latest` or a number, once and not for long.
///
/// # Errors
/// When it may not be looked at, there is none, or no answer comes.
pub async fn glance(http: &Http, secret: &SecretName, version: &str) -> Result<VersionFact, ApiError> {
    let path = format!("{}/versions/{}", home(secret), segment(version));
    let mut call = http.get(Api::SecretManager, &path, format!("read version `{version}` of secret `{secret}`"));
    (call.patience, call.timeout) = (Patience::ONCE, GLANCE);
    let answer = http.json(&call).await?;
    read(&answer).ok_or_else(|| http.unreadable(&call, "the answer is no version"))
}

fn read(version: &Value) -> Option<VersionFact> {
    let text = |name: &str| version.get(name).and_then(Value::as_str);
    Some(VersionFact {
        number: text("name")?.rsplit('/').next()?.parse().ok()?,
        enabled: text("state") == Some("ENABLED"),
        created: text("createTime").and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok()),
        etag: text("etag").unwrap_or_default().to_owned(),
    })
}

/// Adds a version. Every call that arrives makes another one, so nothing but its author may repeat it. The value goes
/// with a checksum, and stands in no message.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`): there may be a version then.
pub async fn add(http: &Http, secret: &SecretName, value: &Secret) -> Result<VersionFact, ApiError> {
    let bytes = value.expose().as_bytes();
    let data = STANDARD.encode(bytes);
    // The form it travels in is as good as the value.
    http.hide(&data);
    let body = Body::Json(json!({"payload": {"data": data, "dataCrc32c": crc32c::crc32c(bytes).to_string()}}));
    let doing = format!("add a version to secret `{secret}`");
    let path = format!("{}:addVersion", home(secret));
    let call = http.call(Method::POST, Api::SecretManager, &path, body, Repeat::WithoutEffect, doing);
    let answer = http.json(&call).await?;
    read(&answer).ok_or_else(|| http.unreadable(&call, "the answer is no version"))
}

/// Disables a version, if nobody has changed it since it was read; it can be enabled again. One that turns out to be
/// disabled is fine, whoever did it.
///
/// # Errors
/// When Google refuses, or somebody else changed it.
pub async fn disable(http: &Http, secret: &SecretName, version: &VersionFact) -> Result<(), ApiError> {
    let path = format!("{}/versions/{}:disable", home(secret), version.number);
    let body = Body::Json(json!({"etag": version.etag}));
    let doing = format!("disable version {} of secret `{secret}`", version.number);
    // Repeated after a lost reply its etag is old; then the state says how it ended.
    let call = http.call(Method::POST, Api::SecretManager, &path, body, Repeat::WithoutEffect, doing);
    let Err(error) = http.json(&call).await else { return Ok(()) };
    if error.is_forbidden() {
        return Err(error);
    }
    match glance(http, secret, &version.number.to_string()).await {
        Ok(now) if !now.enabled => Ok(()),
        _ if error.is_ambiguous() => http.json(&call).await.map(drop),
        _ => Err(error),
    }
}
