//! A job and its execution, in every form they are told: a sentence, a table, JSON.

use serde_json::{Value, json};

use super::markdown::{code, known, link};
use crate::facts::Written;
use slipway_names::execution::JobFact;

/// What is true of it now.
pub fn sentence(job: &JobFact) -> String {
    let name = &job.name;
    let Some(execution) = &job.execution else {
        return match job.written {
            Written::Yes => format!("Job `{name}` is written, and was not run"),
            Written::Unknown => format!("Whether Cloud Run took the change of job `{name}` is not known"),
            Written::No => format!("Nothing was changed on job `{name}`"),
        };
    };
    let Some(run) = &execution.name else {
        return format!("Whether job `{name}` was started is not known; its executions show it");
    };
    match execution.state {
        "succeeded" => format!("Execution `{run}` of job `{name}` succeeded"),
        "failed" => format!("Execution `{run}` of job `{name}` failed; what it had done by then stays done"),
        "cancelling" => {
            format!("Execution `{run}` of job `{name}` was told to stop; what it had done by then stays done")
        }
        "cancelled" => format!("Execution `{run}` of job `{name}` is cancelled; what it had done by then stays done"),
        _ => format!("Execution `{run}` of job `{name}` was running when it was last seen"),
    }
}

/// Its table in the summary.
pub fn markdown(job: &JobFact) -> Option<String> {
    let execution = job.execution.as_ref()?;
    let counts = format!("{} of {} succeeded, {} failed", execution.succeeded, execution.tasks, execution.failed);
    let rows = [
        ("Job", Some(code(&job.name))),
        ("Execution", execution.name.as_deref().map(code)),
        ("State", Some(code(execution.state)).filter(|state| !state.is_empty())),
        ("Exit code", execution.exit_code.map(|code| code.to_string())),
        ("Tasks", (execution.tasks > 1).then_some(counts)),
        ("Log", Some(&execution.log_url).filter(|url| !url.is_empty()).map(|url| link(url))),
    ];
    Some(format!("### Execution\n\n{}", known(rows)))
}

/// Its part of the report document.
pub fn document(job: &JobFact) -> Value {
    let execution = job.execution.as_ref();
    json!({
        "job": job.name,
        "execution": execution.and_then(|execution| execution.name.clone()),
        "state": execution.map(|execution| execution.state),
        "exit_code": execution.and_then(|execution| execution.exit_code),
        "tasks": execution.map(|execution| execution.tasks),
        "succeeded_count": execution.map(|execution| execution.succeeded),
        "failed_count": execution.map(|execution| execution.failed),
        "log_url": execution.map(|execution| execution.log_url.clone()).filter(|url| !url.is_empty()),
    })
}
