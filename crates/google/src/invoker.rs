//! Who may call a service: the invoker binding for everybody, added or taken away alone.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::storage::add_member;
use slipway_names::access::{AccessChange, Callers, Front};
use slipway_names::json::{list, set};
use slipway_names::shown::listed;
use slipway_wire::repeat::Repeat;

const ROLE: &str = "roles/run.invoker";
const EVERYBODY: &str = "allUsers";

/// Members that stand for everybody, or for everybody with an account.
const ALL: [&str; 2] = [EVERYBODY, "allAuthenticatedUsers"];

/// Rounds of read, change, write while others write too.
const ROUNDS: u32 = 4;

/// What making a service callable by everybody, or by nobody without a grant of their own, would change; nothing where
/// it is so already.
///
/// # Errors
/// When the policy cannot be read.
pub async fn change(http: &Http, service: &str, public: bool) -> Result<Option<AccessChange>, ApiError> {
    Ok(apply(&mut policy(http, service).await?, public))
}

/// Makes a service callable by everybody, or by nobody without a grant of their own, and gives back what that
/// changed. Other bindings stay as they are; nothing is written when nothing changes.
///
/// # Errors
/// When the policy cannot be read or written.
pub async fn set_public(http: &Http, service: &str, public: bool) -> Result<Option<AccessChange>, ApiError> {
    let doing = if public { "let everybody call the service" } else { "close the service to everybody" };
    edit(http, service, doing, |policy| apply(policy, public)).await
}

/// Those of `members` who may not call a service by its own policy.
///
/// # Errors
/// When the policy cannot be read.
pub async fn without(http: &Http, service: &str, members: &[String]) -> Result<Vec<String>, ApiError> {
    let mut policy = policy(http, service).await?;
    Ok(invite(&mut policy, members).unwrap_or_default())
}

/// Lets `members` call a service, and gives back those who could not before. Nobody loses anything.
///
/// # Errors
/// When the policy cannot be read or written.
pub async fn add(http: &Http, service: &str, members: &[String]) -> Result<Vec<String>, ApiError> {
    let doing = format!("let {} call the service", listed(members));
    let added = edit(http, service, &doing, |policy| invite(policy, members)).await?;
    Ok(added.unwrap_or_default())
}

/// Takes a change back; false where nothing of it is there any more.
///
/// # Errors
/// When the policy cannot be read or written.
pub async fn take_back(http: &Http, service: &str, change: &AccessChange) -> Result<bool, ApiError> {
    let doing = "put back who may call the service";
    Ok(edit(http, service, doing, |policy| revert(policy, change).then_some(())).await?.is_some())
}

/// Who may call a service. Its policy is read only where it decides.
///
/// # Errors
/// When the policy decides and cannot be read.
pub async fn callers(http: &Http, name: &str, front: Front) -> Result<Callers, ApiError> {
    if let Some(known) = front.callers(None) {
        return Ok(known);
    }
    Ok(if is_everybody(http, name).await? { Callers::Everybody } else { Callers::Granted })
}

/// Whether a service's policy lets everybody call it.
///
/// # Errors
/// When the policy cannot be read.
pub async fn is_everybody(http: &Http, service: &str) -> Result<bool, ApiError> {
    let policy = policy(http, service).await?;
    let bindings = policy.get("bindings").and_then(Value::as_array).into_iter().flatten();
    let mut members = bindings
        .filter(|binding| binding["role"] == ROLE && binding.get("condition").is_none())
        .filter_map(|binding| binding.get("members")?.as_array());
    Ok(members.any(|members| members.iter().any(|member| member == EVERYBODY)))
}

/// Takes a member's grant away again.
///
/// # Errors
/// When the policy cannot be read or written.
pub async fn revoke(http: &Http, service: &str, member: &str) -> Result<(), ApiError> {
    let doing = format!("take the service from `{member}` again");
    edit(http, service, &doing, |policy| remove_member(policy, member).then_some(())).await.map(drop)
}

async fn policy(http: &Http, service: &str) -> Result<Value, ApiError> {
    let mut read = http.get(Api::Run, &format!("v2/{service}:getIamPolicy"), "read who may call the service");
    read.query.push(("options.requestedPolicyVersion", "3".into()));
    http.json(&read).await
}

