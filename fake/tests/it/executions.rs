//! Executions and tasks: how they go on, fail and are cancelled, and what they leave in the log.

use crate::scene::{JOBS, Scene, hello_job};
use fakecloud::{ExecutionOutcome, ExecutionScript, ExecutionState, World};
use serde_json::{Value, json};

/// A job whose next execution goes like this, and that execution's operation and path.
fn running(script: ExecutionScript, change: impl FnOnce(&mut Value)) -> (Scene, Value, String) {
    let scene = Scene::with(|world| world.next_executions.push_back(script));
    let mut body = hello_job();
    change(&mut body);
    scene.set_job("migrate", &body);
    let (operation, name) = scene.run_job("migrate", &json!({}));
    (scene, operation, format!("/v2/{name}"))
}

fn ending(outcome: ExecutionOutcome) -> (Scene, Value, String) {
    running(ExecutionScript::ending(outcome), |_| ())
}

fn short(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[test]
fn each_look_brings_it_one_state_further() {
    let (scene, operation, path) = running(ExecutionScript { pending: 2, running: 1, ..Default::default() }, |_| ());
    let look = || {
        let execution = scene.get("run", &path).json();
        let completed = &execution["conditions"][0];
        assert_eq!(completed["type"], "Completed");
        (completed["state"].as_str().unwrap_or_default().to_owned(), execution["runningCount"].clone())
    };
    let reconciling = "CONDITION_RECONCILING".to_owned();
    assert_eq!(look(), (reconciling.clone(), Value::Null));
    // A look at the operation is worth the same.
    let now = scene.get("run", &format!("/v2/{}", operation["name"].as_str().expect("a name"))).json();
    assert!(now.get("done").is_none() && now["metadata"]["reconciling"] == true);
    assert_eq!(look(), (reconciling.clone(), json!(1)));
    assert_eq!(look(), (reconciling, json!(1)));
    assert_eq!(look(), ("CONDITION_SUCCEEDED".to_owned(), Value::Null));
    let done = scene.wait(&operation);
    assert_eq!(done["response"]["completionTime"], done["metadata"]["completionTime"]);
    assert!(done["response"].get("reconciling").is_none());
}

#[test]
fn a_failed_execution_reads_like_the_sample() {
    let (scene, operation, path) = running(ExecutionScript::ending(ExecutionOutcome::ExitCode(3)), |body| {
        body["template"]["template"]["maxRetries"] = json!(1);
    });
    let done = scene.wait(&operation);
    // The operation itself succeeds: it ends with the execution, however that went.
    assert_eq!((done.get("error"), &done["response"]["failedCount"]), (None, &json!(1)));
    let execution = scene.get("run", &path).json();
    let name = short(&path);
    assert_eq!((&execution["job"], &execution["taskCount"]), (&json!("migrate"), &json!(1)));
    assert_eq!((&execution["retriedCount"], execution.get("succeededCount")), (&json!(1), None));
    let at = execution["updateTime"].clone();
    assert_eq!(
        execution["conditions"],
        json!([
            {"type": "Completed", "state": "CONDITION_FAILED", "lastTransitionTime": at, "severity": "ERROR",
                "message": format!("Task {name}-task0 failed with message: The container exited with an error."),
                "executionReason": "NON_ZERO_EXIT_CODE"},
            {"type": "ResourcesAvailable", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at},
            {"type": "Started", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at},
            {"type": "ContainerReady", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at}
        ])
    );
    let tasks = scene.get("run", &format!("{path}/tasks")).json();
    let task = &tasks["tasks"][0];
    assert!(task["name"].as_str().is_some_and(|task| task.ends_with(&format!("/tasks/{name}-task0"))));
    assert_eq!((&task["execution"], &task["retried"], &task["maxRetries"]), (&json!(name), &json!(1), &json!(1)));
    let result = json!({"status": {"code": 2, "message": "Application failed with exit code 3"}, "exitCode": 3});
    assert_eq!(task["lastAttemptResult"], result);
    let one = scene.get("run", &format!("{path}/tasks/{name}-task0")).json();
    assert_eq!(&one, task);
    assert_eq!(scene.get("run", &format!("{path}/tasks/{name}-task1")).status, 404);
}

#[test]
fn one_task_fails_and_the_others_do_not() {
    let (scene, operation, path) = running(ExecutionScript::ending(ExecutionOutcome::ExitCode(1)), |body| {
        body["template"]["taskCount"] = json!(3);
    });
    let execution = scene.wait(&operation)["response"].clone();
    assert_eq!((&execution["succeededCount"], &execution["failedCount"]), (&json!(2), &json!(1)));
    let tasks = scene.get("run", &format!("{path}/tasks")).json();
    let codes: Vec<&Value> =
        tasks["tasks"].as_array().expect("tasks").iter().map(|task| &task["lastAttemptResult"]["exitCode"]).collect();
    assert_eq!(codes, [&json!(1), &Value::Null, &Value::Null]);
    let page = scene.get("run", &format!("{path}/tasks?pageSize=2")).json();
    assert_eq!((page["tasks"].as_array().map(Vec::len), &page["nextPageToken"]), (Some(2), &json!("2")));
}

#[test]
fn a_failed_run_may_end_its_operation_with_an_error() {
    let (scene, operation, _) = ending(ExecutionOutcome::ExitCode(1));
    scene.cloud.world(|world| world.failed_runs_are_errors = true);
    let done = scene.wait(&operation);
    assert!(done["error"]["message"].as_str().is_some_and(|text| text.contains("exited with an error")));
    assert!(done.get("response").is_none());
}

#[test]
fn other_failures_have_their_own_words() {
    for (outcome, field, value) in [
        (ExecutionOutcome::ImageDoesNotStart, "status", json!(3)),
        (ExecutionOutcome::TimesOut, "termSignal", json!(9)),
    ] {
        let (scene, operation, path) = ending(outcome);
        let completed = scene.wait(&operation)["response"]["conditions"][0].clone();
        assert_eq!((&completed["state"], completed.get("executionReason")), (&json!("CONDITION_FAILED"), None));
        let tasks = scene.get("run", &format!("{path}/tasks")).json();
        let result = &tasks["tasks"][0]["lastAttemptResult"];
        assert!(result[field] == value || result[field]["code"] == value, "{result}");
        assert!(result.get("exitCode").is_none());
    }
}

#[test]
fn an_image_that_is_gone_fails_the_execution_before_any_task() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.push_image("gcr.io/harbour-dev/tool:1"));
    let mut body = hello_job();
    body["template"]["template"]["containers"][0]["image"] = json!("gcr.io/harbour-dev/tool:1");
    assert!(scene.set_job("migrate", &body).get("error").is_none());
    scene.cloud.world(|world| world.repositories.retain(|name, _| name.starts_with("projects/cloudrun/")));
    let (operation, name) = scene.run_job("migrate", &json!({}));
    let execution = scene.wait(&operation)["response"].clone();
    assert_eq!(execution["conditions"][0]["reason"], "CONTAINER_MISSING");
    assert!(execution.get("failedCount").is_none());
    assert_eq!(scene.get("run", &format!("/v2/{name}/tasks")).json(), json!({}));
}

