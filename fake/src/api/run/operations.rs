//! Long-running operations: each look at one brings it one state further.

use super::{conditions, settle};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Operation, Service, World};
use serde_json::{Value, json};

/// Begins an operation and returns its name.
pub(super) fn begin(world: &mut World, service: &str, aim: Aim, looks: Option<u32>) -> String {
    let place = service.rsplit_once("/services/").map_or(service, |(place, _)| place);
    let name = format!("{place}/operations/{}", world.fresh_uuid("operation"));
    let generation = world.services.get(service).map_or(0, |service| service.generation);
    let operation = Operation { name: name.clone(), service: service.to_owned(), aim, looks, result: None, generation };
    world.operations.insert(name.clone(), operation);
    name
}

/// `operations.get` and `operations.wait`. Waiting is best effort, and this server never waits.
pub(super) fn look(world: &mut World, call: &Call) -> Answer {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let name =
        format!("projects/{project}/locations/{}/operations/{}", call.hole("locationsId"), call.hole("operationsId"));
    if !world.allows(&call.account, "run.operations.get", project, None) {
        return Err(refusal::denied("run.operations.get", &name, &format!("//run.googleapis.com/{name}")));
    }
    if !world.operations.contains_key(&name) {
        return Err(refusal::not_found(format!("Operation '{}' was not found.", call.hole("operationsId"))));
    }
    advance(world, &name);
    Ok(Reply::ok(&conditions::operation(world, &name)))
}

/// A look at a service is one at everything under way with it.
pub(super) fn look_at_service(world: &mut World, service: &str) {
    let open = |operation: &&Operation| operation.service == service && operation.result.is_none();
    let names: Vec<String> = world.operations.values().filter(open).map(|operation| operation.name.clone()).collect();
    for name in names {
        advance(world, &name);
    }
}

fn advance(world: &mut World, name: &str) {
    let Some(operation) = world.operations.get_mut(name).filter(|operation| operation.result.is_none()) else { return };
    match operation.looks {
        None => {}
        Some(0) => settle::settle(world, name),
        Some(left) => operation.looks = Some(left - 1),
    }
}

/// The operation of a dry run: as if begun, but kept nowhere.
pub(super) fn view_of_dry_run(world: &mut World, service: &Service) -> Value {
    let place = service.name.rsplit_once("/services/").map_or("", |(place, _)| place).to_owned();
    json!({
        "name": format!("{place}/operations/{}", world.fresh_uuid("dry run")),
        "metadata": {
            "@type": "type.googleapis.com/google.cloud.run.v2.Service",
            "name": service.name
        }
    })
}
