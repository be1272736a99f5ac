//! Versions: create, get, list, delete, and the end of those nobody finalizes.

use super::{config, filter, place, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::clock::Nanos;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{HostingVersion, Stamp, VersionStatus, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A version must be finalized within twelve hours.
const PATIENCE: Nanos = 12 * 3600 * 1_000_000_000;

/// Gives up the versions nobody finalized in time.
pub(super) fn abandon(world: &mut World) {
    let now = world.now();
    for version in world.hosting.values_mut().flat_map(|site| &mut site.versions) {
        if version.status == VersionStatus::Created && now - version.born > PATIENCE {
            version.status = VersionStatus::Abandoned;
        }
    }
}

/// `versions.get`; deleted ones are still known.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    Ok(Reply::ok(&view::version(site, place::version(site, call)?)))
}

/// `versions.list`, newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    place::site(world, call, place::GET)?;
    let filter = filter::read(call.query("filter").unwrap_or_default()).map_err(|sentence| {
        world.unexpected.push(format!("{}: {sentence}", call.id));
        refusal::invalid(sentence)
    })?;
    let site = place::site(world, call, place::GET)?;
    let kept = site.versions.iter().rev().filter(|version| filter.admits(version));
    let all = kept.map(|version| view::version(site, version)).collect();
    Ok(Reply::ok(&page::of(call, "versions", Size { usual: 25, most: 100 }, all)))
}

/// `versions.create`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let site = place::site(world, call, place::UPDATE)?;
    let (site, project) = (site.id.clone(), site.project.clone());
    if !matches!(call.json["status"].as_str(), None | Some("CREATED" | "VERSION_STATUS_UNSPECIFIED")) {
        return Err(place::invalid());
    }
    let config = config::accept(world, call, &project, &call.json["config"])?;
    let id = add(world, call, &site);
    let site = world.hosting.get_mut(&site).ok_or_else(place::missing)?;
    let version = site.version_mut(&id).ok_or_else(place::missing)?;
    version.labels = labels(&call.json["labels"]);
    version.config = config;
    Ok(Reply::ok(&view::version(site, site.version(&id).ok_or_else(place::missing)?)))
}

/// Adds an empty version to a site; returns its id.
pub(super) fn add(world: &mut World, call: &Call, site: &str) -> String {
    let id = world.fresh_hex("version", 16);
    let (born, created) = (world.now(), stamp(world, call));
    if let Some(site) = world.hosting.get_mut(site) {
        site.versions.push(HostingVersion {
            id: id.clone(),
            number: site.versions.len() + 1,
            status: VersionStatus::Created,
            labels: BTreeMap::new(),
            config: Value::Null,
            files: BTreeMap::new(),
            bytes: 0,
            created,
            finalized: None,
            deleted: None,
            born,
            expected: BTreeSet::new(),
        });
    }
    world.effect("version created", format!("{site}/{id}"));
    id
}

/// `versions.delete`; what a channel shows stays.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let stamp = stamp(world, call);
    let site = place::site_mut(world, call)?;
    let id = place::version(site, call)?.id.clone();
    let shows = |release: &crate::world::HostingRelease| release.version.as_deref() == Some(&id);
    if site.channels.values().any(|channel| channel.current().is_some_and(shows)) {
        return Err(refusal::precondition("Cannot delete a version that is currently released."));
    }
    let version = site.version_mut(&id).filter(|version| version.status != VersionStatus::Deleted);
    let version = version.ok_or_else(place::missing)?;
    version.status = VersionStatus::Deleted;
    version.deleted = Some(stamp);
    let name = format!("{}/{id}", site.id);
    world.effect("version deleted", name);
    Ok(Reply::ok(&json!({})))
}

/// Labels of a body.
pub(super) fn labels(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The caller, now.
pub(super) fn stamp(world: &World, call: &Call) -> Stamp {
    Stamp { user: call.account.clone(), time: world.stamp(6) }
}
