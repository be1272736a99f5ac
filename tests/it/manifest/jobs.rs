//! A job in a file, in either form.

use fakecloud::World;
use serde_json::{Value, json};

use crate::support::Scene;

/// A job that says everything that a job of the embedded cloud can say, and Knative's form as well.
const JOB: &str = r##"{
        "labels": {"team": "harbour"}, "annotations": {"example.com/owner": "me"}, "launchStage": "BETA",
        "binaryAuthorization": {"useDefault": true, "breakglassJustification": "once"},
        "template": {
            "labels": {"part": "nightly"}, "annotations": {"example.com/part": "nightly"}, "taskCount": 4, "parallelism": 2,
            "template": {
                "timeout": "90s", "maxRetries": 0, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
                "encryptionKey": "projects/p/locations/l/keyRings/r/cryptoKeys/k", "gpuZonalRedundancyDisabled": true,
                "nodeSelector": {"accelerator": "nvidia-l4"},
                "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n", "subnetwork": "s", "tags": ["t"]}]},
                "containers": [
                    {"name": "app", "image": "gcr.io/harbour-dev/app", "args": ["a", "--b=c"], "command": ["run"], "workingDir": "/srv",
                        "dependsOn": ["side"],
                        "env": [{"name": "A", "value": "yes: #1"},
                            {"name": "P", "valueSource": {"secretKeyRef": {"secret": "db", "version": "latest"}}},
                            {"name": "Q", "valueSource": {"secretKeyRef": {"secret": "projects/222222222222/secrets/far", "version": "1"}}}],
                        "resources": {"limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}},
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "key", "mountPath": "/key"},
                            {"name": "nfs", "mountPath": "/nfs"}, {"name": "sql", "mountPath": "/cloudsql"}]},
                    {"name": "side", "image": "gcr.io/harbour-dev/side", "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
                        "startupProbe": {"tcpSocket": {"port": 7000}, "failureThreshold": 2}}],
                "volumes": [
                    {"name": "data", "gcs": {"bucket": "b", "readOnly": true, "mountOptions": ["uid=1", "implicit-dirs"]}},
                    {"name": "key", "secret": {"secret": "db", "defaultMode": 292, "items": [{"path": "k", "version": "1", "mode": 256}]}},
                    {"name": "nfs", "nfs": {"server": "10.0.0.1", "path": "/x", "readOnly": true}},
                    {"name": "sql", "cloudSqlInstance": {"instances": ["p:r:a"]}},
                    {"name": "spare", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}}]}}
    }"##;

/// A world with the images, secrets and projects that it speaks of, and it as a file.
pub fn everything() -> Scene {
    let mut scene = scene();
    scene.cloud.world(|world| {
        world.push_image("gcr.io/harbour-dev/side:latest");
        world.add_project("bank", "222222222222");
        for (project, secret) in [("harbour-dev", "db"), ("bank", "far")] {
            world.add_secret(project, secret, "x");
            world.share_secret(project, secret, World::COMPUTE);
        }
    });
    scene.file("job.json", JOB).input("manifest", "job.json");
    scene
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.push_image("gcr.io/harbour-dev/app:latest"));
    scene.input("service", "").input("source", "").input("job", "nightly").input("run", "false");
    scene.input("skip_default_labels", "true");
    scene
}

/// The job's configuration without what every write brings.
pub fn config(scene: &Scene, region: &str) -> Value {
    let mut config =
        scene.cloud.world(|world| Value::Object(world.job(region, "nightly").expect("a job").config.clone()));
    for place in ["", "/template"] {
        let part = config.pointer_mut(place).and_then(Value::as_object_mut).unwrap();
        part.retain(|name, _| !["client", "clientVersion"].contains(&name.as_str()));
        if let Some(notes) = part.get_mut("annotations").and_then(Value::as_object_mut) {
            notes.remove("slipway.dev/run");
        }
        part.retain(|_, value| *value != json!({}));
    }
    config
}

const KNATIVE: &str = "
apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: nightly
  namespace: '123'
  labels: {cloud.googleapis.com/location: us-central1, team: data}
  annotations: {run.googleapis.com/client-name: gcloud, run.googleapis.com/creator: me}
spec:
  startExecutionToken: of-long-ago
  template:
    metadata:
      annotations: {run.googleapis.com/execution-environment: gen2, run.googleapis.com/cloudsql-instances: p:r:a}
    spec:
      taskCount: 3
      template:
        spec:
          containers:
          - image: gcr.io/harbour-dev/app
            env: [{name: A, value: yes}, {name: B, value: 1.10}]
            resources: {limits: {cpu: 1000m, memory: 512Mi}}
          maxRetries: 0
          timeoutSeconds: '600'
