//! A worker pool in a file, in either form.

use fakecloud::World;
use serde_json::{Value, json};

use crate::support::Scene;

/// A worker pool that says everything that one of the embedded cloud can say, and Knative's form as well.
const POOL: &str = r##"{
        "labels": {"team": "harbour"}, "annotations": {"example.com/owner": "me"}, "description": "all of it", "launchStage": "BETA",
        "binaryAuthorization": {"useDefault": true, "breakglassJustification": "once"}, "scaling": {"manualInstanceCount": 3},
        "template": {
            "labels": {"part": "mail"}, "annotations": {"example.com/part": "mail"}, "serviceMesh": {"mesh": "m"},
            "encryptionKey": "projects/p/locations/l/keyRings/r/cryptoKeys/k", "encryptionKeyRevocationAction": "SHUTDOWN",
            "encryptionKeyShutdownDuration": "7200s", "gpuZonalRedundancyDisabled": true, "nodeSelector": {"accelerator": "nvidia-l4"},
            "vpcAccess": {"egress": "ALL_TRAFFIC", "networkInterfaces": [{"network": "n", "subnetwork": "s", "tags": ["t"]}]},
            "containers": [{"name": "app", "image": "x", "args": ["a"], "command": ["run"], "workingDir": "/srv",
                "env": [{"name": "A", "value": "yes: #1"},
                    {"name": "P", "valueSource": {"secretKeyRef": {"secret": "db", "version": "latest"}}}],
                "resources": {"limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "cloudsql", "mountPath": "/cloudsql"}]}],
            "volumes": [{"name": "data", "gcs": {"bucket": "b", "mountOptions": ["uid=1"]}},
                {"name": "spare", "emptyDir": {"medium": "MEMORY"}},
                {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:a", "p:r:b"]}}]}
    }"##;

/// A world with the image and the secret that it speaks of, and it as a file.
pub fn everything() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.push_image("gcr.io/harbour-dev/app:latest");
        world.add_secret(World::PROJECT, "db", "x");
        world.share_secret(World::PROJECT, "db", World::COMPUTE);
    });
    scene.input("kind", "worker-pool").input("source", "").input("image", "gcr.io/harbour-dev/app");
    scene.input("skip_default_labels", "true").file("pool.json", POOL).input("manifest", "pool.json");
    scene
}

/// The pool's configuration without what every deploy writes.
pub fn config(scene: &Scene, region: &str) -> Value {
    let config = scene.cloud.world(|world| Value::Object(world.worker_pool(region, "web").unwrap().config.clone()));
    super::round_trip::settings(config)
}

const KNATIVE: &str = "
apiVersion: run.googleapis.com/v1
kind: WorkerPool
metadata:
  name: web
  labels: {cloud.googleapis.com/location: us-central1}
  annotations: {run.googleapis.com/scalingMode: manual, run.googleapis.com/manualInstanceCount: '5', run.googleapis.com/launch-stage: BETA}
spec:
  template:
    spec:
      containers:
      - image: PLACEHOLDER
        resources: {limits: {cpu: 1000m, memory: 1Gi}}
  instanceSplits: [{revisionName: web-1, percent: 100}]
";

#[test]
fn a_worker_pool_as_gcloud_exports_it_is_the_base_and_what_protects_it_stays() {
    let mut scene = everything();
    scene.run().expect(0);
    scene.file("pool.yaml", KNATIVE).input("manifest", "pool.yaml").input("env_vars", "QUEUE: mail");
    let run = scene.run().expect(0);
    run.says("its `instanceSplits` are left out; the pool keeps those it has");
    let after = config(&scene, "us-central1");
    assert_eq!((&after["scaling"], after.get("description")), (&json!({"manualInstanceCount": 5}), None));
    assert_eq!(after["binaryAuthorization"]["useDefault"], true);
    assert_eq!(after["template"]["encryptionKey"], "projects/p/locations/l/keyRings/r/cryptoKeys/k");
    let container = &after["template"]["containers"][0];
    assert_eq!(container["env"], json!([{"name": "QUEUE", "value": "mail"}]));
    assert_eq!(container["resources"], json!({"limits": {"cpu": "1000m", "memory": "1Gi"}}));
    scene.input("instances", "7").run().expect(0);
    assert_eq!(
        config(&scene, "us-central1")["scaling"],
        json!({"manualInstanceCount": 7}),
        "the input comes over the file"
    );
}

#[test]
fn mistakes_in_the_file_of_a_pool_are_told_before_anything_is_sent() {
    let mut scene = everything();
    for (text, says) in [
        ("template: {timeout: 5s}", "line 1: template.timeout: this is not understood"),
        (
            "apiVersion: serving.knative.dev/v1\nkind: Service",
            "line 2: it describes a service; `slipway deploy` takes it, without `kind`",
        ),
        (&KNATIVE.replace("scalingMode: manual", "scalingMode: automatic"), "a worker pool has no other than `manual`"),
        (
            &KNATIVE.replace("    spec:\n", "    spec:\n      containerConcurrency: 80\n"),
            "a worker pool gets no requests; remove it",
        ),
    ] {
        scene.file("pool.yaml", text).input("manifest", "pool.yaml");
        scene.run().expect(2).says(says);
    }
    assert_eq!(scene.cloud.journal().len(), 0);
}
