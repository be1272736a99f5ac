//! Services and worker pools: reading one, listing them, deleting one.

use super::kind::Kind;
use super::{conditions, operations};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Service, World};

/// `services.get`, `workerPools.get`; a look at what is under way.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let name = super::service(world, call, &Kind::asked(call).permission("get"))?.name.clone();
    operations::look_at_service(world, &name);
    match world.deployed(&name) {
        Some(service) => Ok(Reply::ok(&conditions::service(world, service))),
        None => Err(super::missing(call)),
    }
}

/// `services.list`, `workerPools.list`, by name; no look at any of them.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let (named, region) = (call.hole("projectsId"), call.hole("locationsId"));
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let parent = format!("projects/{project}/locations/{region}");
    let kind = Kind::asked(call);
    let permission = kind.permission("list");
    if !world.allows(&call.account, &permission, project, None) {
        return Err(refusal::denied(&permission, &parent, &format!("//run.googleapis.com/{parent}")));
    }
    if region == "-" {
        return Err(refusal::bad_field("parent", "The location must be a region, not the wildcard '-'."));
    }
    let is_there = |service: &&Service| service.project() == project && service.region() == region;
    let all = if kind.is_pool() { &world.worker_pools } else { &world.services };
    let own = all.values().filter(is_there).map(|service| conditions::service(world, service)).collect();
    Ok(Reply::ok(&page::of(call, kind.collection, Size::RUN, own)))
}

/// `services.delete`, `workerPools.delete`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let kind = Kind::asked(call);
    let service = super::service(world, call, &kind.permission("delete"))?.clone();
    super::check_etag(&service.name, service.version, call.query("etag"))?;
    if call.flag("validateOnly") {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, kind.word, &service.name)));
    }
    world.effect(kind.effects[2], service.name.clone());
    let operation = operations::begin(world, &service.name, Aim::DeleteService, Some(0));
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}
