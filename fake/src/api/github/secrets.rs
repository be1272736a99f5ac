//! Secrets of Actions, of a repository, its environments and of organisations: written, never read.

use super::body::{self, Kind};
use super::{refusal, repository_of};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{ActionsSecret, OrganizationSecret, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_box::SecretKey;
use ring::digest;
use serde_json::{Map, Value, json};

/// What sealing adds: the ephemeral public key and the authenticator.
const SEAL: usize = 48;

/// Bytes that a value has at most.
const LONGEST: usize = 48 << 10;

/// `GET …/secrets/public-key`.
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
    let (sealed, _) = sealed(world, call, false)?;
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let secret = written(world, call, sealed, repository.secrets.get(&place(call)));
    let before = world.github.repository(&repository_of(call)).secrets.insert(place(call), secret);
    world.effect("secret written", format!("{} {}", repository_of(call), place(call)));
    Ok(if before.is_some() { Reply::empty(204) } else { refusal::github(201, &json!({})) })
}

/// `GET /orgs/{org}/actions/secrets/{name}`.
pub(super) fn get_of_organization(world: &mut World, call: &Call) -> Answer {
    let known = world.github.organization_secrets.get(&place_of_organization(call)).ok_or_else(refusal::not_found)?;
    let name = call.hole("name").to_uppercase();
    let mut body = json!({"name": name, "created_at": known.secret.created, "updated_at": known.secret.updated,
        "visibility": known.visibility});
    if known.visibility == "selected" {
        body["selected_repositories_url"] = json!(format!("{}{}/repositories", call.base, call.path));
    }
    Ok(refusal::github(200, &body))
}

/// `GET /orgs/{org}/actions/secrets/{name}/repositories`: those that are selected.
pub(super) fn repositories(world: &mut World, call: &Call) -> Answer {
    let known = world.github.organization_secrets.get(&place_of_organization(call)).ok_or_else(refusal::not_found)?;
    if known.visibility != "selected" {
        return Err(refusal::refuse(409, "The visibility of the secret is not selected."));
    }
    let list: Vec<_> = known.repositories.iter().map(|id| json!({"id": id})).collect();
    Ok(refusal::github(200, &json!({"total_count": list.len(), "repositories": list})))
}

/// `PUT /orgs/{org}/actions/secrets/{name}`: who may use it is written anew each time.
pub(super) fn put_of_organization(world: &mut World, call: &Call) -> Answer {
    let (sealed, fields) = sealed(world, call, true)?;
    let visibility = body::text(&fields, "visibility").unwrap_or_default().to_owned();
    if !["all", "private", "selected"].contains(&visibility.as_str()) {
        return Err(refusal::refuse(
            422,
            "Invalid request.\n\nvisibility is not a member of [\"all\", \"private\", \"selected\"].",
        ));
    }
    let ids = fields.get("selected_repository_ids").and_then(Value::as_array);
    let repositories = ids.into_iter().flatten().filter_map(Value::as_u64).collect();
    let place = place_of_organization(call);
    let before = world.github.organization_secrets.get(&place).map(|known| &known.secret);
    let secret = written(world, call, sealed, before);
    let made = OrganizationSecret { secret, visibility, repositories };
    let before = world.github.organization_secrets.insert(place.clone(), made);
    world.effect("secret written", place);
    Ok(if before.is_some() { Reply::empty(204) } else { refusal::github(201, &json!({})) })
}

/// What is to be written, once it keeps GitHub's laws; with all fields that came.
fn sealed(world: &mut World, call: &Call, of_organization: bool) -> Result<(String, Map<String, Value>), Reply> {
    let mut known = vec![("encrypted_value", Kind::Text, true), ("key_id", Kind::Text, true)];
    if of_organization {
        known.extend([("visibility", Kind::Text, true), ("selected_repository_ids", Kind::Numbers, false)]);
    }
    let fields = body::read(world, call, &known)?;
    name(call.hole("name"))?;
    if body::text(&fields, "key_id") != Some(key(call).0.as_str()) {
        return Err(refusal::refuse(422, "The key_id is not the id of the current public key."));
    }
    let sealed = body::text(&fields, "encrypted_value").unwrap_or_default().to_owned();
    let length = STANDARD.decode(&sealed).map_or(0, |bytes| bytes.len());
    if !(SEAL..=SEAL + LONGEST).contains(&length) {
        return Err(refusal::refuse(422, "The encrypted_value is not a sealed value of at most 48 KB."));
    }
    Ok((sealed, fields))
}

/// The secret as it is from now on.
fn written(world: &World, call: &Call, sealed: String, before: Option<&ActionsSecret>) -> ActionsSecret {
    let updated = world.stamp(0);
    let bytes = STANDARD.decode(&sealed).unwrap_or_default();
    // GitHub takes what it cannot open, and a job then finds the secret empty.
    let opened = pair(call).1.unseal(&bytes).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let created = before.map_or_else(|| updated.clone(), |before| before.created.clone());
    ActionsSecret { sealed, opened, created, updated }
}

fn place_of_organization(call: &Call) -> String {
    format!("{}/{}", call.hole("org").to_lowercase(), call.hole("name").to_uppercase())
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
    let (whose, pair) = pair(call);
    let bytes = digest::digest(&digest::SHA256, whose.as_bytes());
    let id: String = bytes.as_ref().iter().take(9).map(|byte| format!("{byte:03}")).collect();
    (id[..18].to_owned(), STANDARD.encode(pair.public_key().as_bytes()))
}

/// The key pair of a repository, an environment or an organisation, made of its name, and that name.
fn pair(call: &Call) -> (String, SecretKey) {
    let whose = format!("{} {} {}", repository_of(call), call.hole("environment"), call.hole("org"));
    let mut seed = [0; 32];
    seed.copy_from_slice(digest::digest(&digest::SHA256, format!("the pair of {whose}").as_bytes()).as_ref());
    (whose, SecretKey::from(seed))
}

fn name(name: &str) -> Result<(), Reply> {
    let lawful = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.to_uppercase().starts_with("GITHUB_");
    let text = "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). Spaces \
                are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).";
    if lawful { Ok(()) } else { Err(refusal::refuse(422, text)) }
}
