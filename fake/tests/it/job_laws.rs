//! What Cloud Run refuses in a job.

use crate::scene::{JOBS, Scene, hello_job};
use fakecloud::World;
use serde_json::{Value, json};

/// Why a job is not patched: status and sentence.
fn refusal(scene: &Scene, job: &str, body: &Value) -> (u16, String) {
    let reply = scene.call("run", "PATCH", &format!("{JOBS}/{job}?allowMissing=true"), Some(body));
    (reply.status, reply.message())
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Value), words: &str) {
    let scene = Scene::new();
    let mut body = hello_job();
    change(&mut body);
    let (status, message) = refusal(&scene, "migrate", &body);
    assert_eq!(status, 400, "{message}");
    assert!(message.contains(words), "{message}");
    assert!(scene.cloud.world(|world| world.jobs.is_empty()));
}

fn container(body: &mut Value) -> &mut Value {
    &mut body["template"]["template"]["containers"][0]
}

#[test]
fn names_labels_and_tokens_have_their_laws() {
    let scene = Scene::new();
    for bad in ["Migrate", "1a", "a-", &"x".repeat(64)] {
        assert_eq!(refusal(&scene, bad, &hello_job()).0, 400, "{bad}");
    }
    refused(|body| body["labels"] = json!({"Commit": "x"}), "is not valid");
    refused(|body| body["template"]["labels"] = json!({"run.googleapis.com/x": "y"}), "does not support the namespace");
    refused(|body| body["startExecutionToken"] = json!("x".repeat(56)), "fewer than 63");
    refused(|body| body["runExecutionToken"] = json!("R_1"), "job.run_execution_token");
    refused(
        |body| {
            body["startExecutionToken"] = json!("a");
            body["runExecutionToken"] = json!("b");
        },
        "oneof",
    );
}

#[test]
fn containers_have_the_laws_of_services_one_level_below() {
    refused(|body| container(body)["image"] = json!("Not an image"), "template.template.containers[0].image");
    refused(
        |body| container(body)["env"] = json!([{"name": "A=B", "value": "1"}]),
        "template.template.containers[0].env[0]",
    );
    for reserved in ["CLOUD_RUN_JOB", "CLOUD_RUN_TASK_INDEX"] {
        refused(|body| container(body)["env"] = json!([{"name": reserved, "value": "1"}]), "reserved env names");
    }
    refused(|body| container(body)["resources"] = json!({"limits": {"cpu": "0.5"}}), "limits.cpu");
    refused(|body| container(body)["volumeMounts"] = json!([{"name": "v", "mountPath": "/v"}]), "No volume");
    refused(|body| body["template"]["template"]["containers"] = json!([]), "at least one container");
    // A job's variable may be called PORT, since nothing listens.
    let scene = Scene::new();
    let mut body = hello_job();
    container(&mut body)["env"] = json!([{"name": "PORT", "value": "1"}]);
    assert_eq!(refusal(&scene, "migrate", &body).0, 200);
}

#[test]
fn nobody_asks_a_job_anything() {
    refused(|body| container(body)["ports"] = json!([{"containerPort": 8080}]), "not supported for jobs");
    refused(|body| container(body)["livenessProbe"] = json!({"tcpSocket": {}}), "not supported for jobs");
}

#[test]
fn counts_and_times_have_limits() {
    refused(|body| body["template"]["taskCount"] = json!(10_001), "task_count");
    refused(|body| body["template"]["parallelism"] = json!(-1), "parallelism");
    refused(|body| body["template"]["template"]["maxRetries"] = json!(11), "max_retries");
    refused(|body| body["template"]["template"]["timeout"] = json!("604801s"), "timeout");
}

#[test]
fn fields_nobody_announced_are_refused_and_noted() {
    let scene = Scene::new();
    let mut body = hello_job();
    body["template"]["template"]["maxRetrys"] = json!(1);
    let (status, message) = refusal(&scene, "migrate", &body);
    assert_eq!(status, 400);
    let wanted =
        "Invalid JSON payload received. Unknown name \"maxRetrys\" at 'job.template.template': Cannot find field.";
    assert_eq!(message, wanted);
    assert_eq!(scene.cloud.unexpected().len(), 1);
    scene.cloud.world(|world| world.future_fields.insert("maxRetrys".to_owned()));
    assert_eq!(refusal(&scene, "migrate", &body).0, 200);
}

#[test]
fn the_caller_must_be_allowed_to_act_as_the_jobs_account() {
    let scene = Scene::with(|world| world.deny(World::DEPLOYER, "iam.serviceAccounts.actAs"));
    let (status, message) = refusal(&scene, "migrate", &hello_job());
    assert_eq!(status, 403);
    assert!(message.starts_with("Permission 'iam.serviceaccounts.actAs' denied on service account"), "{message}");
    let scene = Scene::new();
    let mut body = hello_job();
    body["template"]["template"]["serviceAccount"] = json!("nobody@harbour-dev.iam.gserviceaccount.com");
    assert_eq!(refusal(&scene, "migrate", &body).0, 403);
}
