//! Cloud Resource Manager: a project's number, what the caller may do in it, organisation policies.

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::{Project, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "cloudresourcemanager",
    service: "cloudresourcemanager.googleapis.com",
    title: "Cloud Resource Manager API",
    family: Family::Rpc,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[
        include_str!("../../../tests/schemas/cloudresourcemanager.v3.json"),
        include_str!("../../../tests/schemas/cloudresourcemanager.v1.json"),
    ],
    extras: &[],
    answer,
};

/// The most permissions one question may name.
const MOST: usize = 100;

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match (call.id.as_str(), call.path.starts_with("/v3/")) {
        ("cloudresourcemanager.projects.get", newer) => get(world, call, newer),
        ("cloudresourcemanager.projects.getIamPolicy", true) => policy(world, call),
        ("cloudresourcemanager.projects.testIamPermissions", true) => test_permissions(world, call),
        ("cloudresourcemanager.projects.getEffectiveOrgPolicy", _) => org_policy(world, call),
        _ => return None,
    })
}

fn project<'a>(world: &'a World, call: &Call) -> Option<&'a Project> {
    world.project(call.project().unwrap_or_default())
}

/// A project in the words of v3, or of v1, which gcloud asks.
fn get(world: &World, call: &Call, newer: bool) -> Answer {
    let name = call.project().unwrap_or_default();
    match project(world, call) {
        Some(project) if world.allows(&call.account, "resourcemanager.projects.get", &project.id, None) => {
            let created = "2025-02-01T09:00:00.000Z";
            Ok(Reply::ok(&match newer {
                true => json!({
                    "name": format!("projects/{}", project.number),
                    "parent": "organizations/9876543210",
                    "projectId": project.id,
                    "state": "ACTIVE",
                    "displayName": project.id,
                    "createTime": created,
                    "etag": "W/\"abc\""
                }),
                false => json!({
                    "projectNumber": project.number,
                    "projectId": project.id,
                    "lifecycleState": "ACTIVE",
                    "name": project.id,
                    "createTime": created,
                    "parent": {"type": "organization", "id": "9876543210"}
                }),
            }))
        }
        _ => Err(denied("resourcemanager.projects.get", name)),
    }
}

/// Who may do what in a project. What folders and the organisation grant is not part of it.
fn policy(world: &World, call: &Call) -> Answer {
    let permission = "resourcemanager.projects.getIamPolicy";
    match project(world, call) {
        Some(project) if world.allows(&call.account, permission, &project.id, None) => {
            Ok(Reply::ok(&project.policy.view()))
        }
        _ => Err(denied(permission, call.project().unwrap_or_default())),
    }
}

fn denied(permission: &str, project: &str) -> Reply {
    let resource = format!("projects/{project}");
    refusal::denied(permission, &resource, &format!("//cloudresourcemanager.googleapis.com/{resource}"))
}

fn test_permissions(world: &World, call: &Call) -> Answer {
    let asked: Vec<&str> =
        call.json["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if asked.len() > MOST {
        return Err(refusal::invalid(format!("A maximum of {MOST} permissions can be tested at once.")));
    }
    if let Some(strange) = asked.iter().find(|name| !roles::is_permission(name)) {
        return Err(refusal::bad_field(
            "permissions",
            &format!("Permission {strange} is not valid for this resource."),
        ));
    }
    let name = call.project().unwrap_or_default();
    let Some(project) = project(world, call) else { return Err(denied("resourcemanager.projects.get", name)) };
    let held: Vec<&str> =
        asked.into_iter().filter(|permission| world.allows(&call.account, permission, &project.id, None)).collect();
    Ok(Reply::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}

/// The effective policy of a constraint; lists allow everything unless the project says otherwise.
fn org_policy(world: &World, call: &Call) -> Answer {
    let name = call.project().unwrap_or_default();
    let project = project(world, call)
        .filter(|project| world.allows(&call.account, "orgpolicy.policy.get", &project.id, None))
        .ok_or_else(|| denied("orgpolicy.policy.get", name))?;
    let constraint = call.json["constraint"].as_str().unwrap_or_default();
    let short = constraint
        .strip_prefix("constraints/")
        .ok_or_else(|| refusal::invalid(format!("Invalid constraint name: {constraint}")))?;
    let mut policy = json!({"constraint": constraint});
    match short {
        "iam.allowedPolicyMemberDomains" if project.members_restricted => {
            policy["listPolicy"] = json!({"allowedValues": ["C01234567"]});
        }
        "gcp.resourceLocations" if project.allowed_locations.is_some() => {
            policy["listPolicy"] = json!({"allowedValues": project.allowed_locations});
        }
        "iam.disableServiceAccountKeyCreation" if project.keys_forbidden => {
            policy["booleanPolicy"] = json!({"enforced": true});
        }
        "iam.disableServiceAccountKeyCreation"
        | "storage.publicAccessPrevention"
        | "cloudbuild.disableCreateDefaultServiceAccount" => policy["booleanPolicy"] = json!({}),
        _ => policy["listPolicy"] = json!({"allValues": "ALLOW"}),
    }
    Ok(Reply::ok(&policy))
}
