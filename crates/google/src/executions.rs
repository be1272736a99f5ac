//! Executions of Cloud Run jobs and their tasks: what became of a run, in its own words.

use reqwest::Method;
use serde_json::{Value, json};

use super::cloud_run::{Condition, short};
use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_wire::repeat::Repeat;

/// An execution that was made a moment ago is on the first page, and the newest come first.
const PAGE: &str = "50";

/// One run of a job.
#[derive(Debug, Clone)]
pub struct Execution {
    json: Value,
}

/// Where an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionState {
    /// It goes on.
    Running,
    /// Every task succeeded.
    Succeeded,
    /// A task failed, or none could start.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl ExecutionState {
    /// One word for the report.
    pub fn word(self) -> &'static str {
        match self {
            ExecutionState::Running => "running",
            ExecutionState::Succeeded => "succeeded",
            ExecutionState::Failed => "failed",
            ExecutionState::Cancelled => "cancelled",
        }
    }
}

impl Execution {
    /// Reads an execution; `None` when the document is none.
    pub fn read(json: &Value) -> Option<Self> {
        json.get("name")?.as_str().filter(|name| name.contains("/executions/"))?;
        Some(Self { json: json.clone() })
    }

    fn text(&self, key: &str) -> &str {
        self.json.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn count(&self, key: &str) -> u64 {
        self.json.get(key).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Its full name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Its short name.
    pub fn short(&self) -> &str {
        short(self.name())
    }

    /// Who started it.
    pub fn creator(&self) -> &str {
        self.text("creator")
    }

    /// An annotation it got from its job's template.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.json.get("annotations")?.get(key)?.as_str()
    }

    /// Tasks it has.
    pub fn tasks(&self) -> u64 {
        self.count("taskCount").max(1)
    }

    /// Tasks that succeeded.
    pub fn succeeded(&self) -> u64 {
        self.count("succeededCount")
    }

    /// Tasks that failed in every attempt.
    pub fn failed(&self) -> u64 {
        self.count("failedCount")
    }

    /// Tasks that were cancelled.
    pub fn cancelled(&self) -> u64 {
        self.count("cancelledCount")
    }

    /// The page with its log.
    pub fn log_uri(&self) -> &str {
        self.text("logUri")
    }

    /// Its condition `Completed`.
    pub fn completed(&self) -> Option<Condition> {
        Condition::list(self.json.get("conditions")).into_iter().find(|condition| condition.kind == "Completed")
    }

    /// Where it stands, by its condition and its counts. The operation that started it says nothing: it
    /// ends without an error when a task failed (docs: run/docs/reference/rest/v2/projects.locations.jobs/run).
    pub fn verdict(&self) -> ExecutionState {
        let completed = self.completed();
        match completed.as_ref().and_then(|condition| condition.holds) {
            None => ExecutionState::Running,
            Some(_) if self.failed() > 0 => ExecutionState::Failed,
            Some(true) if self.succeeded() >= self.tasks() => ExecutionState::Succeeded,
            // The counts do not bear the condition out yet: whoever watches looks again.
            Some(true) => ExecutionState::Running,
            Some(false) => match completed.map(|condition| condition.reason) {
                Some(reason) if reason == "CANCELLED" => ExecutionState::Cancelled,
                _ if self.cancelled() > 0 => ExecutionState::Cancelled,
                _ => ExecutionState::Failed,
            },
        }
    }
}

/// How a task's last attempt ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The container's exit code, when it ended by itself.
    pub exit_code: Option<i64>,
    /// The signal that ended it.
    pub signal: Option<i64>,
    /// Google's sentence.
    pub message: String,
}

/// One look at an execution. Trouble is not repeated here: whoever watches looks again.
///
/// # Errors
/// When this look showed nothing.
pub async fn execution(http: &Http, name: &str) -> Result<Execution, ApiError> {
    let mut call = http.get(Api::Run, &format!("v2/{name}"), format!("read execution `{}`", short(name)));
    call.patience = Patience::ONCE;
    let answer = http.json(&call).await?;
    Execution::read(&answer).ok_or_else(|| http.unreadable(&call, "the answer names no execution"))
}

