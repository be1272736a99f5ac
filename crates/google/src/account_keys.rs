//! Keys of service accounts: listed, made once, switched off, deleted (docs: iam/docs/reference/rest/v1/projects.serviceAccounts.keys).

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
use slipway_names::ids::AccountEmail;
use slipway_names::rotation::AccountKey;
use slipway_names::secret::Secret;
use slipway_wire::repeat::Repeat;

/// A courtesy is not worth more of a deploy's time.
const GLANCE: Duration = Duration::from_secs(10);

/// A key that was just made, with the one copy there is of its private part.
#[derive(Debug)]
pub struct NewKey {
    /// Its id.
    pub id: String,
    /// The key file, as a person would download it.
    pub file: Secret,
}

/// Where an account's keys are; accounts that people make name their project.
fn home(account: &AccountEmail) -> String {
    format!("v1/projects/{}/serviceAccounts/{}/keys", account.project().unwrap_or("-"), segment(account.as_str()))
}

/// Reads the list of an account's keys; Google's own, which nobody can take away, are left out.
///
/// # Errors
/// When they may not be listed.
pub async fn list(http: &Http, account: &AccountEmail) -> Result<Vec<AccountKey>, ApiError> {
    let mut call = http.get(Api::Iam, &home(account), format!("list the keys of `{account}`"));
    call.query.push(("keyTypes", "USER_MANAGED".into()));
    let answer = http.json(&call).await?;
    let keys = answer.get("keys").and_then(Value::as_array).into_iter().flatten();
    Ok(keys.filter_map(read).collect())
}

/// Looks at one key, once and not for long; `None` when there is none of that id.
///
/// # Errors
/// When it may not be looked at, or no answer comes.
pub async fn glance(http: &Http, account: &AccountEmail, id: &str) -> Result<Option<AccountKey>, ApiError> {
    let path = format!("{}/{}", home(account), segment(id));
    let mut call = http.get(Api::Iam, &path, format!("read key `{id}` of `{account}`"));
    (call.patience, call.timeout) = (Patience::ONCE, GLANCE);
    match http.json(&call).await {
        Ok(key) => Ok(read(&key)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(key: &Value) -> Option<AccountKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    Some(AccountKey {
        id: text("name")?.rsplit('/').next()?.to_owned(),
        created: text("validAfterTime").and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok()),
        disabled: key.get("disabled").and_then(Value::as_bool) == Some(true),
    })
}

/// Makes a key. Every call that arrives makes another one, so nothing but its author may repeat it.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`): there may be a key then whose private part
/// nobody has.
pub async fn create(http: &Http, account: &AccountEmail) -> Result<NewKey, ApiError> {
    let body = Body::Json(json!({
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "keyAlgorithm": "KEY_ALG_RSA_2048",
    }));
    let doing = format!("make a key of `{account}`");
    let call = http.call(Method::POST, Api::Iam, &home(account), body, Repeat::WithoutEffect, doing);
    let answer = http.json(&call).await?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let data = text("privateKeyData").unwrap_or_default();
    // What came and the private key in it are secrets from here on, in every spelling.
    http.hide(data);
    let file = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // On one line: of a secret with several, GitHub hides each by itself, so `{` and `}` everywhere.
    let line = |file: &str| serde_json::from_str::<Value>(file).map_or_else(|_| file.to_owned(), |key| key.to_string());
    let file = file.as_deref().map(line).as_deref().and_then(Secret::new);
    let id = text("name").and_then(|name| name.rsplit('/').next()).map(str::to_owned);
    match (id, file) {
        (Some(id), Some(file)) => {
            let parts = serde_json::from_str::<Value>(file.expose()).unwrap_or_default();
            http.hide(parts.get("private_key").and_then(Value::as_str).unwrap_or(file.expose()));
            Ok(NewKey { id, file })
        }
        _ => Err(http.unreadable(&call, "the answer holds no key")),
    }
}

/// How a key's end came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnded {
    /// This request ended it, or one before it whose reply was lost.
    Here,
    /// Google knows no such key. Of one that was made a moment ago that proves nothing.
    NotFound,
}

/// Switches a key off. It can be switched on again.
///
/// # Errors
/// When Google refuses. That it knows no such key is no proof that there is none.
pub async fn disable(http: &Http, account: &AccountEmail, id: &str) -> Result<(), ApiError> {
    let path = format!("{}/{}:disable", home(account), segment(id));
    let body = Body::Json(json!({}));
    let doing = format!("disable key `{id}` of `{account}`");
    http.json(&http.call(Method::POST, Api::Iam, &path, body, Repeat::Always, doing)).await.map(drop)
}

/// Deletes a key for good.
///
/// # Errors
/// When Google refuses.
pub async fn delete(http: &Http, account: &AccountEmail, id: &str) -> Result<KeyEnded, ApiError> {
    let path = format!("{}/{}", home(account), segment(id));
    let doing = format!("delete key `{id}` of `{account}`");
    match http.json(&http.call(Method::DELETE, Api::Iam, &path, Body::Empty, Repeat::Always, doing)).await {
        Ok(_) => Ok(KeyEnded::Here),
        Err(error) if error.is_missing() && error.attempts > 1 => Ok(KeyEnded::Here),
        Err(error) if error.is_missing() => Ok(KeyEnded::NotFound),
        Err(error) => Err(error),
    }
}
