//! Releases: create, get, list.

use super::{place, versions, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{HostingChannel, HostingRelease, HostingSite, VersionStatus, World};

/// Characters of a message.
const LONGEST: usize = 512;

/// `releases.create`, on a channel or, as the site's, on the live channel.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let site = place::site(world, call, place::UPDATE)?;
    let channel = place::channel(site, call)?;
    let message = call.json["message"].as_str().unwrap_or_default();
    if message.chars().count() > LONGEST {
        return Err(refusal::bad_field("release.message", "The message is too long."));
    }
    let named = call.query("versionName").unwrap_or_default();
    let (kind, version) = match (call.json["type"].as_str(), named) {
        (Some("SITE_DISABLE"), "") => ("SITE_DISABLE", None),
        (None | Some("TYPE_UNSPECIFIED" | "DEPLOY"), _) => {
            let version = releasable(world, site, named)?;
            (kind_of(channel, &version), Some(version))
        }
        _ => return Err(place::invalid()),
    };
    let (site, id, message) = (site.id.clone(), channel.id.clone(), message.to_owned());
    let (number, stamp) = (world.fresh_release(), versions::stamp(world, call));
    let release = HostingRelease { id: number, kind, version, message, time: stamp.time, user: stamp.user };
    world.effect("release created", format!("{site}/{id}/{number}"));
    let site = world.hosting.get_mut(&site).ok_or_else(place::missing)?;
    let view = view::release(site, &id, &release);
    site.channels.get_mut(&id).ok_or_else(place::missing)?.releases.push(release);
    Ok(Reply::ok(&view))
}

/// The version to be released: one of the same site, finalized.
fn releasable(world: &World, site: &HostingSite, named: &str) -> Result<String, Reply> {
    let (owner, id) = place::read_version(world, named).ok_or_else(place::invalid)?;
    if owner != site.id {
        return Err(place::invalid());
    }
    let version = site.version(id).ok_or_else(place::missing)?;
    match version.status {
        VersionStatus::Finalized => Ok(id.to_owned()),
        other => {
            let message = format!("Version `{id}` is {} and cannot be released.", other.word());
            Err(refusal::precondition(message))
        }
    }
}

/// Going back to what the channel showed before is a rollback.
fn kind_of(channel: &HostingChannel, version: &str) -> &'static str {
    let is_shown = channel.current().is_some_and(|release| release.version.as_deref() == Some(version));
    let was_shown = channel.releases.iter().any(|release| release.version.as_deref() == Some(version));
    if was_shown && !is_shown { "ROLLBACK" } else { "DEPLOY" }
}

/// `releases.get`.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    let channel = place::channel(site, call)?;
    let wanted = call.hole("releasesId");
    let found = channel.releases.iter().find(|release| release.id.to_string() == wanted);
    Ok(Reply::ok(&view::release(site, &channel.id, found.ok_or_else(place::missing)?)))
}

/// `releases.list`, newest first.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let site = place::site(world, call, place::GET)?;
    let channel = place::channel(site, call)?;
    let all = channel.releases.iter().rev().map(|release| view::release(site, &channel.id, release)).collect();
    Ok(Reply::ok(&page::of(call, "releases", Size { usual: 100, most: 100 }, all)))
}
