//! Secret Manager: who may read a secret, its versions, a version's payload.

mod versions;

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::roles;
use crate::world::{SecretTrouble, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "secretmanager",
    service: "secretmanager.googleapis.com",
    title: "Secret Manager API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: true,
    descriptions: &[include_str!("../../../tests/schemas/secretmanager.v1.json")],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let method = call.id.strip_prefix("secretmanager.projects.secrets.")?;
    Some(match method {
        "versions.access" => access(world, call),
        "getIamPolicy" => policy(world, call),
        "testIamPermissions" => test(world, call),
        method => return versions::answer(world, call, method),
    })
}

/// The secret that the path names, as the world knows it.
fn key(world: &World, call: &Call) -> String {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    format!("projects/{project}/secrets/{}", call.hole("secretsId"))
}

fn denied(permission: &str, resource: &str) -> Reply {
    let message = format!("Permission '{permission}' denied for resource '{resource}' (or it may not exist).");
    refusal::rpc(403, "PERMISSION_DENIED", message, vec![refusal::permission_info(permission, resource)])
}

/// Which of the permissions in question the caller holds; on a secret that is not there, those of the project.
fn test(world: &World, call: &Call) -> Answer {
    let key = key(world, call);
    let project = key.split('/').nth(1).unwrap_or_default();
    let own = world.secrets.get(&key).map(|secret| &secret.policy);
    let mut held = Vec::new();
    for permission in call.json["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !permission.starts_with("secretmanager.") || !roles::is_permission(permission) {
            let sentence = format!("Permission {permission} is not valid for this resource.");
            return Err(refusal::bad_field("permissions", &sentence));
        }
        if world.allows(&call.account, permission, project, own) {
            held.push(permission);
        }
    }
    Ok(Reply::ok(&if held.is_empty() { json!({}) } else { json!({"permissions": held}) }))
}

/// Who may do what with a secret. Whether there is one is told only to those who may know.
fn policy(world: &World, call: &Call) -> Answer {
    let (named, secret) = (call.hole("projectsId"), call.hole("secretsId"));
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let found = world.secrets.get(&format!("projects/{project}/secrets/{secret}"));
    let permission = "secretmanager.secrets.getIamPolicy";
    if !world.allows(&call.account, permission, project, found.map(|secret| &secret.policy)) {
        return Err(denied(permission, &format!("projects/{named}/secrets/{secret}")));
    }
    let found =
        found.ok_or_else(|| refusal::not_found(format!("Secret [projects/{named}/secrets/{secret}] not found.")))?;
    Ok(Reply::ok(&found.policy.view()))
}

fn access(world: &World, call: &Call) -> Answer {
    let (project, secret) = (call.hole("projectsId"), call.hole("secretsId"));
    let version = call.hole("versionsId");
    let number = world.project(project).map_or(project, |project| project.number.as_str());
    let full = |version: &str| format!("projects/{number}/secrets/{secret}/versions/{version}");
    match world.read_secret(&call.account, project, secret, version) {
        Ok((number, payload)) => {
            let checksum = crc32c::crc32c(payload).to_string();
            let payload = json!({"data": STANDARD.encode(payload), "dataCrc32c": checksum});
            Ok(Reply::ok(&json!({"name": full(&number.to_string()), "payload": payload})))
        }
        Err(SecretTrouble::Denied) => {
            let resource = format!("projects/{project}/secrets/{secret}/versions/{version}");
            Err(denied("secretmanager.versions.access", &resource))
        }
        Err(SecretTrouble::NoVersion) => {
            let message = format!("Secret [projects/{number}/secrets/{secret}] not found or has no versions.");
            Err(refusal::not_found(message))
        }
        Err(SecretTrouble::State(state)) => {
            Err(refusal::precondition(format!("Secret Version [{}] is in {state} state.", full(version))))
        }
    }
}
