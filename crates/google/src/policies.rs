//! Policies as they are: who holds which role on a project, a bucket, a service, a repository, a secret.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Call, Http};
use super::registry::repository_path;
use slipway_names::registry::Location;
use slipway_wire::repeat::Repeat;

/// One role and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The role.
    pub role: String,
    /// Who holds it.
    pub members: Vec<String>,
    /// Whether it holds only under a condition.
    pub conditional: bool,
}

/// What a policy belongs to.
#[derive(Debug, Clone, Copy)]
pub enum PolicyTarget<'a> {
    /// The project.
    Project,
    /// A bucket.
    Bucket(&'a str),
    /// A Cloud Run service, by its full name.
    Service(&'a str),
    /// A repository of images.
    Repository(&'a Location),
    /// A secret of the project, or by its full name one of another.
    Secret(&'a str),
}

/// Reads a policy.
///
/// # Errors
/// When it may not be read; the five roles allow it for buckets and services alone.
pub async fn policy(http: &Http, of: PolicyTarget<'_>) -> Result<Vec<Binding>, ApiError> {
    let answer = http.json(&question(http, of)).await?;
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let read = |binding: &Value| Binding {
        role: binding.get("role").and_then(Value::as_str).unwrap_or_default().to_owned(),
        members: list(binding, "members").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        conditional: binding.get("condition").is_some(),
    };
    Ok(list(&answer, "bindings").iter().map(read).collect())
}

/// Version 3 is asked for, so that conditional grants are shown as what they are.
fn question(http: &Http, of: PolicyTarget<'_>) -> Call {
    let versioned = |api: Api, path: &str, what: String| {
        let mut call = http.get(api, path, what);
        call.query.push(("options.requestedPolicyVersion", "3".into()));
        call
    };
    match of {
        PolicyTarget::Project => {
            let path = format!("v3/projects/{}:getIamPolicy", segment(http.project()));
            let body = Body::Json(json!({"options": {"requestedPolicyVersion": 3}}));
            let doing = format!("read who may do what in project `{}`", http.project());
            http.call(Method::POST, Api::ResourceManager, &path, body, Repeat::Always, doing)
        }
        PolicyTarget::Bucket(name) => {
            let path = format!("storage/v1/b/{}/iam", segment(name));
            let mut call = http.get(Api::Storage, &path, format!("read who may use bucket `{name}`"));
            call.query.push(("optionsRequestedPolicyVersion", "3".into()));
            call
        }
        PolicyTarget::Service(name) => {
            versioned(Api::Run, &format!("v2/{name}:getIamPolicy"), "read who may call the service".into())
        }
        PolicyTarget::Repository(place) => versioned(
            Api::ArtifactRegistry,
            &format!("{}:getIamPolicy", repository_path(place)),
            format!("read who may use repository `{}`", place.name),
        ),
        PolicyTarget::Secret(name) => {
            let path = match name.split('/').collect::<Vec<_>>().as_slice() {
                ["projects", project, "secrets", secret] => {
                    format!("v1/projects/{}/secrets/{}:getIamPolicy", segment(project), segment(secret))
                }
                _ => format!("v1/projects/{}/secrets/{}:getIamPolicy", segment(http.project()), segment(name)),
            };
            versioned(Api::SecretManager, &path, format!("read who may read secret `{name}`"))
        }
    }
}