/// The newest executions of a job, newest first.
///
/// # Errors
/// When they cannot be listed.
pub async fn executions(http: &Http, job: &str) -> Result<Vec<Execution>, ApiError> {
    let doing = format!("list the executions of job `{}`", short(job));
    let mut call = http.get(Api::Run, &format!("v2/{job}/executions"), doing);
    call.query.push(("pageSize", PAGE.into()));
    let answer = http.json(&call).await?;
    let list = answer.get("executions").and_then(Value::as_array).into_iter().flatten();
    Ok(list.filter_map(Execution::read).collect())
}

/// How the first task that failed ended; `None` when no task says.
///
/// # Errors
/// When the tasks cannot be listed.
pub async fn failed_attempt(http: &Http, execution: &str) -> Result<Option<Attempt>, ApiError> {
    let doing = format!("list the tasks of execution `{}`", short(execution));
    let mut call = http.get(Api::Run, &format!("v2/{execution}/tasks"), doing);
    call.query.push(("pageSize", PAGE.into()));
    let answer = http.json(&call).await?;
    let mut tasks = answer.get("tasks").and_then(Value::as_array).into_iter().flatten();
    let failed = tasks.find(|task| {
        let conditions = Condition::list(task.get("conditions"));
        conditions.iter().any(|condition| condition.kind == "Completed" && condition.holds == Some(false))
    });
    Ok(failed.and_then(|task| {
        let result = task.get("lastAttemptResult")?;
        let number = |key: &str| result.get(key).and_then(Value::as_i64).filter(|number| *number != 0);
        let message = result.pointer("/status/message").and_then(Value::as_str).unwrap_or_default();
        Some(Attempt { exit_code: number("exitCode"), signal: number("termSignal"), message: message.to_owned() })
    }))
}

/// Cancels an execution; one that is over or gone stays as it is.
///
/// # Errors
/// When Google cannot be told.
pub async fn cancel(http: &Http, name: &str, patience: Patience) -> Result<(), ApiError> {
    let body = Body::Json(json!({}));
    let doing = format!("cancel execution `{}`", short(name));
    let mut call = http.call(Method::POST, Api::Run, &format!("v2/{name}:cancel"), body, Repeat::Always, doing);
    call.patience = patience;
    call.timeout = patience.time;
    // 400 FAILED_PRECONDITION: it is over already, which is what was wanted.
    http.reply(&call, &[400, 404]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(fields: Value) -> ExecutionState {
        let mut json = json!({"name": "projects/p/locations/r/jobs/j/executions/j-1", "taskCount": 2});
        for (key, value) in fields.as_object().into_iter().flatten() {
            json[key] = value.clone();
        }
        Execution::read(&json).expect("an execution").verdict()
    }

    fn completed(state: &str, reason: &str) -> Value {
        json!([{"type": "Started", "state": "CONDITION_SUCCEEDED"}, {"type": "Completed", "state": state, "executionReason": reason}])
    }

    #[test]
    fn the_condition_and_the_counts_decide_together() {
        let done = completed("CONDITION_SUCCEEDED", "");
        assert_eq!(verdict(json!({})), ExecutionState::Running);
        assert_eq!(
            verdict(json!({"conditions": completed("CONDITION_RECONCILING", "CANCELLING")})),
            ExecutionState::Running
        );
        assert_eq!(verdict(json!({"conditions": done, "succeededCount": 2})), ExecutionState::Succeeded);
        assert_eq!(verdict(json!({"conditions": done, "succeededCount": 1})), ExecutionState::Running);
        assert_eq!(verdict(json!({"conditions": done, "succeededCount": 1, "failedCount": 1})), ExecutionState::Failed);
        let failed = completed("CONDITION_FAILED", "NON_ZERO_EXIT_CODE");
        assert_eq!(verdict(json!({"conditions": failed, "failedCount": 1})), ExecutionState::Failed);
        assert_eq!(
            verdict(json!({"conditions": completed("CONDITION_FAILED", "CANCELLED")})),
            ExecutionState::Cancelled
        );
    }

    #[test]
    fn other_documents_are_no_executions() {
        assert!(Execution::read(&json!({"name": "projects/p/locations/r/operations/o"})).is_none());
        assert!(Execution::read(&json!({})).is_none());
    }
}