";

#[test]
fn a_job_as_gcloud_exports_it_is_the_base_and_inputs_are_applied_over_it() {
    let mut scene = scene();
    scene.file("job.yaml", KNATIVE).input("manifest", "job.yaml").input("env_vars", "B: mine").input("run", "true");
    let run = scene.command(&["job"]).expect(0);
    let config = config(&scene, "us-central1");
    assert_eq!(config["labels"], json!({"team": "data"}));
    assert_eq!(config.get("startExecutionToken"), None);
    let execution = &config["template"];
    assert_eq!(execution["taskCount"], 3);
    let task = &execution["template"];
    assert_eq!((&task["maxRetries"], &task["timeout"]), (&json!(0), &json!("600s")));
    let container = &task["containers"][0];
    assert_eq!(container["image"], "gcr.io/harbour-dev/app", "the image of the file");
    assert_eq!(container["env"], json!([{"name": "A", "value": "yes"}, {"name": "B", "value": "mine"}]));
    assert_eq!(container["volumeMounts"], json!([{"name": "cloudsql", "mountPath": "/cloudsql"}]));
    assert_eq!(run.outputs["succeeded_count"], "3");
    // What the file does not say is not kept.
    scene.input("env_vars", "").input("tasks", "1").command(&["job"]).expect(0);
    let after = self::config(&scene, "us-central1");
    assert_eq!(after["template"]["taskCount"], 1, "the input comes over the file");
    assert_eq!(after["template"]["template"]["containers"][0]["env"][1]["value"], "1.10");
}

#[test]
fn what_protects_a_job_stays_until_the_file_says_that_it_goes() {
    let mut scene = everything();
    scene.command(&["job"]).expect(0);
    scene.file("job.yaml", KNATIVE).input("manifest", "job.yaml").input("dry_run", "true");
    let plan = scene.command(&["job"]).expect(0);
    plan.says(
        "Kept, because the manifest does not mention it: `binaryAuthorization`, `template.template.encryptionKey`",
    );
    plan.says("- removes ");
    scene.input("dry_run", "").command(&["job"]).expect(0);
    let after = config(&scene, "us-central1");
    assert_eq!(after["binaryAuthorization"]["useDefault"], true);
    assert_eq!(after["template"]["template"]["encryptionKey"], "projects/p/locations/l/keyRings/r/cryptoKeys/k");
    assert_eq!(after["template"]["template"].get("volumes").map(|list| list.as_array().unwrap().len()), Some(1));
    let gone =
        KNATIVE.replace("{run.googleapis.com/client-name: gcloud,", "{run.googleapis.com/binary-authorization: '',");
    let gone =
        gone.replace("{run.googleapis.com/execution-environment: gen2,", "{run.googleapis.com/encryption-key: '',");
    scene.file("job.yaml", gone).command(&["job"]).expect(0);
    let after = config(&scene, "us-central1");
    assert_eq!((after.get("binaryAuthorization"), after["template"]["template"].get("encryptionKey")), (None, None));
}

#[test]
fn mistakes_in_the_file_of_a_job_are_told_before_anything_is_sent() {
    let mut scene = scene();
    for (text, says) in [
        ("template: {containers: []}", "line 1: template.containers: this is not understood"),
        ("template: {template: {time_out: 5s}}", "did you mean `timeout`?"),
        (
            "template: {template: {containers: [{name: a}]}}",
            "its container has no image; write it there, or give `image`",
        ),
        (
            "apiVersion: serving.knative.dev/v1\nkind: Service",
            "line 2: it describes a service; `slipway deploy` takes it",
        ),
        (
            "apiVersion: batch/v1\nkind: Job",
            "a `Job` of `batch/v1` is not read here; write `apiVersion: run.googleapis.com/v1`",
        ),
        (
            &KNATIVE.replace("taskCount: 3", "backoffLimit: 3"),
            "line 15: spec.template.spec.backoffLimit: this is not understood",
        ),
        (
            &KNATIVE.replace("run.googleapis.com/creator: me", "autoscaling.knative.dev/maxScale: 5"),
            "metadata.annotations[autoscaling.knative.dev/maxScale]: a job has no such setting in this form; remove it",
        ),
        (
            &KNATIVE.replace("run.googleapis.com/creator: me", "run.googleapis.com/new: x"),
            "look at its spelling; or write the job in the v2 API's form; or remove it",
        ),
    ] {
        scene.file("job.yaml", text).input("manifest", "job.yaml");
        scene.command(&["job"]).expect(2).says(says);
    }
    assert_eq!(scene.cloud.journal().len(), 0);
}
