//! Cloud Run, v2: services, worker pools, revisions, jobs, executions, operations, invoker
//! policies; v1: services and revisions as gcloud knows them, domain mappings, regions.

mod accept;
mod conditions;
mod containers;
mod domains;
mod environment;
mod identity;
mod jobs;
mod kind;
mod labels;
mod locations;
mod naming;
mod operations;
mod patch;
mod policy;
mod resources;
mod revisions;
mod services;
mod settle;
mod template;
mod traffic;
mod v1;

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Service, World};
use kind::Kind;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "run",
    service: "run.googleapis.com",
    title: "Cloud Run Admin API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: true,
    descriptions: &[
        include_str!("../../../../tests/schemas/run.v2.json"),
        include_str!("../../../../tests/schemas/run.v1.json"),
    ],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let by_namespace = call.id.strip_prefix("run.namespaces.domainmappings.");
    let by_location = || call.id.strip_prefix("run.projects.locations.domainmappings.");
    if let Some(method) = by_namespace.or_else(by_location) {
        return domains::answer(world, call, method);
    }
    if let Some(method) = call.id.strip_prefix("run.namespaces.") {
        return v1::answer(world, call, method);
    }
    let method = call.id.strip_prefix("run.projects.locations.")?;
    if method == "list" {
        return Some(locations::list(world, call));
    }
    if !locations::is_one(world, call) {
        return Some(Err(locations::nowhere()));
    }
    Some(match method {
        "services.get" | "workerPools.get" => services::get(world, call),
        // Both versions have it under one id.
        "services.list" if call.path.starts_with("/v1/") => v1::list_of_location(world, call),
        "services.list" | "workerPools.list" => services::list(world, call),
        "services.create" | "workerPools.create" => patch::create(world, call),
        "services.patch" | "workerPools.patch" => patch::patch(world, call),
        "services.delete" | "workerPools.delete" => services::delete(world, call),
        "services.getIamPolicy" => policy::get(world, call),
        "services.setIamPolicy" => policy::set(world, call),
        "services.testIamPermissions" => policy::test(world, call),
        "services.revisions.get" | "workerPools.revisions.get" => revisions::get(world, call),
        "services.revisions.list" | "workerPools.revisions.list" => revisions::list(world, call),
        "services.revisions.delete" => revisions::delete(world, call),
        method if method.starts_with("jobs.") => return jobs::answer(world, call, method),
        "operations.get" | "operations.wait" => operations::look(world, call),
        _ => return None,
    })
}

/// Full name of the service or worker pool the path names, with the project's id.
fn service_name(world: &World, call: &Call) -> String {
    let kind = Kind::asked(call);
    full_name(world, call, kind, call.hole(kind.hole))
}

/// Full name of what has this short one in the place the path names, with the project's id.
fn full_name(world: &World, call: &Call, kind: &Kind, short: &str) -> String {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    format!("projects/{project}/locations/{}/{}/{short}", call.hole("locationsId"), kind.collection)
}

/// Refuses a caller who may not do this with the service or worker pool.
fn need(world: &World, call: &Call, permission: &str, name: &str) -> Result<(), Reply> {
    let policy = world.deployed(name).map(|service| &service.policy);
    let project = name.split('/').nth(1).unwrap_or_default();
    match world.allows(&call.account, permission, project, policy) {
        true => Ok(()),
        false => Err(refusal::denied(permission, name, &format!("//run.googleapis.com/{name}"))),
    }
}

/// The service or worker pool the path names, if the caller may do this with it.
fn service<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Service, Reply> {
    let name = service_name(world, call);
    need(world, call, permission, &name)?;
    world.deployed(&name).ok_or_else(|| missing(call))
}

fn missing(call: &Call) -> Reply {
    let kind = Kind::asked(call);
    refusal::not_found(format!(
        "Resource '{}' of kind '{}' in region '{}' in project '{}' does not exist.",
        call.hole(kind.hole),
        kind.shout,
        call.hole("locationsId"),
        call.hole("projectsId")
    ))
}

/// 409 for an etag that is not the current one.
fn check_etag(name: &str, version: u64, given: Option<&str>) -> Result<(), Reply> {
    let current = etag(version, name);
    match given.filter(|given| !given.is_empty() && *given != current) {
        None => Ok(()),
        Some(given) => {
            let message = format!(
                "Conflict for resource '{}': version '{}' was specified but current version is '{version}'.",
                name.rsplit('/').next().unwrap_or_default(),
                version_in(given).unwrap_or_else(|| given.to_owned())
            );
            Err(refusal::rpc(409, "ABORTED", message, Vec::new()))
        }
    }
}

/// An etag, quotes included.
fn etag(version: u64, name: &str) -> String {
    use base64::Engine;
    let text = format!("{version}/{name}");
    format!("\"{}\"", base64::engine::general_purpose::STANDARD_NO_PAD.encode(text))
}

fn version_in(etag: &str) -> Option<String> {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD_NO_PAD.decode(etag.trim_matches('"')).ok()?;
    Some(String::from_utf8(text).ok()?.split('/').next()?.to_owned())
}
