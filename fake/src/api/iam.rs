//! IAM: service accounts, their keys, and who may act as them.

mod keys;

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::{Account, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "iam",
    service: "iam.googleapis.com",
    title: "Identity and Access Management (IAM) API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/iam.v1.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    if let Some(method) = call.id.strip_prefix("iam.projects.serviceAccounts.keys.") {
        return keys::answer(world, call, method);
    }
    Some(match call.id.as_str() {
        "iam.projects.serviceAccounts.get" => get(world, call),
        "iam.projects.serviceAccounts.testIamPermissions" => test_permissions(world, call),
        "iam.projects.serviceAccounts.getIamPolicy" => policy(world, call),
        _ => return None,
    })
}

/// The account the path names, if the caller has the permission on it. Whether it exists is told
/// only to those who may know.
fn account<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Account, Reply> {
    let name = call.hole("serviceAccountsId");
    let account = world.accounts.values().find(|account| account.email == name || account.unique_id == name);
    let named = call.hole("projectsId");
    let project = account.map_or(named, |account| account.project.as_str());
    if !world.allows(&call.account, permission, project, account.map(|account| &account.policy)) {
        let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
        return Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![refusal::permission_info(permission, "")]));
    }
    account.ok_or_else(|| refusal::not_found("Unknown service account"))
}

fn get(world: &World, call: &Call) -> Answer {
    let account = account(world, call, "iam.serviceAccounts.get")?;
    let mut view = json!({
        "name": format!("projects/{}/serviceAccounts/{}", account.project, account.email),
        "projectId": account.project,
        "uniqueId": account.unique_id,
        "email": account.email,
        "displayName": account.email.split('@').next(),
        "etag": "MDEwMjE5MjA=",
        "oauth2ClientId": account.unique_id
    });
    if account.disabled {
        view["disabled"] = json!(true);
    }
    Ok(Reply::ok(&view))
}

fn test_permissions(world: &World, call: &Call) -> Answer {
    let name = call.hole("serviceAccountsId");
    let account = world.accounts.get(name).ok_or_else(|| refusal::not_found("Unknown service account"))?;
    let asked = call.json["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut held = Vec::new();
    for permission in asked {
        if !roles::is_permission(permission) {
            let sentence = format!("Permission {permission} is not valid for this resource.");
            return Err(refusal::bad_field("permissions", &sentence));
        }
        if world.allows(&call.account, permission, &account.project, Some(&account.policy)) {
            held.push(permission);
        }
    }
    Ok(Reply::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}

fn policy(world: &World, call: &Call) -> Answer {
    Ok(Reply::ok(&account(world, call, "iam.serviceAccounts.getIamPolicy")?.policy.view()))
}
