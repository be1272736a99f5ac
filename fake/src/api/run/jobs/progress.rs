//! How an execution goes on: each look brings it one state further.

use super::super::settle;
use super::result;
use crate::world::{Execution, ExecutionFailure, ExecutionOutcome, ExecutionState, Operation, World};

/// A look at an execution, by its full name; operations that waited for its new state end.
pub(in super::super) fn look(world: &mut World, name: &str) {
    let found = world.executions.iter().position(|execution| execution.name == name);
    if let Some(index) = found {
        let next = next(world, &world.executions[index]);
        let now = world.stamp(6);
        let execution = &mut world.executions[index];
        match next {
            None => execution.looks = execution.looks.saturating_add(1),
            Some(state) => {
                execution.state = state;
                execution.looks = 0;
                execution.updated.clone_from(&now);
                if execution.is_over() {
                    execution.completed = Some(now);
                } else if execution.state == ExecutionState::Running {
                    execution.started = Some(now);
                }
                let execution = execution.clone();
                write_log(world, &execution);
            }
        }
    }
    let execution = found.map(|index| world.executions[index].clone());
    let waited = |operation: &&Operation| {
        operation.result.is_none()
            && operation.aim.execution() == Some(name)
            && execution.as_ref().is_none_or(|execution| result::is_reached(&operation.aim, execution))
    };
    let names: Vec<String> = world.operations.values().filter(waited).map(|operation| operation.name.clone()).collect();
    for operation in names {
        settle::settle(world, &operation);
    }
}

/// The state that follows; none while it stays as it is.
fn next(world: &World, execution: &Execution) -> Option<ExecutionState> {
    let script = &execution.script;
    match execution.state {
        ExecutionState::Pending if execution.looks < script.pending => None,
        ExecutionState::Pending => Some(match result::check(world, &execution.job, &execution.template) {
            Err(trouble) => ExecutionState::Failed(ExecutionFailure::Trouble(trouble)),
            Ok(()) if script.outcome == ExecutionOutcome::ImageDoesNotStart => {
                ExecutionState::Failed(ExecutionFailure::NotStarted)
            }
            Ok(()) => ExecutionState::Running,
        }),
        ExecutionState::Running if execution.looks < script.running => None,
        ExecutionState::Running => match script.outcome {
            ExecutionOutcome::Success => Some(ExecutionState::Succeeded),
            ExecutionOutcome::ExitCode(code) => Some(ExecutionState::Failed(ExecutionFailure::Exit(code))),
            ExecutionOutcome::TimesOut => Some(ExecutionState::Failed(ExecutionFailure::TimedOut)),
            ExecutionOutcome::ImageDoesNotStart => Some(ExecutionState::Failed(ExecutionFailure::NotStarted)),
            ExecutionOutcome::CancelledByOther => Some(ExecutionState::Cancelled),
            ExecutionOutcome::NeverEnds => None,
        },
        ExecutionState::Cancelling => Some(ExecutionState::Cancelled),
        ExecutionState::Succeeded | ExecutionState::Failed(_) | ExecutionState::Cancelled => None,
    }
}

/// What its first task leaves in Cloud Logging with the new state.
fn write_log(world: &mut World, execution: &Execution) {
    let mut lines = Vec::new();
    match &execution.state {
        ExecutionState::Running => {
            let own = |line: &String| ("run.googleapis.com/stderr", "DEFAULT", line.clone());
            lines.extend(execution.script.log.iter().map(own));
        }
        ExecutionState::Succeeded => lines.push(system("INFO", "Container called exit(0).".to_owned())),
        ExecutionState::Failed(ExecutionFailure::Exit(code)) => {
            lines.push(system("WARNING", format!("Container called exit({code}).")));
        }
        ExecutionState::Failed(ExecutionFailure::TimedOut) => {
            let text = "Terminating task because it has reached the maximum timeout.".to_owned();
            lines.push(system("ERROR", text));
        }
        _ => {}
    }
    for (log, severity, text) in lines {
        world.log_of_execution(&execution.name, log, severity, &text);
    }
}

fn system(severity: &'static str, text: String) -> (&'static str, &'static str, String) {
    ("run.googleapis.com/varlog/system", severity, text)
}
