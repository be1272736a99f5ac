//! Tasks: what became of each part of an execution.

use super::{executions, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{Execution, ExecutionFailure, ExecutionState, World};
use serde_json::{Value, json};

/// `tasks.get`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let execution = executions::find(world, call, "run.tasks.get")?;
    let short = call.hole("tasksId");
    let name = format!("{}/tasks/{short}", execution.name);
    let found = all(execution).into_iter().find(|task| task["name"] == name.as_str());
    Ok(Reply::ok(&found.ok_or_else(|| super::absent(call, short, "TASK"))?))
}

/// `tasks.list`, by index.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let execution = executions::find(world, call, "run.tasks.list")?;
    Ok(Reply::ok(&page::of(call, "tasks", Size::RUN, all(execution))))
}

/// Every task there is: none before the first one could start.
fn all(execution: &Execution) -> Vec<Value> {
    let none =
        matches!(execution.state, ExecutionState::Pending | ExecutionState::Failed(ExecutionFailure::Trouble(_)));
    let count = if none { 0 } else { execution.task_count() };
    (0..count).map(|index| task(execution, index)).collect()
}

fn task(execution: &Execution, index: i64) -> Value {
    let short = execution.short_name();
    let mut view = json!({
        "name": format!("{}/tasks/{short}-task{index}", execution.name),
        "job": execution.job.rsplit('/').next(),
        "execution": short,
        "createTime": execution.created,
        "updateTime": execution.updated,
    });
    if index > 0 {
        view["index"] = json!(index);
    }
    if let Some(started) = &execution.started {
        view["startTime"] = json!(started);
    }
    if let Some(completed) = &execution.completed {
        view["completionTime"] = json!(completed);
    }
    view["maxRetries"] = json!(execution.max_retries());
    let task = execution.template.get("template").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in task.filter(|(name, _)| view::is_of_tasks(name)) {
        view[name] = value.clone();
    }
    let condition =
        |state: &str| json!([{"type": "Completed", "state": state, "lastTransitionTime": execution.updated}]);
    match attempt(execution, index) {
        None if execution.is_over() => view["conditions"] = condition("CONDITION_FAILED"),
        None => view["conditions"] = condition("CONDITION_RECONCILING"),
        Some((failed, result)) => {
            if failed && execution.max_retries() > 0 {
                view["retried"] = json!(execution.max_retries());
            }
            view["conditions"] = condition(if failed { "CONDITION_FAILED" } else { "CONDITION_SUCCEEDED" });
            view["lastAttemptResult"] = result;
        }
    }
    view
}

/// Whether a task failed and how its last attempt went, once it is over.
fn attempt(execution: &Execution, index: i64) -> Option<(bool, Value)> {
    let failed = |status: Value| Some((true, status));
    match &execution.state {
        ExecutionState::Failed(ExecutionFailure::Exit(code)) if index == 0 => failed(json!({
            "status": {"code": 2, "message": format!("Application failed with exit code {code}")},
            "exitCode": code
        })),
        ExecutionState::Failed(ExecutionFailure::TimedOut) if index == 0 => failed(json!({
            "status": {"code": 4, "message": "The configured timeout was reached."},
            "termSignal": 9
        })),
        ExecutionState::Failed(ExecutionFailure::NotStarted) => failed(json!({
            "status": {"code": 3, "message": "Application failed to start: the container's command could not be run"}
        })),
        ExecutionState::Failed(_) | ExecutionState::Succeeded => Some((false, json!({"status": {}}))),
        _ => None,
    }
}
