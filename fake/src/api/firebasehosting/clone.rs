//! Clones of versions, and the operations they are told by.

use super::{place, versions, view};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{VersionStatus, World};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `versions.clone`: the files and configuration of a version, of this site or another. It is done
/// at once.
pub(super) fn clone(world: &mut World, call: &Call) -> Answer {
    let target = place::site(world, call, place::UPDATE)?.id.clone();
    let named = call.json["sourceVersion"].as_str().unwrap_or_default();
    let (owner, id) = place::read_version(world, named).ok_or_else(place::invalid)?;
    let owner = world.hosting.get(owner).ok_or_else(place::missing)?;
    place::need(world, call, place::GET, &owner.project)?;
    let source = owner.version(id).ok_or_else(place::missing)?;
    if source.status != VersionStatus::Finalized {
        let message = format!("Version `{id}` is {} and cannot be cloned.", source.status.word());
        return Err(refusal::precondition(message));
    }
    let (include, exclude) = (patterns(&call.json["include"])?, patterns(&call.json["exclude"])?);
    let hits = |list: &[Regex], path: &str| list.iter().any(|pattern| pattern.is_match(path));
    let kept = |path: &str| (include.is_empty() || hits(&include, path)) && !hits(&exclude, path);
    let files: BTreeMap<String, String> =
        source.files.iter().filter(|(path, _)| kept(path)).map(|(path, hash)| (path.clone(), hash.clone())).collect();
    let content: Vec<_> =
        files.values().filter_map(|hash| Some((hash.clone(), owner.content.get(hash)?.clone()))).collect();
    let config = source.config.clone();
    let finalizes = call.json["finalize"] == Value::Bool(true);

    let fresh = versions::add(world, call, &target);
    let stamp = versions::stamp(world, call);
    let operation = world.fresh_hex("hosting operation", 16);
    let site = world.hosting.get_mut(&target).ok_or_else(place::missing)?;
    site.content.extend(content);
    let bytes = site.weight(&files);
    let version = site.version_mut(&fresh).ok_or_else(place::missing)?;
    version.expected = files.values().cloned().collect();
    version.files = files;
    version.config = config;
    if finalizes {
        version.status = VersionStatus::Finalized;
        version.finalized = Some(stamp);
        version.bytes = bytes;
    }
    let mut response = view::version(site, site.version(&fresh).ok_or_else(place::missing)?);
    response["@type"] = json!("type.googleapis.com/google.firebase.hosting.v1beta1.Version");
    let name = format!("projects/{}/operations/{operation}", site.project);
    if finalizes {
        world.effect("version finalized", format!("{target}/{fresh}"));
    }
    let view = json!({"name": name, "done": true, "response": response});
    world.hosting_operations.insert(name, view.clone());
    Ok(Reply::ok(&view))
}

/// `operations.get`.
pub(super) fn operation(world: &World, call: &Call) -> Answer {
    let project = place::project(world, call);
    place::need(world, call, place::GET, &project)?;
    let name = format!("projects/{project}/operations/{}", call.hole("operationsId"));
    world.hosting_operations.get(&name).map(Reply::ok).ok_or_else(place::missing)
}

fn patterns(filter: &Value) -> Result<Vec<Regex>, Reply> {
    let texts = filter["regexes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(|text| Regex::new(text).map_err(|_| place::invalid())).collect()
}
