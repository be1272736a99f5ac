//! Jobs: made, read, changed, run, deleted.

use crate::client::Reply;
use crate::scene::{JOBS, Scene, hello_job};
use fakecloud::{ExecutionOutcome, ExecutionScript, World};
use serde_json::{Value, json};

fn patch(scene: &Scene, job: &str, query: &str, body: &Value) -> Reply {
    scene.call("run", "PATCH", &format!("{JOBS}/{job}?{query}"), Some(body))
}

fn job(scene: &Scene, name: &str) -> Value {
    scene.get("run", &format!("{JOBS}/{name}")).json()
}

fn count(scene: &Scene, what: &str) -> usize {
    scene.cloud.world(|world| world.count(what))
}

#[test]
fn a_job_is_made_by_a_patch_and_its_operation_ends_with_it() {
    let scene = Scene::new();
    assert_eq!(scene.get("run", &format!("{JOBS}/migrate")).status, 404);
    assert_eq!(patch(&scene, "migrate", "", &hello_job()).status, 404, "only allowMissing makes a job");
    let begun = patch(&scene, "migrate", "allowMissing=true", &hello_job()).json();
    assert_eq!(begun["metadata"]["@type"], "type.googleapis.com/google.cloud.run.v2.Job");
    assert_eq!((begun.get("done"), &begun["metadata"]["reconciling"]), (None, &json!(true)));
    let done = scene.wait(&begun);
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.Job");
    assert_eq!(done["response"]["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
    let read = job(&scene, "migrate");
    assert!(read.get("reconciling").is_none() && read.get("latestCreatedExecution").is_none());
    assert_eq!(read["generation"], read["observedGeneration"]);
    let task = &read["template"]["template"];
    assert_eq!((&task["maxRetries"], &task["timeout"]), (&json!(3), &json!("600s")));
    assert_eq!((&task["serviceAccount"], &read["template"]["taskCount"]), (&json!(World::COMPUTE), &json!(1)));
    assert_eq!(task["containers"][0]["resources"]["limits"], json!({"cpu": "1000m", "memory": "512Mi"}));
    assert_eq!((count(&scene, "job created"), count(&scene, "execution created")), (1, 0));
}

#[test]
fn reading_the_job_is_a_look_at_its_change() {
    let scene = Scene::new();
    patch(&scene, "migrate", "allowMissing=true", &hello_job());
    assert_eq!(job(&scene, "migrate")["reconciling"], true);
    assert!(job(&scene, "migrate").get("reconciling").is_none());
}

#[test]
fn the_etag_guards_patch_run_and_delete() {
    let scene = Scene::new();
    scene.set_job("migrate", &hello_job());
    let mut change = job(&scene, "migrate");
    change["labels"] = json!({"commit-sha": "1a2b3c4"});
    assert_eq!(scene.set_job("migrate", &change)["done"], true);
    assert_eq!(job(&scene, "migrate")["labels"]["commit-sha"], "1a2b3c4");
    let stale = change["etag"].clone();
    let reply = patch(&scene, "migrate", "", &change);
    assert_eq!((reply.status, &reply.json()["error"]["status"]), (409, &json!("ABORTED")));
    assert!(reply.message().starts_with("Conflict for resource 'migrate': version '"), "{}", reply.message());
    assert_eq!(scene.post("run", &format!("{JOBS}/migrate:run"), &json!({"etag": stale})).status, 409);
    assert_eq!(scene.call("run", "DELETE", &format!("{JOBS}/migrate?etag=%22stale%22"), None).status, 409);
    let current = job(&scene, "migrate")["etag"].clone();
    assert_eq!(scene.post("run", &format!("{JOBS}/migrate:run"), &json!({"etag": current})).status, 200);
    assert_eq!(count(&scene, "execution created"), 1);
}

#[test]
fn a_patch_replaces_all_of_it_and_knows_no_mask() {
    let scene = Scene::new();
    let mut body = hello_job();
    body["labels"] = json!({"a": "b"});
    scene.set_job("migrate", &body);
    scene.set_job("migrate", &hello_job());
    assert!(job(&scene, "migrate").get("labels").is_none());
    assert_eq!(patch(&scene, "migrate", "updateMask=labels", &body).status, 400);
    assert_eq!(scene.cloud.unexpected().len(), 1);
}

#[test]
fn no_retries_at_all_are_kept() {
    let scene = Scene::new();
    let mut body = hello_job();
    body["template"]["template"]["maxRetries"] = json!(0);
    scene.set_job("migrate", &body);
    assert_eq!(job(&scene, "migrate")["template"]["template"]["maxRetries"], 0);
    // What was read can be written back.
    scene.set_job("migrate", &job(&scene, "migrate"));
    assert_eq!(job(&scene, "migrate")["template"]["template"]["maxRetries"], 0);
}

#[test]
fn a_dry_run_changes_nothing() {
    let scene = Scene::new();
    let reply = patch(&scene, "migrate", "allowMissing=true&validateOnly=true", &hello_job());
    assert_eq!(reply.status, 200);
    let path = format!("/v2/{}", reply.json()["name"].as_str().expect("a name"));
    assert_eq!(scene.get("run", &path).status, 404);
    assert!(scene.cloud.world(|world| world.jobs.is_empty() && world.effects.is_empty()));
    scene.set_job("migrate", &hello_job());
    let reply = scene.post("run", &format!("{JOBS}/migrate:run"), &json!({"validateOnly": true}));
    assert_eq!((reply.status, count(&scene, "execution created")), (200, 0));
}

#[test]
fn every_run_is_an_execution_of_its_own() {
    let scene = Scene::new();
    scene.set_job("migrate", &hello_job());
    let (operation, first) = scene.run_job("migrate", &json!({}));
    assert_eq!(operation["metadata"]["@type"], "type.googleapis.com/google.cloud.run.v2.Execution");
    assert!(first.starts_with("projects/harbour-dev/locations/us-central1/jobs/migrate/executions/migrate-"));
    let (_, second) = scene.run_job("migrate", &json!({}));
    assert_ne!(first, second);
    assert_eq!(count(&scene, "execution created"), 2);
    let done = scene.wait(&operation);
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.Execution");
    assert_eq!((&done["response"]["name"], &done["response"]["succeededCount"]), (&json!(first), &json!(1)));
    let latest = job(&scene, "migrate")["latestCreatedExecution"].clone();
    assert!(second.ends_with(latest["name"].as_str().expect("a name")));
    assert_eq!(latest["completionStatus"], "EXECUTION_PENDING");
    assert_eq!(job(&scene, "migrate")["executionCount"], 2);
    assert_eq!(scene.post("run", &format!("{JOBS}/other:run"), &json!({})).status, 404);
}

#[test]
fn overrides_hold_for_one_run_alone() {
    let scene = Scene::new();
    let mut body = hello_job();
    body["template"]["template"]["containers"][0]["args"] = json!(["up"]);
    scene.set_job("migrate", &body);
    let overrides = json!({"overrides": {"taskCount": 2, "timeout": "60s",
        "containerOverrides": [{"args": ["down"], "env": [{"name": "STEP", "value": "1"}]}]}});
    let (_, name) = scene.run_job("migrate", &overrides);
    let execution = scene.get("run", &format!("/v2/{name}")).json();
    assert_eq!((&execution["taskCount"], &execution["template"]["timeout"]), (&json!(2), &json!("60s")));
    let container = &execution["template"]["containers"][0];
    assert_eq!((&container["args"], &container["env"][0]["name"]), (&json!(["down"]), &json!("STEP")));
    assert_eq!(job(&scene, "migrate")["template"]["template"]["containers"][0]["args"], json!(["up"]));
    let refused =
        |overrides: Value| scene.post("run", &format!("{JOBS}/migrate:run"), &json!({"overrides": overrides})).status;
    assert_eq!(refused(json!({"containerOverrides": [{"name": "other"}]})), 400);
    assert_eq!(refused(json!({"containerOverrides": [{"env": [{"name": "CLOUD_RUN_JOB", "value": "x"}]}]})), 400);
    assert_eq!(refused(json!({"taskCount": 20_000})), 400);
    assert_eq!(refused(json!({"timeout": "0s"})), 400);
    assert!(scene.cloud.unexpected().is_empty());
    assert_eq!(refused(json!({"delayExecution": true})), 501);
    assert_eq!(scene.cloud.unexpected().len(), 1);
}

#[test]
fn a_token_starts_one_execution_however_often_it_is_sent() {
    let scene = Scene::new();
    let mut body = hello_job();
    body["startExecutionToken"] = json!("r17");
    let begun = patch(&scene, "migrate", "allowMissing=true", &body).json();
    patch(&scene, "migrate", "allowMissing=true", &body);
    let path = format!("{JOBS}/migrate/executions/migrate-r17");
    assert_eq!(count(&scene, "execution created"), 1);
    // The change is done when the execution has started, not when it is over.
    let done = scene.wait(&begun);
    assert_eq!(done["response"]["latestCreatedExecution"]["completionStatus"], "EXECUTION_RUNNING");
    assert_eq!(scene.get("run", &path).json()["runningCount"], 1);
    // Neither reading and writing back nor returning to an old token runs it again.
    scene.set_job("migrate", &job(&scene, "migrate"));
    body["startExecutionToken"] = json!("r18");
    scene.set_job("migrate", &body);
    body["startExecutionToken"] = json!("r17");
    scene.set_job("migrate", &body);
    assert_eq!(count(&scene, "execution created"), 2);
}

#[test]
fn a_run_token_waits_for_the_end() {
    let scene = Scene::with(|world| {
        let fails = ExecutionScript::ending(ExecutionOutcome::ExitCode(1));
        world.next_executions.extend([ExecutionScript::default(), fails]);
    });
    let mut body = hello_job();
    body["runExecutionToken"] = json!("r17");
    let done = scene.set_job("migrate", &body);
    assert_eq!(done["response"]["latestCreatedExecution"]["completionStatus"], "EXECUTION_SUCCEEDED");
    body["runExecutionToken"] = json!("r18");
    let done = scene.set_job("migrate", &body);
    let message = "Task migrate-r18-task0 failed with message: The container exited with an error.";
    assert_eq!(done["error"]["message"], message);
    assert_eq!(job(&scene, "migrate")["terminalCondition"]["message"], message);
}

#[test]
fn a_job_whose_image_cannot_be_had_is_not_ready() {
    let scene = Scene::new();
    let mut body = hello_job();
    let image = "us-central1-docker.pkg.dev/harbour-dev/app/web:nope";
    body["template"]["template"]["containers"][0]["image"] = json!(image);
    body["startExecutionToken"] = json!("r17");
    let done = scene.set_job("migrate", &body);
    assert_eq!((&done["error"]["code"], done.get("response")), (&json!(5), None));
    assert_eq!(done["error"]["message"], format!("Image '{image}' not found."));
    let terminal = job(&scene, "migrate")["terminalCondition"].clone();
    assert_eq!((&terminal["state"], &terminal["reason"]), (&json!("CONDITION_FAILED"), &json!("CONTAINER_MISSING")));
    assert_eq!(count(&scene, "execution created"), 0);
    // With the image there, the same token has its one execution.
    scene.cloud.world(|world| world.push_image(image));
    assert!(scene.set_job("migrate", &body).get("error").is_none());
    assert_eq!(count(&scene, "execution created"), 1);
}

#[test]
fn secrets_are_read_as_the_jobs_account() {
    let scene = Scene::with(|world| {
        world.add_secret("harbour-dev", "db", "x");
    });
    let mut body = hello_job();
    body["template"]["template"]["containers"][0]["env"] =
        json!([{"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db", "version": "1"}}}]);
    let done = scene.set_job("migrate", &body);
    assert!(done["error"]["message"].as_str().is_some_and(|text| text.contains("Permission denied on secret")));
    assert_eq!(job(&scene, "migrate")["terminalCondition"]["reason"], "SECRETS_ACCESS_CHECK_FAILED");
    scene.cloud.world(|world| world.share_secret("harbour-dev", "db", World::COMPUTE));
    assert!(scene.set_job("migrate", &body).get("error").is_none());
}

