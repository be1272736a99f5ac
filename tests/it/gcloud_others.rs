//! What the real `gcloud` exports of jobs and worker pools, given to us, written by us, and given back to it: the difference
//! is empty. gcloud's documents are kept as it wrote them, and nobody but us turns them into v2's form and back.

use fakecloud::World;
use serde_json::{Value, json};

use crate::gcloud::{Gcloud, settings};
use crate::support::Scene;
use crate::support::keeper::Keeper;

const IMAGE: &str = "gcr.io/harbour-dev/app";

/// Notes of Google and of gcloud, which no document of ours has; and the environment of jobs, which is the second one
/// whether a document says so or not.
const NOTES: [&str; 10] = [
    "run.googleapis.com/execution-environment",
    "run.googleapis.com/client-name",
    "run.googleapis.com/client-version",
    "run.googleapis.com/creator",
    "run.googleapis.com/lastModifier",
    "run.googleapis.com/lastUpdatedTime",
    "run.googleapis.com/scalingMode",
    "client.knative.dev/nonce",
    "cloud.googleapis.com/location",
    "client.knative.dev/user-image",
];

/// What a document says: without what Google writes, and what says nothing.
fn said(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        // JSON in an annotation, and numbers of 64 bits.
        Value::String(text) => Some(match serde_json::from_str::<Value>(text) {
            Ok(inner) => inner,
            Err(_) => text.as_str().into(),
        }),
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(said).collect();
            (!items.is_empty()).then(|| items.into())
        }
        Value::Object(fields) => {
            let of_google =
                ["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "status", "namespace"];
            let own = fields
                .iter()
                .filter(|(name, _)| !of_google.contains(&name.as_str()) && !NOTES.contains(&name.as_str()));
            let own: serde_json::Map<String, Value> =
                own.filter_map(|(name, value)| Some((name.clone(), said(value)?))).collect();
            (!own.is_empty()).then(|| own.into())
        }
        value => Some(value.clone()),
    }
}

