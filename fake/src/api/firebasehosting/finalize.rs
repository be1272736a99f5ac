//! `versions.patch`: configuration, labels, and the step after which a version never changes.

use super::{config, place, versions, view};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{VersionStatus, World};

/// `versions.patch`. Without a mask only the status is taken: a configuration is dropped.
pub(super) fn patch(world: &mut World, call: &Call) -> Answer {
    let site = place::site(world, call, place::UPDATE)?;
    let version = place::version(site, call)?;
    if version.status != VersionStatus::Created {
        let message = format!("Version `{}` is {} and cannot be changed.", version.id, version.status.word());
        return Err(refusal::precondition(message));
    }
    let mask: Vec<&str> = call.query("updateMask").unwrap_or("status").split(',').map(str::trim).collect();
    if mask.iter().any(|field| !matches!(*field, "status" | "config" | "labels")) {
        return Err(place::invalid());
    }
    let names = |field: &str| mask.contains(&field);
    let finalizes = match call.json["status"].as_str().filter(|_| names("status")) {
        Some("FINALIZED") => true,
        None | Some("CREATED" | "VERSION_STATUS_UNSPECIFIED") => false,
        Some(_) => return Err(place::invalid()),
    };
    let wanted = if names("config") { &call.json["config"] } else { &version.config };
    let config = config::accept(world, call, &site.project, wanted)?;
    let lacking = site.lacks(version.files.values());
    if let Some(first) = lacking.first().filter(|_| finalizes) {
        let message = format!("{} files were not uploaded, among them the one with hash {first}.", lacking.len());
        return Err(refusal::precondition(message));
    }
    let (id, stamp, bytes) = (version.id.clone(), versions::stamp(world, call), site.weight(&version.files));
    let site = place::site_mut(world, call)?;
    let version = site.version_mut(&id).ok_or_else(place::missing)?;
    version.config = config;
    if names("labels") {
        version.labels = versions::labels(&call.json["labels"]);
    }
    if finalizes {
        version.status = VersionStatus::Finalized;
        version.finalized = Some(stamp);
        version.bytes = bytes;
    }
    let reply = Reply::ok(&view::version(site, site.version(&id).ok_or_else(place::missing)?));
    let name = format!("{}/{id}", site.id);
    world.effect(if finalizes { "version finalized" } else { "version changed" }, name);
    Ok(reply)
}