#[test]
fn a_deleted_job_is_gone_with_its_executions() {
    let scene = Scene::new();
    scene.set_job("migrate", &hello_job());
    let (running, execution) = scene.run_job("migrate", &json!({}));
    let deleted = scene.call("run", "DELETE", &format!("{JOBS}/migrate"), None).json();
    assert_eq!(scene.wait(&deleted)["response"]["@type"], "type.googleapis.com/google.cloud.run.v2.Job");
    assert_eq!(scene.get("run", &format!("{JOBS}/migrate")).status, 404);
    assert_eq!(scene.get("run", &format!("/v2/{execution}")).status, 404);
    assert_eq!(scene.wait(&running)["error"]["code"], 5);
    assert_eq!(count(&scene, "job deleted"), 1);
}

#[test]
fn a_grant_on_one_job_shows_at_that_job() {
    let scene = Scene::new();
    scene.set_job("migrate", &hello_job());
    scene.cloud.world(|world| {
        world.revoke(World::PROJECT, World::DEPLOYER, "roles/run.admin");
        let job = world.jobs.values_mut().next().expect("a job");
        job.policy.grant("roles/run.admin", &format!("serviceAccount:{}", World::DEPLOYER));
    });
    let held = |job: &str, permission: &str| {
        let body = json!({"permissions": [permission]});
        scene.post("run", &format!("{JOBS}/{job}:testIamPermissions"), &body).json()
    };
    assert_eq!(held("migrate", "run.jobs.run"), json!({"permissions": ["run.jobs.run"]}));
    assert_eq!(held("other", "run.jobs.run"), json!({}));
    assert_eq!(held("migrate", "storage.objects.get")["error"]["code"], 400);
}

#[test]
fn jobs_of_a_region_are_listed() {
    let scene = Scene::new();
    patch(&scene, "migrate", "allowMissing=true", &hello_job());
    let list = |region: &str| scene.get("run", &format!("/v2/projects/harbour-dev/locations/{region}/jobs"));
    let listed = list("us-central1").json();
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(1));
    assert!(listed["jobs"][0]["name"].as_str().is_some_and(|name| name.ends_with("/jobs/migrate")));
    assert!(listed["jobs"][0]["template"]["template"].is_object());
    assert_eq!(list("europe-west1").json(), json!({}));
    assert_eq!(list("-").status, 400);
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/run.admin"));
    assert_eq!(list("us-central1").status, 403);
}
