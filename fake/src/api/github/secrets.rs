//! Secrets of Actions, of a repository and of its environments: written, never read.

use super::body::{self, Kind};
use super::{refusal, repository_of};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{ActionsSecret, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use serde_json::json;

/// What sealing adds: the ephemeral public key and the authenticator.
const SEAL: usize = 48;

/// Bytes that a value has at most.
const LONGEST: usize = 48 << 10;

/// `GET …/secrets/public-key`. Nothing here can open what is sealed with it.
pub(super) fn public_key(_: &mut World, call: &Call) -> Answer {
    let (id, key) = key(call);
    Ok(refusal::github(200, &json!({"key_id": id, "key": key})))
}

/// `GET …/secrets/{name}`: that it is there, and since when.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let secret = repository.secrets.get(&place(call)).ok_or_else(refusal::not_found)?;
    let name = call.hole("name").to_uppercase();
    let body = json!({"name": name, "created_at": secret.created, "updated_at": secret.updated});
    Ok(refusal::github(200, &body))
}

/// `PUT …/secrets/{name}`: 201 for a new one, 204 for one that was there.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let fields = body::read(world, call, &[("encrypted_value", Kind::Text, true), ("key_id", Kind::Text, true)])?;
    name(call.hole("name"))?;
    if body::text(&fields, "key_id") != Some(key(call).0.as_str()) {
        return Err(refusal::refuse(422, "The key_id is not the id of the current public key."));
    }
    let sealed = body::text(&fields, "encrypted_value").unwrap_or_default().to_owned();
    let length = STANDARD.decode(&sealed).map_or(0, |bytes| bytes.len());
    if !(SEAL..=SEAL + LONGEST).contains(&length) {
        return Err(refusal::refuse(422, "The encrypted_value is not a sealed value of at most 48 KB."));
    }
    let now = world.stamp(0);
    let repository = world.github.repository(&repository_of(call));
    let before = repository.secrets.get(&place(call)).map(|known| known.created.clone());
    let created = before.clone().unwrap_or_else(|| now.clone());
    repository.secrets.insert(place(call), ActionsSecret { sealed, created, updated: now });
    world.effect("secret written", format!("{} {}", repository_of(call), place(call)));
    Ok(if before.is_some() { Reply::empty(204) } else { refusal::github(201, &json!({})) })
}

/// Under which name a secret is kept.
fn place(call: &Call) -> String {
    let name = call.hole("name").to_uppercase();
    match call.hole("environment") {
        "" => name,
        environment => format!("{environment}/{name}"),
    }
}

/// The public key of a repository, or of an environment, with its id.
fn key(call: &Call) -> (String, String) {
    let whose = format!("{} {}", repository_of(call), call.hole("environment"));
    let bytes = digest::digest(&digest::SHA256, whose.as_bytes());
    let id: String = bytes.as_ref().iter().take(9).map(|byte| format!("{byte:03}")).collect();
    (id[..18].to_owned(), STANDARD.encode(bytes))
}

fn name(name: &str) -> Result<(), Reply> {
    let lawful = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.to_uppercase().starts_with("GITHUB_");
    let text = "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). Spaces \
                are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).";
    if lawful { Ok(()) } else { Err(refusal::refuse(422, text)) }
}
