//! Cancelling an execution that a run started: at the run's own cancellation, and in the post stage.

use super::marked;
use crate::facts::Facts;
use slipway_google::error::ApiError;
use slipway_google::executions::{self as google, ExecutionState};
use slipway_google::http::Http;
use slipway_google::patience::Patience;
use slipway_names::execution::ExecutionFact;
use slipway_runner::Console;
use slipway_runner::files::Files;

/// Cancels the execution of a run that is cancelled itself.
pub(crate) async fn end(http: &Http, console: &Console, files: &Files, facts: &mut Facts) {
    let execution = facts.job.as_mut().and_then(|job| job.execution.as_mut());
    let Some(execution) = execution.filter(|execution| !execution.over) else { return };
    match cancel(http, execution).await {
        Ok(names) if names.is_empty() => console.line("No execution had been started"),
        Ok(names) => {
            console.line(&format!("Cancelled execution {}", names.join(", ")));
            execution.name = names.into_iter().next();
            execution.state = "cancelling";
            execution.over = true;
            if let Err(why) = files.save_state("execution_over", "true") {
                console.warning(&why);
            }
        }
        Err(error) => {
            console.warning(&format!("The execution may still run, and is cancelled once more afterwards: {error}"))
        }
    }
}

/// Cancels an execution, by its name or, where the reply to its start was lost, by its mark. Gives
/// back the names that Google was told to cancel.
///
/// # Errors
/// When Google could not be told.
pub(crate) async fn cancel(http: &Http, execution: &ExecutionFact) -> Result<Vec<String>, ApiError> {
    let names = match &execution.name {
        Some(name) => vec![name.clone()],
        None => {
            let found = marked(http, &execution.job, &execution.mark).await?;
            let running = found.into_iter().filter(|found| found.verdict() == ExecutionState::Running);
            running.map(|found| found.short().to_owned()).collect()
        }
    };
    for name in &names {
        google::cancel(http, &format!("{}/executions/{name}", execution.job), Patience::CLEANING_UP).await?;
    }
    Ok(names)
}
