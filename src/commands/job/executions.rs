//! Ending executions that a run started: at its cancellation, and in the post stage.

use std::sync::Arc;

use crate::build::cancel;
use crate::driver::clients::connect;
use crate::facts::Facts;
use slipway_google::http::Http;
use slipway_names::credentials::Credentials;
use slipway_names::execution::ExecutionFact;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::Files;

/// Cancels the execution of a run that is cancelled itself.
pub(crate) async fn end(http: &Http, console: &Console, files: &Files, facts: &mut Facts) {
    let execution = facts.job.as_mut().and_then(|job| job.execution.as_mut());
    let Some(execution) = execution.filter(|execution| !execution.over) else { return };
    match cancel::execution(http, execution).await {
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

/// The execution a run started, when it may still be going on: its project, and what is known of it.
pub(crate) fn left(runner: &Runner) -> Option<(String, ExecutionFact)> {
    let state = |name: &str| runner.state.get(name).cloned();
    if state("execution_over").is_some() {
        return None;
    }
    let fact = ExecutionFact {
        job: state("execution_job")?,
        mark: state("execution_mark")?,
        name: state("execution_name"),
        ..ExecutionFact::default()
    };
    Some((state("execution_project")?, fact))
}

/// Cancels what a run left behind that was killed.
pub(crate) async fn end_left(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Option<Credentials>,
    (project, execution): (String, ExecutionFact),
) {
    let Some(credentials) = credentials else {
        return console.warning("The execution may still run: there are no credentials to cancel it with");
    };
    let clients = match connect(console, runner, credentials, &project).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The execution may still run: {failure}")),
    };
    match cancel::execution(&clients.http, &execution).await {
        Ok(names) if names.is_empty() => console.line("There is no execution left to cancel"),
        Ok(names) => console.line(&format!("Cancelled what the run left behind: execution {}", names.join(", "))),
        Err(error) => console.warning(&format!("The execution may still run, and could not be cancelled: {error}")),
    }
}
