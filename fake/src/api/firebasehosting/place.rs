//! Which site, channel or version a call is about, and whether the caller may.

use crate::call::Call;
use crate::refusal;
use crate::reply::Reply;
use crate::world::{HostingChannel, HostingSite, HostingVersion, World};

/// Looking at a site and all below it.
pub(super) const GET: &str = "firebasehosting.sites.get";
/// Changing anything below a site.
pub(super) const UPDATE: &str = "firebasehosting.sites.update";

/// Id of the project the path names, or of the caller's own.
pub(super) fn project(world: &World, call: &Call) -> String {
    let own = world.home_of(&call.account).unwrap_or_default();
    let named = call.project().filter(|name| *name != "-").unwrap_or(own);
    world.project(named).map_or(named, |project| project.id.as_str()).to_owned()
}

/// Lets the call pass if its caller holds the permission in the project.
pub(super) fn need(world: &World, call: &Call, permission: &str, project: &str) -> Result<(), Reply> {
    if world.allows(&call.account, permission, project, None) {
        return Ok(());
    }
    Err(refusal::rpc(403, "PERMISSION_DENIED", "The caller does not have permission", Vec::new()))
}

/// The site of the path, if the caller may do this with it.
pub(super) fn site<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a HostingSite, Reply> {
    named_site(world, call, permission, call.hole("sitesId"))
}

/// The site with this id, if it is where the path says and the caller may do this with it.
pub(super) fn named_site<'a>(
    world: &'a World,
    call: &Call,
    permission: &str,
    id: &str,
) -> Result<&'a HostingSite, Reply> {
    let named = call.project().filter(|name| *name != "-");
    let named = named.map(|name| world.project(name).map_or(name, |project| project.id.as_str()));
    let found = world.hosting.get(id).filter(|site| named.is_none_or(|project| project == site.project));
    let project = found.map_or_else(|| project(world, call), |site| site.project.clone());
    need(world, call, permission, &project)?;
    found.ok_or_else(missing)
}

/// The site, to be changed, if the caller may.
pub(super) fn site_mut<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut HostingSite, Reply> {
    let id = site(world, call, UPDATE)?.id.clone();
    world.hosting.get_mut(&id).ok_or_else(missing)
}

/// The version of the path.
pub(super) fn version<'a>(site: &'a HostingSite, call: &Call) -> Result<&'a HostingVersion, Reply> {
    site.version(call.hole("versionsId")).ok_or_else(missing)
}

/// The channel of the path; a path without one means the live channel.
pub(super) fn channel<'a>(site: &'a HostingSite, call: &Call) -> Result<&'a HostingChannel, Reply> {
    site.channel(channel_id(call)).ok_or_else(missing)
}

/// Id of the channel of the path; a path without one means the live channel.
pub(super) fn channel_id(call: &Call) -> &str {
    match call.hole("channelsId") {
        "" => "live",
        id => id,
    }
}

/// Site and version of a version's name, with or without its project.
pub(super) fn read_version<'a>(world: &World, name: &'a str) -> Option<(&'a str, &'a str)> {
    let parts: Vec<&str> = name.split('/').collect();
    let (project, site, version) = match parts.as_slice() {
        ["projects", project, "sites", site, "versions", version] => (Some(*project), *site, *version),
        ["sites", site, "versions", version] => (None, *site, *version),
        _ => return None,
    };
    let known = world.hosting.get(site)?;
    let fits = |name: &str| name == "-" || world.project(name).is_some_and(|project| project.id == known.project);
    project.is_none_or(fits).then_some((site, version))
}

/// 404.
pub(super) fn missing() -> Reply {
    refusal::not_found("Requested entity was not found.")
}

/// 400 without a word on what is wrong: Hosting often says no more.
pub(super) fn invalid() -> Reply {
    refusal::invalid("Request contains an invalid argument.")
}
