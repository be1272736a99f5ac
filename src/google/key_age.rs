//! How old a key of a service account is.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

/// Whole days since a key was made; `None` when the account has no such key.
///
/// # Errors
/// When the keys may not be listed (`iam.serviceAccountKeys.list`): the five roles do not allow it.
pub async fn days(http: &Http, email: &str, key: &str) -> Result<Option<i64>, ApiError> {
    let path = format!("v1/projects/-/serviceAccounts/{}/keys", segment(email));
    let mut call = http.get(Api::Iam, &path, format!("list the keys of `{email}`"));
    call.query.push(("keyTypes", "USER_MANAGED".into()));
    let answer = http.json(&call).await?;
    let mut keys = answer.get("keys").and_then(Value::as_array).into_iter().flatten();
    let named =
        |one: &&Value| one.get("name").and_then(Value::as_str).is_some_and(|name| name.ends_with(&format!("/{key}")));
    let made = keys.find(named).and_then(|one| one.get("validAfterTime")?.as_str());
    let made = made.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    Ok(made.map(|made| (OffsetDateTime::now_utc() - made).whole_days()))
}