/// Reads the policy, changes it, writes it back; nothing is written where `change` says that nothing changes.
async fn edit<T>(
    http: &Http,
    service: &str,
    doing: &str,
    change: impl Fn(&mut Value) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let mut round = 1;
    loop {
        let mut policy = policy(http, service).await?;
        let Some(changed) = change(&mut policy) else { return Ok(None) };
        set(&mut policy, "version", 3);
        let body = Body::Json(json!({"policy": policy, "updateMask": "bindings,etag"}));
        // The etag guards it: a second time answers 409 and the policy is read again.
        let write =
            http.call(Method::POST, Api::Run, &format!("v2/{service}:setIamPolicy"), body, Repeat::Always, doing);
        match http.json(&write).await {
            Ok(_) => return Ok(Some(changed)),
            Err(error) if error.is_conflict() && round < ROUNDS => round += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Adds members, and gives back those who are new; nothing where none is.
fn invite(policy: &mut Value, members: &[String]) -> Option<Vec<String>> {
    let fresh: Vec<String> = members.iter().filter(|member| add_member(policy, ROLE, member)).cloned().collect();
    (!fresh.is_empty()).then_some(fresh)
}

/// Changes a policy, and says how; nothing where it is so already.
fn apply(policy: &mut Value, public: bool) -> Option<AccessChange> {
    if public {
        return add_member(policy, ROLE, EVERYBODY).then_some(AccessChange::Opens);
    }
    let bindings = policy.get_mut("bindings")?.as_array_mut()?;
    let mut gone = Vec::new();
    for binding in bindings.iter_mut().filter(|binding| binding["role"] == ROLE) {
        let Some(members) = binding.get_mut("members").and_then(Value::as_array_mut) else { continue };
        let taken: Vec<Value> = members.extract_if(.., |member| ALL.iter().any(|all| member == all)).collect();
        if !taken.is_empty() {
            let mut same = binding.clone();
            set(&mut same, "members", taken);
            gone.push(same);
        }
    }
    bindings.retain(|binding| binding["members"].as_array().is_none_or(|members| !members.is_empty()));
    (!gone.is_empty()).then_some(AccessChange::Closes(gone))
}

/// Takes a change of a policy back; false where nothing of it is there.
fn revert(policy: &mut Value, change: &AccessChange) -> bool {
    match change {
        AccessChange::Opens => remove_member(policy, EVERYBODY),
        AccessChange::Closes(bindings) => {
            let mut back = false;
            for binding in bindings {
                let members = binding.get("members").and_then(Value::as_array).into_iter().flatten();
                for member in members.filter_map(Value::as_str) {
                    back |= if binding.get("condition").is_none() {
                        add_member(policy, ROLE, member)
                    } else {
                        add_conditional(policy, binding, member)
                    };
                }
            }
            back
        }
    }
}

/// Takes a member out of the binding without a condition; false where it is not in it.
fn remove_member(policy: &mut Value, gone: &str) -> bool {
    let Some(bindings) = policy.get_mut("bindings").and_then(Value::as_array_mut) else { return false };
    let mut found = false;
    for binding in bindings.iter_mut().filter(|binding| binding["role"] == ROLE && binding.get("condition").is_none()) {
        if let Some(members) = binding.get_mut("members").and_then(Value::as_array_mut) {
            found |= members.extract_if(.., |member| member == gone).count() > 0;
        }
    }
    bindings.retain(|binding| binding["members"].as_array().is_none_or(|members| !members.is_empty()));
    found
}

/// Adds a member to the binding with the same condition, or that binding with this member alone.
fn add_conditional(policy: &mut Value, like: &Value, member: &str) -> bool {
    let bindings = list(policy, "bindings");
    let same = |binding: &&mut Value| binding["role"] == like["role"] && binding["condition"] == like["condition"];
    match bindings.iter_mut().find(same).and_then(|binding| binding.get_mut("members")?.as_array_mut()) {
        Some(members) if members.iter().any(|other| other == member) => false,
        Some(members) => {
            members.push(member.into());
            true
        }
        None => {
            let mut binding = like.clone();
            set(&mut binding, "members", json!([member]));
            bindings.push(binding);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_everybody_is_taken_away_and_comes_back() {
        let before = json!({"bindings": [
            {"role": "roles/run.invoker", "members": ["user:a@b.c", "allUsers"]},
            {"role": "roles/run.invoker", "members": ["allAuthenticatedUsers"], "condition": {"expression": "x"}},
            {"role": "roles/viewer", "members": ["allUsers"]}]});
        let mut policy = before.clone();
        let change = apply(&mut policy, false).expect("a change");
        assert_eq!(
            policy,
            json!({"bindings": [
                {"role": "roles/run.invoker", "members": ["user:a@b.c"]}, {"role": "roles/viewer", "members": ["allUsers"]}]})
        );
        assert_eq!(apply(&mut policy, false), None);
        assert!(revert(&mut policy, &change) && !revert(&mut policy, &change));
        for binding in before["bindings"].as_array().expect("a list") {
            assert!(policy["bindings"].as_array().expect("a list").contains(binding), "{policy}");
        }
        assert_eq!(apply(&mut json!({"etag": "ACAB"}), false), None);
    }

    #[test]
    fn what_was_opened_is_closed_again() {
        let before = json!({"bindings": [{"role": "roles/run.invoker", "members": ["user:a@b.c"]}]});
        for before in [before, json!({"etag": "ACAB"})] {
            let mut policy = before.clone();
            assert_eq!(apply(&mut policy, true), Some(AccessChange::Opens));
            assert_eq!(apply(&mut policy, true), None);
            assert!(revert(&mut policy, &AccessChange::Opens) && !revert(&mut policy, &AccessChange::Opens));
            assert_eq!(apply(&mut policy, false), None, "nobody is left: {policy}");
        }
    }
}
