//! Jobs and executions as the API writes them.

use super::super::{API, conditions, etag};
use crate::uri;
use crate::world::{Aim, Execution, ExecutionFailure, ExecutionState, Job, Operation, World};
use serde_json::{Map, Value, json};

/// A job.
pub(super) fn job(world: &World, job: &Job) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("name", json!(job.name));
    put("uid", json!(job.uid));
    put("generation", json!(job.generation.to_string()));
    put("createTime", json!(job.created));
    put("updateTime", json!(job.updated));
    put("creator", json!(job.creator));
    put("lastModifier", json!(job.modifier));
    for (name, value) in &job.config {
        put(name, value.clone());
    }
    if job.observed_generation > 0 {
        put("observedGeneration", json!(job.observed_generation.to_string()));
    }
    put("terminalCondition", terminal(job));
    let executions = world.executions_of(&job.name);
    if let Some(latest) = executions.last() {
        put("executionCount", json!(executions.len()));
        put("latestCreatedExecution", reference(latest));
    }
    if is_reconciling(job) {
        put("reconciling", json!(true));
    }
    put("etag", json!(etag(job.version, &job.name)));
    Value::Object(view)
}

fn is_reconciling(job: &Job) -> bool {
    job.observed_generation < job.generation
}

fn terminal(job: &Job) -> Value {
    let at = job.transition.as_str();
    match &job.trouble {
        _ if is_reconciling(job) => {
            json!({"type": "Ready", "state": "CONDITION_RECONCILING", "lastTransitionTime": at, "reason": "WAITING_FOR_OPERATION"})
        }
        Some(trouble) => conditions::failed("Ready", at, trouble, &trouble.message),
        None => json!({"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at}),
    }
}

fn reference(execution: &Execution) -> Value {
    let status = match execution.state {
        ExecutionState::Pending => "EXECUTION_PENDING",
        ExecutionState::Running | ExecutionState::Cancelling => "EXECUTION_RUNNING",
        ExecutionState::Succeeded => "EXECUTION_SUCCEEDED",
        ExecutionState::Failed(_) => "EXECUTION_FAILED",
        ExecutionState::Cancelled => "EXECUTION_CANCELLED",
    };
    let mut view = json!({"name": execution.short_name(), "createTime": execution.created, "completionStatus": status});
    if let Some(completed) = &execution.completed {
        view["completionTime"] = json!(completed);
    }
    view
}

/// An execution.
pub(super) fn execution(execution: &Execution) -> Value {
    let tasks = execution.task_count();
    let mut view = json!({
        "name": execution.name,
        "uid": execution.uid,
        "generation": "1",
        "createTime": execution.created,
        "updateTime": execution.updated,
        "creator": execution.creator,
        "launchStage": "GA",
        "job": execution.job.rsplit('/').next(),
        "taskCount": tasks,
        "parallelism": execution.template.get("parallelism").and_then(Value::as_i64).unwrap_or(tasks),
    });
    for field in ["labels", "annotations", "client", "clientVersion", "template"] {
        if let Some(value) = execution.template.get(field) {
            view[field] = value.clone();
        }
    }
    for (field, time) in [("startTime", &execution.started), ("completionTime", &execution.completed)] {
        if let Some(time) = time {
            view[field] = json!(time);
        }
    }
    for (field, count) in counts(execution) {
        if count > 0 {
            view[field] = json!(count);
        }
    }
    view["conditions"] = json!(conditions_of(execution));
    if !execution.is_over() {
        view["reconciling"] = json!(true);
    }
    view["observedGeneration"] = json!("1");
    view["logUri"] = json!(log_uri(execution));
    view["etag"] = json!(etag(execution.number, &execution.name));
    view
}

fn counts(execution: &Execution) -> Vec<(&'static str, i64)> {
    let (tasks, retries) = (execution.task_count(), execution.max_retries());
    match &execution.state {
        ExecutionState::Pending | ExecutionState::Failed(ExecutionFailure::Trouble(_)) => Vec::new(),
        ExecutionState::Running | ExecutionState::Cancelling => vec![("runningCount", tasks)],
        ExecutionState::Succeeded => vec![("succeededCount", tasks)],
        ExecutionState::Cancelled => vec![("cancelledCount", tasks)],
        ExecutionState::Failed(ExecutionFailure::NotStarted) => {
            vec![("failedCount", tasks), ("retriedCount", tasks * retries)]
        }
        ExecutionState::Failed(_) => vec![("succeededCount", tasks - 1), ("failedCount", 1), ("retriedCount", retries)],
    }
}

/// Why an execution did not succeed, in words; none while it is not over, or if it did.
pub(super) fn failure(execution: &Execution) -> Option<String> {
    let why = match &execution.state {
        ExecutionState::Cancelled => return Some("The execution was cancelled.".to_owned()),
        ExecutionState::Failed(ExecutionFailure::Trouble(trouble)) => return Some(trouble.message.clone()),
        ExecutionState::Failed(ExecutionFailure::Exit(_)) => "The container exited with an error.",
        ExecutionState::Failed(ExecutionFailure::TimedOut) => "The configured timeout was reached.",
        ExecutionState::Failed(ExecutionFailure::NotStarted) => "The container could not be started.",
        _ => return None,
    };
    Some(format!("Task {}-task0 failed with message: {why}", execution.short_name()))
}

fn conditions_of(execution: &Execution) -> [Value; 4] {
    let at = execution.updated.as_str();
    let in_state = |kind: &str, state: &str| json!({"type": kind, "state": state, "lastTransitionTime": at});
    let mut completed = match (&execution.state, failure(execution)) {
        (ExecutionState::Succeeded, _) => in_state("Completed", "CONDITION_SUCCEEDED"),
        (_, Some(message)) => json!({"type": "Completed", "state": "CONDITION_FAILED", "lastTransitionTime": at,
            "severity": "ERROR", "message": message}),
        (_, None) => in_state("Completed", "CONDITION_RECONCILING"),
    };
    match &execution.state {
        ExecutionState::Failed(ExecutionFailure::Exit(_)) => completed["executionReason"] = json!("NON_ZERO_EXIT_CODE"),
        ExecutionState::Cancelled => completed["executionReason"] = json!("CANCELLED"),
        ExecutionState::Cancelling => completed["executionReason"] = json!("CANCELLING"),
        ExecutionState::Failed(ExecutionFailure::Trouble(trouble)) => {
            if let Some(reason) = &trouble.reason {
                completed["reason"] = json!(reason);
            }
        }
        _ => {}
    }
    let others = match &execution.state {
        ExecutionState::Pending => "CONDITION_PENDING",
        ExecutionState::Failed(ExecutionFailure::Trouble(_)) => "CONDITION_FAILED",
        _ => "CONDITION_SUCCEEDED",
    };
    [completed, in_state("ResourcesAvailable", others), in_state("Started", others), in_state("ContainerReady", others)]
}

fn log_uri(execution: &Execution) -> String {
    let parts: Vec<&str> = execution.name.split('/').collect();
    let [_, project, _, region, _, job, _, short] = parts.as_slice() else { return String::new() };
    let filter = format!(
        "resource.type=\"cloud_run_job\"\nresource.labels.job_name=\"{job}\"\nresource.labels.location=\"{region}\"\n\
         labels.\"run.googleapis.com/execution_name\"=\"{short}\""
    );
    format!("https://console.cloud.google.com/logs/viewer?project={project}&advancedFilter={}", uri::encode(&filter))
}

/// Whether tasks have this field of their template, as nearly all are.
pub(super) fn is_of_tasks(name: &str) -> bool {
    let document = crate::api::document(API.service, "GoogleCloudRunV2Task");
    document.is_none_or(|known| known.schemas["GoogleCloudRunV2Task"]["properties"].get(name).is_some())
}

/// What an operation on a job or execution says about it; none for operations on services.
pub(in super::super) fn metadata(world: &World, operation: &Operation) -> Option<Value> {
    match &operation.aim {
        Aim::ChangeJob { .. } | Aim::DeleteJob => {
            let view = job(world, world.jobs.get(&operation.service)?);
            let told = ["name", "uid", "generation", "reconciling", "terminalCondition", "etag"];
            let kept = told.iter().filter_map(|field| Some(((*field).to_owned(), view.get(*field)?.clone())));
            Some(conditions::typed("Job", Value::Object(kept.collect())))
        }
        Aim::RunJob(name) | Aim::CancelExecution(name) => {
            let found = world.executions.iter().find(|execution| execution.name == *name)?;
            Some(conditions::typed("Execution", execution(found)))
        }
        Aim::Deploy(_) | Aim::DeleteService | Aim::DeleteRevision(_) => None,
    }
}
