//! Versions of secrets: added, listed, looked at, switched off and on.

use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{SecretVersion, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What Secret Manager's lists do.
const PAGE: Size = Size { usual: 25_000, most: 25_000 };

/// The largest payload, in bytes.
const LARGEST: usize = 64 << 10;

/// Answers the method of this short name; none where the fake lacks it.
pub(super) fn answer(world: &mut World, call: &Call, method: &str) -> Option<Answer> {
    Some(match method {
        "addVersion" => add(world, call),
        "versions.list" => list(world, call),
        "versions.get" => get(world, call),
        "versions.disable" => switch(world, call, false),
        "versions.enable" => switch(world, call, true),
        _ => return None,
    })
}

/// The secret's key in the world, if the caller may do this with it. Whether there is one is told only to those who
/// may know.
fn secret(world: &World, call: &Call, permission: &str) -> Result<String, Reply> {
    let key = super::key(world, call);
    let project = key.split('/').nth(1).unwrap_or_default();
    let found = world.secrets.get(&key);
    let resource = format!("projects/{}/secrets/{}", call.hole("projectsId"), call.hole("secretsId"));
    if !world.allows(&call.account, permission, project, found.map(|secret| &secret.policy)) {
        return Err(super::denied(permission, &resource));
    }
    found.map(|_| key).ok_or_else(|| refusal::not_found(format!("Secret [{resource}] not found.")))
}

fn view(world: &World, key: &str, number: usize, version: &SecretVersion) -> Value {
    let parts: Vec<&str> = key.split('/').collect();
    let project = world.project(parts[1]).map_or(parts[1], |project| project.number.as_str());
    let mut view = json!({
        "name": format!("projects/{project}/secrets/{}/versions/{number}", parts[3]),
        "createTime": version.created,
        "state": version.state,
        "replicationStatus": {"automatic": {}},
        "etag": version.etag(),
    });
    if version.checked {
        view["clientSpecifiedPayloadChecksum"] = json!(true);
    }
    view
}

fn add(world: &mut World, call: &Call) -> Answer {
    let key = secret(world, call, "secretmanager.versions.add")?;
    let payload = &call.json["payload"];
    let bytes = STANDARD
        .decode(payload["data"].as_str().unwrap_or_default())
        .map_err(|_| refusal::invalid("Invalid base64 data."))?;
    if bytes.is_empty() || bytes.len() > LARGEST {
        return Err(refusal::invalid("The payload must be between 1 and 65536 bytes."));
    }
    let checksum = payload["dataCrc32c"].as_str();
    if checksum.is_some_and(|told| told != crc32c::crc32c(&bytes).to_string()) {
        return Err(refusal::invalid("The checksum of the payload does not match its data."));
    }
    let checked = checksum.is_some();
    let created = world.stamp(6);
    let made = world.secrets.get_mut(&key).map(|secret| {
        secret.versions.push(SecretVersion { payload: bytes, checked, ..SecretVersion::new(created) });
        secret.versions.len()
    });
    let number = made.unwrap_or_default();
    world.effect("secret version added", format!("{key}/versions/{number}"));
    shown(world, &key, number)
}

fn shown(world: &World, key: &str, number: usize) -> Answer {
    let secret = world.secrets.get(key);
    let version = secret.and_then(|secret| secret.versions.get(number.checked_sub(1)?));
    match version {
        Some(version) => Ok(Reply::ok(&view(world, key, number, version))),
        None => Err(refusal::not_found(format!("Secret Version [{key}/versions/{number}] not found."))),
    }
}

/// Newest first, as Google lists them.
fn list(world: &mut World, call: &Call) -> Answer {
    let key = secret(world, call, "secretmanager.versions.list")?;
    let wanted = call.query("filter").unwrap_or_default();
    let state = wanted.strip_prefix("state:");
    if !wanted.is_empty() && state.is_none() {
        return Err(refusal::invalid("The fake filters versions by their state alone."));
    }
    let versions = world.secrets.get(&key).map(|secret| secret.versions.as_slice()).unwrap_or_default();
    let fits = |version: &SecretVersion| state.is_none_or(|state| version.state == state);
    let kept = (1..).zip(versions).filter(|(_, version)| fits(version));
    let mut all: Vec<Value> = kept.map(|(number, version)| view(world, &key, number, version)).collect();
    all.reverse();
    let total = all.len();
    let mut reply = page::of(call, "versions", PAGE, all);
    reply["totalSize"] = json!(total);
    Ok(Reply::ok(&reply))
}

/// The number of the version that the path names.
fn number(world: &World, call: &Call, key: &str) -> usize {
    world.secrets.get(key).map_or(0, |secret| secret.number(call.hole("versionsId")))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let key = secret(world, call, "secretmanager.versions.get")?;
    shown(world, &key, number(world, call, &key))
}

fn switch(world: &mut World, call: &Call, on: bool) -> Answer {
    let permission = if on { "secretmanager.versions.enable" } else { "secretmanager.versions.disable" };
    let key = secret(world, call, permission)?;
    let number: usize = call.hole("versionsId").parse().unwrap_or(0);
    let name = format!("{key}/versions/{number}");
    let found = world.secrets.get_mut(&key).and_then(|secret| secret.versions.get_mut(number.checked_sub(1)?));
    let Some(version) = found else {
        return Err(refusal::not_found(format!("Secret Version [{name}] not found.")));
    };
    if version.state == "DESTROYED" {
        return Err(refusal::precondition(format!("Secret Version [{name}] is in DESTROYED state.")));
    }
    if call.json["etag"].as_str().is_some_and(|etag| !etag.is_empty() && etag != version.etag()) {
        return Err(refusal::precondition("The etag provided in the request does not match the etag of the resource."));
    }
    let state = if on { "ENABLED" } else { "DISABLED" };
    if version.state != state {
        state.clone_into(&mut version.state);
        version.changes += 1;
        world.effect(if on { "secret version enabled" } else { "secret version disabled" }, name);
    }
    shown(world, &key, number)
}
