//! Firebase Authentication (Identity Platform): the domains from which people may sign in.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use slipway_wire::repeat::Repeat;

/// The domains from which people may sign in; nothing where the project has no Authentication.
///
/// # Errors
/// When they may not be read.
pub async fn domains(http: &Http) -> Result<Option<Vec<String>>, ApiError> {
    let call = http.get(Api::Identity, &path(http), "read the authorised domains");
    match http.json(&call).await {
        Ok(answer) => Ok(Some(read(&answer))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the whole list; nothing guards it, so whoever writes at the same time may take something out again.
///
/// # Errors
/// When Google refuses.
pub async fn set_domains(http: &Http, domains: &[String]) -> Result<(), ApiError> {
    let body = Body::Json(json!({ "authorizedDomains": domains }));
    let mut call =
        http.call(Method::PATCH, Api::Identity, &path(http), body, Repeat::Always, "write the authorised domains");
    call.query.push(("updateMask", "authorizedDomains".into()));
    http.json(&call).await.map(drop)
}

fn path(http: &Http) -> String {
    format!("v2/projects/{}/config", segment(http.project()))
}

fn read(config: &Value) -> Vec<String> {
    let domains = config.get("authorizedDomains").and_then(Value::as_array).into_iter().flatten();
    domains.filter_map(Value::as_str).map(str::to_owned).collect()
}
