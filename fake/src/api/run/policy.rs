//! Invoker policies.

use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::{IamPolicy, World};
use serde_json::{Value, json};

/// `services.getIamPolicy`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let service = super::service(world, call, "run.services.getIamPolicy")?;
    Ok(Reply::ok(&service.policy.view()))
}

/// `services.setIamPolicy`: the whole policy at once, guarded by its etag.
pub(super) fn set(world: &mut World, call: &Call) -> Answer {
    let service = super::service(world, call, "run.services.setIamPolicy")?;
    let (name, before) = (service.name.clone(), service.policy.clone());
    let policy = &call.json["policy"];
    if policy["etag"].as_str().is_some_and(|etag| !etag.is_empty() && etag != before.etag()) {
        let message = "There were concurrent policy changes. Please retry the whole read-modify-write with exponential \
                       backoff.";
        return Err(refusal::rpc(409, "ABORTED", message, Vec::new()));
    }
    let bindings = world.read_bindings(policy).map_err(refusal::invalid)?;
    let restricted = world.project(call.hole("projectsId")).filter(|project| project.members_restricted);
    let public = |member: &&String| *member == "allUsers" || *member == "allAuthenticatedUsers";
    let stranger = bindings.iter().flat_map(|binding| &binding.members).find(public);
    if let (Some(project), Some(member)) = (restricted, stranger) {
        let subject = format!("orgpolicy:projects/{}?configvalue={member}", project.id);
        let description = format!("User {member} is not in permitted organization.");
        let detail = refusal::violation("constraints/iam.allowedPolicyMemberDomains", &subject, &description);
        let message = "One or more users named in the policy do not belong to a permitted customer,  perhaps due to an \
                       organization policy.";
        return Err(refusal::rpc(400, "FAILED_PRECONDITION", message, vec![detail]));
    }
    let lag = world.policy_lag;
    let changed = world.services.get_mut(&name).map(|service| {
        service.policy.bindings = bindings;
        service.policy.version += 1;
        service.stale_policy = (lag > 0).then_some((before, lag));
        service.policy.view()
    });
    world.effect("iam changed", name);
    Ok(Reply::ok(&changed.unwrap_or_default()))
}

/// `services.testIamPermissions`.
pub(super) fn test(world: &mut World, call: &Call) -> Answer {
    let name = super::service_name(world, call);
    held(world, call, world.services.get(&name).map(|service| &service.policy))
}

/// Which of the permissions in question the caller holds on a resource with this policy.
pub(super) fn held(world: &World, call: &Call, policy: Option<&IamPolicy>) -> Answer {
    let mut held = Vec::new();
    for permission in call.json["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !permission.starts_with("run.") || !roles::is_permission(permission) {
            let text = format!("Permission {permission} is not valid for this resource.");
            return Err(refusal::bad_field("permissions", &text));
        }
        if world.allows(&call.account, permission, call.hole("projectsId"), policy) {
            held.push(permission);
        }
    }
    Ok(Reply::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}
