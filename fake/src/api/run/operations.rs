//! Long-running operations: each look at one brings it one state further.

use super::{conditions, jobs, settle};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Operation, World};
use serde_json::{Value, json};

/// Begins an operation on a service, worker pool or job and returns its name.
pub(super) fn begin(world: &mut World, service: &str, aim: Aim, looks: Option<u32>) -> String {
    let name = format!("{}/operations/{}", place(service), world.fresh_uuid("operation"));
    let job = || world.jobs.get(service).map_or(0, |job| job.generation);
    let generation = world.deployed(service).map_or_else(job, |service| service.generation);
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

/// A look at a job is one at every change of it, but not at its executions.
pub(super) fn look_at_job(world: &mut World, job: &str) {
    let open = |operation: &&Operation| {
        operation.service == job
            && operation.result.is_none()
            && matches!(operation.aim, Aim::ChangeJob { .. } | Aim::DeleteJob)
    };
    let names: Vec<String> = world.operations.values().filter(open).map(|operation| operation.name.clone()).collect();
    for name in names {
        advance(world, &name);
    }
}

fn advance(world: &mut World, name: &str) {
    let Some(operation) = world.operations.get_mut(name).filter(|operation| operation.result.is_none()) else { return };
    if let Some(execution) = operation.aim.execution().map(str::to_owned) {
        return jobs::look(world, &execution);
    }
    match operation.looks {
        None => {}
        Some(0) => settle::settle(world, name),
        Some(left) => operation.looks = Some(left - 1),
    }
}

/// The operation of a dry run: as if begun, but kept nowhere.
pub(super) fn view_of_dry_run(world: &mut World, kind: &str, name: &str) -> Value {
    json!({
        "name": format!("{}/operations/{}", place(name), world.fresh_uuid("dry run")),
        "metadata": {
            "@type": format!("type.googleapis.com/google.cloud.run.v2.{kind}"),
            "name": name
        }
    })
}

/// `projects/P/locations/L` of a full name.
fn place(name: &str) -> String {
    name.split('/').take(4).collect::<Vec<_>>().join("/")
}