#[test]
fn an_execution_that_never_ends_can_be_cancelled() {
    let (scene, operation, path) = ending(ExecutionOutcome::NeverEnds);
    for _ in 0..10 {
        assert_eq!(scene.get("run", &path).json()["reconciling"], true);
    }
    assert_eq!(scene.post("run", &format!("{path}:cancel"), &json!({"etag": "\"stale\""})).status, 409);
    let cancel = scene.post("run", &format!("{path}:cancel"), &json!({})).json();
    assert_eq!(cancel["metadata"]["conditions"][0]["executionReason"], "CANCELLING");
    let done = scene.wait(&cancel);
    let completed = &done["response"]["conditions"][0];
    assert_eq!((&completed["state"], &completed["executionReason"]), (&json!("CONDITION_FAILED"), &json!("CANCELLED")));
    assert_eq!(done["response"]["cancelledCount"], 1);
    // The run's own operation ends with it.
    assert_eq!(scene.wait(&operation)["response"]["cancelledCount"], 1);
    let again = scene.post("run", &format!("{path}:cancel"), &json!({}));
    assert_eq!((again.status, &again.json()["error"]["status"]), (400, &json!("FAILED_PRECONDITION")));
    assert_eq!(scene.cloud.world(|world| world.count("execution cancelled")), 1);
    let state = scene.cloud.world(|world| world.execution(short(&path)).map(|execution| execution.state.clone()));
    assert_eq!(state, Some(ExecutionState::Cancelled));
    let job = scene.get("run", &format!("{JOBS}/migrate")).json();
    assert_eq!(job["latestCreatedExecution"]["completionStatus"], "EXECUTION_CANCELLED");
}

#[test]
fn somebody_else_may_cancel_it() {
    let (scene, operation, _) = ending(ExecutionOutcome::CancelledByOther);
    assert_eq!(scene.wait(&operation)["response"]["conditions"][0]["executionReason"], "CANCELLED");
}

#[test]
fn lists_are_newest_first_and_no_look() {
    let scene = Scene::new();
    scene.set_job("migrate", &hello_job());
    let names: Vec<String> = (0..3).map(|_| scene.run_job("migrate", &json!({})).1).collect();
    for _ in 0..3 {
        let list = scene.get("run", &format!("{JOBS}/migrate/executions?pageSize=2")).json();
        assert_eq!(
            (&list["executions"][0]["name"], &list["executions"][1]["name"]),
            (&json!(names[2]), &json!(names[1]))
        );
        assert_eq!(list["executions"][0]["reconciling"], true);
        assert_eq!(list["nextPageToken"], "2");
    }
    let rest = scene.get("run", &format!("{JOBS}/migrate/executions?pageToken=2")).json();
    assert_eq!((&rest["executions"][0]["name"], rest.get("nextPageToken")), (&json!(names[0]), None));
    assert_eq!(scene.get("run", &format!("{JOBS}/other/executions")).status, 404);
}

#[test]
fn its_lines_are_found_in_the_log_by_its_name() {
    let script = ExecutionScript::ending(ExecutionOutcome::ExitCode(3)).logging(&["migrating", "no such table"]);
    let (scene, operation, path) = running(script, |_| ());
    scene.wait(&operation);
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/logging.viewer"));
    let list = |filter: &str| {
        let body = json!({"resourceNames": ["projects/harbour-dev"], "filter": filter});
        scene.post("logging", "/v2/entries:list", &body).json()["entries"].as_array().cloned().unwrap_or_default()
    };
    let name = short(&path);
    let found = list(&format!(
        "resource.type=\"cloud_run_job\" resource.labels.job_name=\"migrate\" resource.labels.location=\"us-central1\" \
         labels.\"run.googleapis.com/execution_name\"=\"{name}\""
    ));
    let texts: Vec<&Value> = found.iter().map(|entry| &entry["textPayload"]).collect();
    assert_eq!(texts, ["migrating", "no such table", "Container called exit(3)."]);
    assert_eq!(found[0]["labels"]["run.googleapis.com/execution_name"], name);
    assert_eq!(found[0]["logName"], "projects/harbour-dev/logs/run.googleapis.com%2Fstderr");
    assert_eq!(list("labels.\"run.googleapis.com/execution_name\"=\"migrate-other\"").len(), 0);
    assert!(scene.cloud.unexpected().is_empty());
}
