//! How operations on jobs and executions end.

use super::super::{conditions, environment, settle as revisions};
use super::{accept, view};
use crate::world::{Aim, Execution, ExecutionState, Operation, Trouble, World};
use serde_json::{Map, Value, json};

/// Can the images and secrets of a job's template be had?
pub(super) fn check(world: &World, job: &str, template: &Map<String, Value>) -> Result<(), Trouble> {
    let project = job.split('/').nth(1).unwrap_or_default();
    let config = accept::as_of_service(template);
    let task = config.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
    revisions::check_images(world, &task, project)?;
    environment::check_secrets(world, project, &task)
}

/// Whether an execution is as far as an operation waits for.
pub(super) fn is_reached(aim: &Aim, execution: &Execution) -> bool {
    match aim {
        Aim::ChangeJob { to_end: false, .. } => execution.state != ExecutionState::Pending,
        _ => execution.is_over(),
    }
}

/// The reply of an operation that ends: the response or the error.
pub(in super::super) fn settle(world: &mut World, operation: &Operation) -> Result<Value, Value> {
    match &operation.aim {
        Aim::ChangeJob { execution, to_end } => changed(world, operation, execution.as_deref().filter(|_| *to_end)),
        Aim::DeleteJob => {
            let job = world.jobs.remove(&operation.service);
            let view = job.map_or(json!({}), |job| conditions::typed("Job", view::job(world, &job)));
            world.executions.retain(|execution| execution.job != operation.service);
            Ok(view)
        }
        aim => {
            let name = aim.execution().unwrap_or_default();
            let Some(execution) = world.executions.iter().find(|execution| execution.name == name) else {
                return Err(json!({"code": 5, "message": "The execution was deleted meanwhile."}));
            };
            match view::failure(execution) {
                Some(message) if world.failed_runs_are_errors && matches!(aim, Aim::RunJob(_)) => {
                    Err(json!({"code": 9, "message": message}))
                }
                _ => Ok(conditions::typed("Execution", view::execution(execution))),
            }
        }
    }
}

fn changed(world: &mut World, operation: &Operation, to_the_end: Option<&str>) -> Result<Value, Value> {
    let Some(job) = world.jobs.get(&operation.service).cloned() else {
        return Err(json!({"code": 5, "message": "The job was deleted meanwhile."}));
    };
    let template = job.config.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
    let execution = to_the_end.and_then(|name| world.executions.iter().find(|execution| execution.name == name));
    let of_execution = execution.and_then(view::failure).map(|message| Trouble {
        reason: None,
        revision_reason: None,
        message,
        code: 9,
    });
    let trouble = check(world, &job.name, &template).err().or(of_execution);
    let now = world.stamp(6);
    if let Some(job) = world.jobs.get_mut(&operation.service) {
        job.observed_generation = job.observed_generation.max(operation.generation);
        job.transition = now;
        // An older change that ends later says nothing about the newest one.
        if operation.generation == job.generation {
            job.trouble.clone_from(&trouble);
        }
    }
    match (trouble, world.jobs.get(&operation.service)) {
        (Some(trouble), _) => Err(json!({"code": trouble.code, "message": trouble.message})),
        (None, job) => Ok(job.map_or(json!({}), |job| conditions::typed("Job", view::job(world, job)))),
    }
}
