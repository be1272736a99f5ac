//! Executions: reading, listing, cancelling.

use super::super::{conditions, operations};
use super::{progress, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Execution, ExecutionState, World};

/// `executions.get`; a look at it.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let name = find(world, call, "run.executions.get")?.name.clone();
    progress::look(world, &name);
    Ok(Reply::ok(&view::execution(find(world, call, "run.executions.get")?)))
}

/// `executions.list`, newest first; no look at any of them.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let job = super::job(world, call, "run.executions.list")?;
    let own = world.executions_of(&job.name).into_iter().rev().map(view::execution).collect();
    Ok(Reply::ok(&page::of(call, "executions", Size::RUN, own)))
}

/// `executions.cancel`; one that is over stays as it is.
pub(super) fn cancel(world: &mut World, call: &Call) -> Answer {
    let execution = find(world, call, "run.executions.cancel")?.clone();
    super::super::check_etag(&execution.name, execution.number, call.json["etag"].as_str())?;
    if execution.is_over() {
        let message = format!("Execution '{}' is completed and cannot be cancelled.", execution.short_name());
        return Err(refusal::precondition(message));
    }
    if call.json["validateOnly"] == true {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Execution", &execution.name)));
    }
    let now = world.stamp(6);
    for known in world.executions.iter_mut().filter(|known| known.name == execution.name) {
        known.state = ExecutionState::Cancelling;
        known.looks = 0;
        known.updated.clone_from(&now);
    }
    world.effect("execution cancelled", execution.name.clone());
    let operation = operations::begin(world, &execution.job, Aim::CancelExecution(execution.name), None);
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}

/// The execution the path names, if the caller may do this with it.
pub(super) fn find<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Execution, Reply> {
    let job = super::job_name(world, call);
    let short = call.hole("executionsId");
    let name = format!("{job}/executions/{short}");
    super::need(world, call, permission, &job, &name)?;
    let found = world.executions.iter().find(|execution| execution.name == name);
    found.ok_or_else(|| super::absent(call, short, "EXECUTION"))
}
