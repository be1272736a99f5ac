//! Projects, their permissions, and service accounts: what the preflight looks at.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use slipway_names::ids::AccountEmail;
use slipway_wire::repeat::Repeat;

/// What testIamPermissions is asked about.
#[derive(Debug, Clone, Copy)]
pub enum PermissionTarget<'a> {
    /// The whole project.
    Project,
    /// One service account.
    Account(&'a str),
    /// One Cloud Run service or job, as `projects/P/locations/L/services/S`.
    Run(&'a str),
    /// One billing account, as `billingAccounts/X`.
    Billing(&'a str),
}

/// The permissions out of `asked` that the caller holds on a resource. Asking needs none.
///
/// # Errors
/// When the question cannot be asked, such as where the API is not enabled.
pub async fn held(http: &Http, resource: PermissionTarget<'_>, asked: &[&str]) -> Result<Vec<String>, ApiError> {
    let project = segment(http.project());
    let (api, path, what) = match resource {
        PermissionTarget::Project => (
            Api::ResourceManager,
            format!("v3/projects/{project}:testIamPermissions"),
            format!("project `{}`", http.project()),
        ),
        PermissionTarget::Account(email) => (
            Api::Iam,
            format!("v1/projects/-/serviceAccounts/{}:testIamPermissions", segment(email)),
            format!("service account `{email}`"),
        ),
        PermissionTarget::Billing(name) => (Api::Billing, format!("v1/{name}:testIamPermissions"), format!("`{name}`")),
        PermissionTarget::Run(name) => (Api::Run, format!("v2/{name}:testIamPermissions"), format!("`{name}`")),
    };
    let body = Body::Json(json!({ "permissions": asked }));
    let call =
        http.call(Method::POST, api, &path, body, Repeat::Always, format!("ask which permissions are held on {what}"));
    let answer = http.json(&call).await?;
    let held = answer.get("permissions").and_then(Value::as_array).into_iter().flatten();
    Ok(held.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The permissions out of `asked` that the caller holds on a bucket.
///
/// # Errors
/// When the question cannot be asked, such as where the bucket does not exist.
pub async fn held_on_bucket(http: &Http, bucket: &str, asked: &[&str]) -> Result<Vec<String>, ApiError> {
    let path = format!("storage/v1/b/{}/iam/testPermissions", segment(bucket));
    let mut call = http.get(Api::Storage, &path, format!("ask which permissions are held on bucket `{bucket}`"));
    call.query = asked.iter().map(|permission| ("permissions", (*permission).to_owned())).collect();
    let answer = http.json(&call).await?;
    let held = answer.get("permissions").and_then(Value::as_array).into_iter().flatten();
    Ok(held.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The project's number.
///
/// # Errors
/// When the project cannot be read.
pub async fn number(http: &Http) -> Result<Option<String>, ApiError> {
    let path = format!("v3/projects/{}", segment(http.project()));
    let answer =
        http.json(&http.get(Api::ResourceManager, &path, format!("read project `{}`", http.project()))).await?;
    let name = answer.get("name").and_then(Value::as_str).unwrap_or_default();
    Ok(name.strip_prefix("projects/").map(str::to_owned))
}

/// Whether a service account exists and is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It can be used.
    Enabled,
    /// It exists, switched off.
    Disabled,
    /// There is none of that name.
    Missing,
}

/// Looks at a service account.
///
/// # Errors
/// When it may not be looked at.
pub async fn account(http: &Http, email: &AccountEmail) -> Result<AccountState, ApiError> {
    let path = format!(
        "v1/projects/{}/serviceAccounts/{}",
        segment(email.project().unwrap_or(http.project())),
        segment(email.as_str())
    );
    match http.json(&http.get(Api::Iam, &path, format!("read service account `{email}`"))).await {
        Ok(account) if account.get("disabled").and_then(Value::as_bool) == Some(true) => Ok(AccountState::Disabled),
        Ok(_) => Ok(AccountState::Enabled),
        Err(error) if error.is_missing() => Ok(AccountState::Missing),
        Err(error) => Err(error),
    }
}
