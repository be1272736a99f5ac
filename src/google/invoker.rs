//! Who may call a service: the invoker binding for everybody, added or taken away alone.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::retry::Repeat;
use super::storage::add_member;

const ROLE: &str = "roles/run.invoker";
const EVERYBODY: &str = "allUsers";

/// Rounds of read, change, write while others write too.
const ROUNDS: u32 = 4;

/// What became of the binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It was already as asked; nothing was written.
    Unchanged,
    /// It was written.
    Changed,
}

/// Makes a service callable by everybody, or by nobody without a grant of their own. Other
/// bindings stay as they are; nothing is written when nothing changes.
///
/// # Errors
/// When the policy cannot be read or written.
pub async fn set_public(http: &Http, service: &str, public: bool) -> Result<Access, ApiError> {
    let mut round = 1;
    loop {
        let mut read = http.get(Api::Run, &format!("v2/{service}:getIamPolicy"), "read who may call the service");
        read.query.push(("options.requestedPolicyVersion", "3".into()));
        let mut policy = http.json(&read).await?;
        let changed = if public { add_member(&mut policy, ROLE, EVERYBODY) } else { remove_everybody(&mut policy) };
        if !changed {
            return Ok(Access::Unchanged);
        }
        policy["version"] = 3.into();
        let body = Body::Json(json!({"policy": policy, "updateMask": "bindings,etag"}));
        let doing = if public { "let everybody call the service" } else { "close the service to everybody" };
        // The etag guards it: a second time answers 409 and the policy is read again.
        let write =
            http.call(Method::POST, Api::Run, &format!("v2/{service}:setIamPolicy"), body, Repeat::Always, doing);
        match http.json(&write).await {
            Ok(_) => return Ok(Access::Changed),
            Err(error) if error.is_conflict() && round < ROUNDS => round += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Whether everybody may call a service.
///
/// # Errors
/// When the policy cannot be read.
pub async fn is_public(http: &Http, service: &str) -> Result<bool, ApiError> {
    let mut read = http.get(Api::Run, &format!("v2/{service}:getIamPolicy"), "read who may call the service");
    read.query.push(("options.requestedPolicyVersion", "3".into()));
    let policy = http.json(&read).await?;
    let bindings = policy.get("bindings").and_then(Value::as_array).into_iter().flatten();
    let mut members = bindings
        .filter(|binding| binding["role"] == ROLE && binding.get("condition").is_none())
        .filter_map(|binding| binding.get("members")?.as_array());
    Ok(members.any(|members| members.iter().any(|member| member == EVERYBODY)))
}

fn remove_everybody(policy: &mut Value) -> bool {
    let Some(bindings) = policy["bindings"].as_array_mut() else { return false };
    let mut changed = false;
    for binding in bindings.iter_mut().filter(|binding| binding["role"] == ROLE) {
        if let Some(members) = binding["members"].as_array_mut() {
            let before = members.len();
            members.retain(|member| member != EVERYBODY && member != "allAuthenticatedUsers");
            changed |= members.len() != before;
        }
    }
    bindings.retain(|binding| binding["members"].as_array().is_none_or(|members| !members.is_empty()));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_everybody_is_taken_away() {
        let mut policy = json!({"bindings": [
            {"role": "roles/run.invoker", "members": ["allUsers", "user:a@b.c"]},
            {"role": "roles/viewer", "members": ["allUsers"]}]});
        assert!(remove_everybody(&mut policy));
        assert!(!remove_everybody(&mut policy));
        assert_eq!(policy["bindings"][0]["members"], json!(["user:a@b.c"]));
        assert_eq!(policy["bindings"][1]["members"], json!(["allUsers"]));
        assert!(!remove_everybody(&mut json!({"etag": "ACAB"})));
    }
}
