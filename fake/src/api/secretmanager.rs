//! Secret Manager: a secret version's payload.

use crate::apis::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{SecretTrouble, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

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
    Some(match call.id.as_str() {
        "secretmanager.projects.secrets.versions.access" => access(world, call),
        "secretmanager.projects.secrets.getIamPolicy" => policy(world, call),
        _ => return None,
    })
}

/// Who may do what with a secret. Whether there is one is told only to those who may know.
fn policy(world: &World, call: &Call) -> Answer {
    let (named, secret) = (call.hole("projectsId"), call.hole("secretsId"));
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let found = world.secrets.get(&format!("projects/{project}/secrets/{secret}"));
    let permission = "secretmanager.secrets.getIamPolicy";
    if !world.allows(&call.account, permission, project, found.map(|secret| &secret.policy)) {
        let resource = format!("projects/{named}/secrets/{secret}");
        let message = format!("Permission '{permission}' denied for resource '{resource}' (or it may not exist).");
        let detail = refusal::permission_info(permission, &resource);
        return Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail]));
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
            let permission = "secretmanager.versions.access";
            let resource = format!("projects/{project}/secrets/{secret}/versions/{version}");
            let message = format!("Permission '{permission}' denied for resource '{resource}' (or it may not exist).");
            let detail = refusal::permission_info(permission, &resource);
            Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail]))
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
