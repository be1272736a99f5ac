//! Keys of service accounts: made, listed, switched off and on, deleted. A private part is told once.

use super::account;
use crate::call::Call;
use crate::keys;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Key, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Keys of its users that an account has at most.
const MOST: usize = 10;

/// What a policy of the organisation that forbids keys is called.
const FORBIDS: &str = "constraints/iam.disableServiceAccountKeyCreation";

/// Answers the method of this short name; none where the fake lacks it.
pub(super) fn answer(world: &mut World, call: &Call, method: &str) -> Option<Answer> {
    Some(match method {
        "list" => list(world, call),
        "get" => get(world, call),
        "create" => create(world, call),
        "disable" => switch(world, call, true),
        "enable" => switch(world, call, false),
        "delete" => delete(world, call),
        _ => return None,
    })
}

fn view(project: &str, email: &str, key: &Key) -> Value {
    let mut view = json!({
        "name": format!("projects/{project}/serviceAccounts/{email}/keys/{}", key.id),
        "validAfterTime": key.created,
        "validBeforeTime": "9999-12-31T23:59:59Z",
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
    });
    if key.disabled {
        view["disabled"] = json!(true);
        view["disableReason"] = json!("SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED");
    }
    view
}

/// Google's own key of every account comes with the list, unless users' keys alone are asked for.
fn list(world: &mut World, call: &Call) -> Answer {
    let found = account(world, call, "iam.serviceAccountKeys.list")?;
    let (users, googles) = match call.query("keyTypes") {
        Some("USER_MANAGED") => (true, false),
        Some("SYSTEM_MANAGED") => (false, true),
        _ => (true, true),
    };
    let kept = found.keys.iter().filter(|key| users && key.unlisted == 0);
    let mut keys: Vec<Value> = kept.map(|key| view(&found.project, &found.email, key)).collect();
    if googles {
        let name = format!("projects/{}/serviceAccounts/{}/keys/{}", found.project, found.email, "5".repeat(40));
        keys.push(json!({"name": name, "keyType": "SYSTEM_MANAGED", "keyOrigin": "GOOGLE_PROVIDED",
            "keyAlgorithm": "KEY_ALG_RSA_2048", "validAfterTime": "2025-01-01T00:00:00Z"}));
    }
    let email = found.email.clone();
    for key in world.accounts.get_mut(&email).into_iter().flat_map(|account| &mut account.keys) {
        key.unlisted = key.unlisted.saturating_sub(1);
    }
    Ok(Reply::ok(&if keys.is_empty() { json!({}) } else { json!({"keys": keys}) }))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let found = account(world, call, "iam.serviceAccountKeys.get")?;
    let key = found.keys.iter().find(|key| key.id == call.hole("keysId")).ok_or_else(missing)?;
    Ok(Reply::ok(&view(&found.project, &found.email, key)))
}

fn create(world: &mut World, call: &Call) -> Answer {
    let found = account(world, call, "iam.serviceAccountKeys.create")?;
    let (email, project, held) = (found.email.clone(), found.project.clone(), found.keys.len());
    if world.project(&project).is_some_and(|project| project.keys_forbidden) {
        let subject = format!("projects/{project}/serviceAccounts/{email}?configvalue={email}");
        let sentence = "Key creation is not allowed on this service account.";
        let detail = refusal::violation(FORBIDS, &subject, sentence);
        return Err(refusal::rpc(400, "FAILED_PRECONDITION", sentence, vec![detail]));
    }
    if held >= MOST {
        return Err(refusal::precondition("Maximum number of keys on account reached."));
    }
    if call.json["privateKeyType"].as_str().is_some_and(|kind| kind != "TYPE_GOOGLE_CREDENTIALS_FILE") {
        return Err(refusal::invalid("The fake makes key files in JSON alone."));
    }
    let Some(id) = world.add_key(&email) else { return Err(missing()) };
    world.effect("key created", format!("{email} {id}"));
    let (lag, unlisted, token_uri) = (world.key_lag, world.key_list_lag, world.token_uri.clone());
    let file = keys::key_file(&email, &id, world.accounts.get(&email), &token_uri);
    let made = world.accounts.get_mut(&email).and_then(|account| account.keys.last_mut()).ok_or_else(missing)?;
    (made.lag, made.unlisted) = (lag, unlisted);
    let mut view = view(&project, &email, made);
    view["privateKeyType"] = json!("TYPE_GOOGLE_CREDENTIALS_FILE");
    view["privateKeyData"] = json!(STANDARD.encode(file));
    Ok(Reply::ok(&view))
}

fn switch(world: &mut World, call: &Call, off: bool) -> Answer {
    let permission = if off { "iam.serviceAccountKeys.disable" } else { "iam.serviceAccountKeys.enable" };
    let email = account(world, call, permission)?.email.clone();
    let keys = world.accounts.get_mut(&email).into_iter().flat_map(|account| &mut account.keys);
    let key = keys.into_iter().find(|key| key.id == call.hole("keysId")).ok_or_else(missing)?;
    let changed = key.disabled != off;
    key.disabled = off;
    if changed {
        let what = if off { "key disabled" } else { "key enabled" };
        world.effect(what, format!("{email} {}", call.hole("keysId")));
    }
    Ok(Reply::ok(&json!({})))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let email = account(world, call, "iam.serviceAccountKeys.delete")?.email.clone();
    let account = world.accounts.get_mut(&email).ok_or_else(missing)?;
    let at = account.keys.iter().position(|key| key.id == call.hole("keysId")).ok_or_else(missing)?;
    account.keys.remove(at);
    world.effect("key deleted", format!("{email} {}", call.hole("keysId")));
    Ok(Reply::ok(&json!({})))
}

fn missing() -> Reply {
    refusal::not_found("Service account key does not exist.")
}
