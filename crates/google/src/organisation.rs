//! What the organisation's policies come to in this project.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use slipway_wire::repeat::Repeat;

/// What a constraint comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraint {
    /// Whether it is enforced; only some are switches.
    pub enforced: bool,
    /// The only values it allows; none where it allows all but those below.
    pub allowed: Vec<String>,
    /// The values it denies.
    pub denied: Vec<String>,
    /// Whether it denies every value.
    pub denies_all: bool,
}

/// Reads what a constraint such as `gcp.resourceLocations` comes to. `orgpolicy.policy.get` is part of
/// `roles/storage.admin` (docs: iam/docs/roles-permissions/storage).
///
/// # Errors
/// When it may not be read.
pub async fn constraint(http: &Http, name: &str) -> Result<Constraint, ApiError> {
    let path = format!("v1/projects/{}:getEffectiveOrgPolicy", segment(http.project()));
    let body = Body::Json(json!({"constraint": format!("constraints/{name}")}));
    let doing = format!("read the organisation's policy `{name}`");
    let answer = http.json(&http.call(Method::POST, Api::ResourceManager, &path, body, Repeat::Always, doing)).await?;
    let values = |key: &str| {
        let list = answer.pointer(&format!("/listPolicy/{key}")).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    Ok(Constraint {
        enforced: answer.pointer("/booleanPolicy/enforced").and_then(Value::as_bool) == Some(true),
        allowed: values("allowedValues"),
        denied: values("deniedValues"),
        denies_all: answer.pointer("/listPolicy/allValues").and_then(Value::as_str) == Some("DENY"),
    })
}