fn prepare(scene: &Scene) {
    scene.cloud.world(|world| {
        world.push_image(&format!("{IMAGE}:latest"));
        world.add_secret(World::PROJECT, "db", "x");
        world.share_secret(World::PROJECT, "db", World::COMPUTE);
        let account = "x@harbour-dev.iam.gserviceaccount.com";
        world.add_account(World::PROJECT, account);
        world.share_secret(World::PROJECT, "db", account);
        world.grant(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountUser");
    });
}

/// Services that people make with gcloud.
const SERVICES: [(&str, &str); 9] = [
    ("plain", ""),
    ("words", "--set-env-vars ^@^A=yes@B=on@C=0o17@D=1_000@E=~@F=12:30@G=true@H=1.10 --labels a=no,b=on"),
    ("open", "--allow-unauthenticated --use-http2 --timeout 3600 --concurrency 1 --cpu-boost --no-cpu-throttling"),
    ("small", "--cpu 0.5 --memory 256Mi --concurrency 1 --max-instances 1 --min-instances 0"),
    (
        "gpu",
        "--gpu 1 --gpu-type nvidia-l4 --cpu 4 --memory 16Gi --no-cpu-throttling --max-instances 1 --no-gpu-zonal-redundancy",
    ),
    ("manual", "--scaling 3 --session-affinity --execution-environment gen1"),
    (
        "connected",
        "--vpc-connector c --vpc-egress private-ranges-only --service-account x@harbour-dev.iam.gserviceaccount.com",
    ),
    ("tagged", "--revision-suffix one --tag green"),
    (
        "two",
        "--container app --image gcr.io/harbour-dev/app --port 8080 --depends-on side --container side --image gcr.io/harbour-dev/app --memory 128Mi",
    ),
];

#[test]
#[ignore = "needs the real gcloud"]
fn every_export_of_a_service_deploys_as_it_is() {
    let mut scene = Scene::new();
    prepare(&scene);
    let gcloud = Gcloud::of(&scene);
    let exports = SERVICES.map(|(name, flags)| {
        let image = if name == "two" { String::new() } else { format!("--image {IMAGE} ") };
        let open = if flags.contains("allow-unauthenticated") { "" } else { "--no-allow-unauthenticated " };
        let line = format!("beta run deploy {name} {open}{image}{flags}");
        gcloud.run(line.trim());
        (name, gcloud.run(&format!("run services describe {name} --format export")))
    });
    let config = |scene: &Scene, name: &str| {
        settings(scene.cloud.world(|world| Value::Object(world.service("us-central1", name).unwrap().config.clone())))
    };
    scene.input("source", "").input("image", IMAGE).input("strategy", "direct").input("manifest", "theirs.yaml");
    for (name, export) in exports {
        let before = config(&scene, name);
        scene.file("theirs.yaml", &export).input("service", name).run().expect(0);
        assert_eq!(config(&scene, name), before, "{export}");
        let (ours, elsewhere) = (["export", "--to", "ours.yaml", "--format"], format!("{name}-2"));
        for name in ["image", "strategy", "manifest"] {
            scene.input(name, "");
        }
        let forms = ["v2", "knative"].map(|form| {
            scene.command(&[&ours[..], &[form]].concat()).expect(0);
            std::fs::read_to_string(scene.workspace().join("ours.yaml")).unwrap()
        });
        scene.input("image", IMAGE).input("strategy", "direct").input("manifest", "theirs.yaml");
        for form in forms {
            scene.file("theirs.yaml", &form).input("service", &elsewhere).run().expect(0);
            let mut after = config(&scene, &elsewhere);
            after["traffic"] = before["traffic"].clone();
            assert_eq!(after, before, "{form}");
        }
    }
}

#[test]
#[ignore = "needs the real gcloud"]
fn the_export_of_a_job_comes_back_as_it_was() {
    let mut scene = Scene::new();
    prepare(&scene);
    let keeper = Keeper::new();
    let export = {
        let gcloud = Gcloud::asking(&scene, Some(keeper.address.clone()));
        gcloud.run(&format!(
            "beta run jobs create nightly --image {IMAGE} --set-env-vars A=1,B=yes --set-secrets TOKEN=db:latest,/key/file=db:1 \
             --labels team=data --tasks 4 --parallelism 2 --max-retries 0 --task-timeout 10m --memory 1Gi --cpu 2 \
             --service-account x@harbour-dev.iam.gserviceaccount.com --set-cloudsql-instances harbour-dev:us-central1:main \
             --network default --subnet default --network-tags allow-db --vpc-egress all-traffic \
             --binary-authorization default --breakglass once \
             --key projects/harbour-dev/locations/us-central1/keyRings/r/cryptoKeys/k --args=a,--b=c --command run \
             --add-volume name=data,type=cloud-storage,bucket=shop-data,readonly=true --add-volume-mount volume=data,mount-path=/data \
             --add-volume name=shared,type=nfs,location=10.0.0.1:/x --add-volume-mount volume=shared,mount-path=/shared \
             --add-volume name=fast,type=in-memory,size-limit=1Gi"
        ).split_whitespace().collect::<Vec<_>>().join(" "));
        gcloud.run("run jobs describe nightly --format export")
    };
    // gcloud writes a text that it would itself read as a truth.
    assert!(export.contains("value: yes"), "{export}");
    let before = said(&keeper.document("jobs/nightly"));
    scene.file("theirs.yaml", &export).input("service", "").input("source", "").input("job", "nightly");
    scene.input("run", "false").input("skip_default_labels", "true").input("manifest", "theirs.yaml");
    scene.command(&["job"]).expect(0);
    for name in ["run", "skip_default_labels", "manifest"] {
        scene.input(name, "");
    }
    scene.command(&["export", "--format", "knative", "--to", "ours.yaml"]).expect(0);
    let gcloud = Gcloud::asking(&scene, Some(keeper.address.clone()));
    gcloud.run("beta run jobs replace ours.yaml");
    assert_eq!(said(&keeper.document("jobs/nightly")), before);
}

/// Deploying a pool speaks gRPC, which is not heard here: gcloud reads this, writes it, and exports what it wrote.
const POOL: &str = "
apiVersion: run.googleapis.com/v1
kind: WorkerPool
metadata:
  name: web
  labels: {team: data}
  annotations:
    run.googleapis.com/manualInstanceCount: '3'
    run.googleapis.com/scalingMode: manual
    run.googleapis.com/description: all of it
    run.googleapis.com/binary-authorization: default
spec:
  template:
    metadata:
      labels: {part: mail}
      annotations:
        run.googleapis.com/encryption-key: projects/harbour-dev/locations/us-central1/keyRings/r/cryptoKeys/k
        run.googleapis.com/encryption-key-shutdown-hours: '2'
        run.googleapis.com/post-key-revocation-action-type: shut-down
        run.googleapis.com/network-interfaces: '[{\"network\": \"default\", \"subnetwork\": \"default\", \"tags\": [\"t\"]}]'
        run.googleapis.com/vpc-access-egress: all-traffic
        run.googleapis.com/cloudsql-instances: harbour-dev:us-central1:main
    spec:
      serviceAccountName: x@harbour-dev.iam.gserviceaccount.com
      containers:
      - image: gcr.io/harbour-dev/app
        args: [a]
        command: [run]
        env:
        - {name: A, value: '1'}
        - name: TOKEN
          valueFrom: {secretKeyRef: {name: db, key: latest}}
        resources: {limits: {cpu: '2', memory: 1Gi}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes:
      - name: data
        csi: {driver: gcsfuse.run.googleapis.com, readOnly: true, volumeAttributes: {bucketName: shop-data}}
      - name: spare
        emptyDir: {medium: Memory, sizeLimit: 1Gi}
";

#[test]
#[ignore = "needs the real gcloud"]
fn the_export_of_a_worker_pool_comes_back_as_it_was() {
    let mut scene = Scene::new();
    prepare(&scene);
    let keeper = Keeper::new();
    scene.file("pool.yaml", POOL);
    let export = {
        let gcloud = Gcloud::asking(&scene, Some(keeper.address.clone()));
        gcloud.run("beta run worker-pools replace pool.yaml");
        gcloud.run("beta run worker-pools describe web --format export")
    };
    let before = said(&keeper.document("workerpools/web"));
    assert_eq!(before.as_ref().map(|pool| &pool["kind"]), Some(&json!("WorkerPool")));
    scene.file("theirs.yaml", &export).input("kind", "worker-pool").input("source", "").input("image", IMAGE);
    scene.input("skip_default_labels", "true").input("manifest", "theirs.yaml").run().expect(0);
    for name in ["image", "skip_default_labels", "manifest"] {
        scene.input(name, "");
    }
    scene.command(&["export", "--format", "knative", "--to", "ours.yaml"]).expect(0);
    let gcloud = Gcloud::asking(&scene, Some(keeper.address.clone()));
    gcloud.run("beta run worker-pools replace ours.yaml");
    assert_eq!(said(&keeper.document("workerpools/web")), before);
}
