//! The list of a version's files: telling it, and reading it back.

use super::place;
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{VersionStatus, World};
use serde_json::{Value, json};

/// Paths in one call.
const MOST: usize = 1000;

/// `versions.populateFiles`; an empty hash takes a path out again.
pub(super) fn populate(world: &mut World, call: &Call) -> Answer {
    let site = place::site_mut(world, call)?;
    let id = place::version(site, call)?.id.clone();
    let version = site.version_mut(&id).ok_or_else(place::missing)?;
    if version.status != VersionStatus::Created {
        let message = format!("Version `{id}` is {} and cannot be changed.", version.status.word());
        return Err(refusal::precondition(message));
    }
    let files: Vec<(&String, &str)> = call.json["files"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(p, h)| (p, h.as_str().unwrap_or_default()))
        .collect();
    if files.len() > MOST {
        return Err(refusal::invalid(format!("At most {MOST} files can be populated at once.")));
    }
    for (path, hash) in &files {
        if !path.starts_with('/') || path.len() == 1 || path.ends_with('/') {
            return Err(refusal::invalid(format!("`{path}` is not an absolute path of a file.")));
        }
        if !hash.is_empty() && !is_hash(hash) {
            return Err(refusal::invalid(format!("`{hash}` is not a SHA-256 hash.")));
        }
    }
    for (path, hash) in &files {
        if hash.is_empty() {
            version.files.remove(*path);
        } else {
            version.files.insert((*path).clone(), (*hash).to_owned());
            version.expected.insert((*hash).to_owned());
        }
    }
    let told: Vec<String> =
        files.iter().filter(|(_, hash)| !hash.is_empty()).map(|(_, hash)| (*hash).to_owned()).collect();
    let lacking = site.lacks(&told);
    let mut reply = json!({});
    if !lacking.is_empty() {
        reply["uploadRequiredHashes"] = json!(lacking);
    }
    reply["uploadUrl"] = json!(format!("{}/upload/sites/{}/versions/{id}/files", call.base, site.id));
    let name = format!("{}/{id}", site.id);
    world.effect("files populated", name);
    Ok(Reply::ok(&reply))
}

/// `versions.files.list`, by path.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    let version = place::version(site, call)?;
    let wanted = call.query("status").filter(|word| *word != "STATUS_UNSPECIFIED");
    let view = |(path, hash): (&String, &String)| {
        let status = if site.content.contains_key(hash) { "ACTIVE" } else { "EXPECTED" };
        wanted.is_none_or(|word| word == status).then(|| json!({"path": path, "hash": hash, "status": status}))
    };
    let all: Vec<Value> = version.files.iter().filter_map(view).collect();
    Ok(Reply::ok(&page::of(call, "files", Size { usual: 1000, most: 1000 }, all)))
}

/// SHA-256 in small hexadecimal digits.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
