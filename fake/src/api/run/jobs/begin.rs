//! How an execution begins.

use crate::world::{Execution, ExecutionState, World};
use serde_json::{Map, Value};

/// Begins the execution of this full name; it goes as the next script says.
pub(super) fn begin(world: &mut World, creator: &str, job: &str, name: &str, template: Map<String, Value>) {
    let now = world.stamp(6);
    world.serial += 1;
    let execution = Execution {
        name: name.to_owned(),
        job: job.to_owned(),
        template,
        state: ExecutionState::Pending,
        script: world.next_executions.pop_front().unwrap_or_default(),
        looks: 0,
        uid: world.fresh_uuid("execution"),
        creator: creator.to_owned(),
        created: now.clone(),
        started: None,
        completed: None,
        updated: now,
        number: world.serial,
    };
    world.executions.push(execution);
    world.effect("execution created", name);
}
