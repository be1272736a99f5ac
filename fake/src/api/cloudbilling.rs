//! Cloud Billing: who pays for a project, and what the caller may do with a billing account.

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::World;
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "cloudbilling",
    service: "cloudbilling.googleapis.com",
    title: "Cloud Billing API",
    family: Family::Rpc,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/cloudbilling.v1.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "cloudbilling.projects.getBillingInfo" => info(world, call),
        "cloudbilling.billingAccounts.testIamPermissions" => test(world, call),
        _ => return None,
    })
}

/// Billing says no more than this.
pub(super) fn denied() -> Reply {
    refusal::rpc(403, "PERMISSION_DENIED", "The caller does not have permission", Vec::new())
}

/// Whoever may see the project may see who pays for it.
fn info(world: &World, call: &Call) -> Answer {
    let project = world.project(call.hole("projectsId"));
    let seen = project.filter(|one| world.allows(&call.account, "resourcemanager.projects.get", &one.id, None));
    let project = seen.ok_or_else(denied)?;
    let named = project.billing_account.as_str();
    let open = world.billing_accounts.get(named).is_some_and(|account| account.open);
    Ok(Reply::ok(&json!({
        "name": format!("projects/{}/billingInfo", project.id), "projectId": project.id,
        "billingAccountName": if project.billing { named } else { "" }, "billingEnabled": project.billing && open,
    })))
}

fn test(world: &World, call: &Call) -> Answer {
    let name = format!("billingAccounts/{}", call.hole("billingAccountsId"));
    let mut held = Vec::new();
    for permission in call.json["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !permission.starts_with("billing.") || !roles::is_permission(permission) {
            let sentence = format!("Permission {permission} is not valid for this resource.");
            return Err(refusal::bad_field("permissions", &sentence));
        }
        if world.allows_on_billing(&call.account, permission, &name) {
            held.push(permission);
        }
    }
    Ok(Reply::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}
