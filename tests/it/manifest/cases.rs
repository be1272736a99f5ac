//! Manifests as people have them, and the service that each of them is.

use fakecloud::World;
use serde_json::{Value, json};

use crate::support::Scene;

/// A scene in which a service is deployed from a manifest, with images that exist.
fn scene(service: &str, region: &str, image: &str) -> Scene {
    let mut scene = Scene::new();
    scene.input("service", service).input("region", region).input("source", "").input("image", image);
    scene.input("skip_default_labels", "true").input("strategy", "direct");
    scene.cloud.world(|world| {
        for image in [image, "europe-west1-docker.pkg.dev/harbour-dev/app/collector:3"] {
            world.push_image(image);
        }
        let account = "desk@harbour-dev.iam.gserviceaccount.com";
        world.add_account("harbour-dev", account);
        world.grant("harbour-dev", World::DEPLOYER, "roles/run.admin");
        world.grant("harbour-dev", World::DEPLOYER, "roles/iam.serviceAccountUser");
    });
    scene
}

/// The service as it is configured, without what every deploy writes.
fn config(scene: &Scene, region: &str, name: &str) -> Value {
    let config = scene.cloud.world(|world| Value::Object(world.service(region, name).unwrap().config.clone()));
    super::round_trip::settings(config)
}

/// As `gcloud run services describe --format=export` writes it, of a service behind IAP.
const PROTECTED: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: desk
  labels:
    cloud.googleapis.com/location: europe-west1
    team: harbour
  annotations:
    run.googleapis.com/ingress: internal-and-cloud-load-balancing
    run.googleapis.com/iap-enabled: 'true'
    run.googleapis.com/default-url-disabled: 'true'
    run.googleapis.com/binary-authorization: default
    run.googleapis.com/custom-audiences: '[\"https://desk.example.com\"]'
    run.googleapis.com/scalingMode: manual
    run.googleapis.com/manualInstanceCount: '3'
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: '20'
        run.googleapis.com/cpu-throttling: 'false'
        run.googleapis.com/startup-cpu-boost: 'true'
        run.googleapis.com/cloudsql-instances: harbour-dev:europe-west1:main
    spec:
      containerConcurrency: 80
      timeoutSeconds: 300
      serviceAccountName: desk@harbour-dev.iam.gserviceaccount.com
      containers:
      - name: collector
        image: europe-west1-docker.pkg.dev/harbour-dev/app/collector:3
        resources: {limits: {cpu: 500m, memory: 256Mi}}
      - name: app
        image: europe-west1-docker.pkg.dev/harbour-dev/app/desk:7
        ports: [{name: http1, containerPort: 8080}]
        resources: {limits: {cpu: 1000m, memory: 512Mi}}
        readinessProbe: {httpGet: {path: /ready}, periodSeconds: 10}
        volumeMounts: [{name: files, mountPath: /data}]
      volumes:
      - name: files
        csi:
          driver: gcsfuse.run.googleapis.com
          volumeAttributes: {bucketName: desk-files, mountOptions: 'uid=1000,gid=1000,implicit-dirs'}
  traffic: [{latestRevision: true, percent: 100}]
";

#[test]
fn the_export_of_a_protected_service_leaves_it_as_it_is() {
    let mut scene = scene("desk", "europe-west1", "europe-west1-docker.pkg.dev/harbour-dev/app/desk:7");
    // The same service in the v2 API's form.
    let service = json!({
        "labels": {"team": "harbour"}, "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "iapEnabled": true,
        "defaultUriDisabled": true, "binaryAuthorization": {"useDefault": true},
        "customAudiences": ["https://desk.example.com"], "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 3},
        "template": {
            "scaling": {"maxInstanceCount": 20}, "maxInstanceRequestConcurrency": 80, "timeout": "300s",
            "serviceAccount": "desk@harbour-dev.iam.gserviceaccount.com",
            "volumes": [
                {"name": "files", "gcs": {"bucket": "desk-files", "mountOptions": ["uid=1000", "gid=1000", "implicit-dirs"]}},
                {"name": "cloudsql", "cloudSqlInstance": {"instances": ["harbour-dev:europe-west1:main"]}}],
            "containers": [
                {"name": "collector", "image": "europe-west1-docker.pkg.dev/harbour-dev/app/collector:3",
                    "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}}},
                {"name": "app", "image": "x", "ports": [{"name": "http1", "containerPort": 8080}],
                    "resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}, "startupCpuBoost": true},
                    "readinessProbe": {"httpGet": {"path": "/ready"}, "periodSeconds": 10},
                    "volumeMounts": [{"name": "files", "mountPath": "/data"}, {"name": "cloudsql", "mountPath": "/cloudsql"}]}]},
    });
    scene.file("service.json", service.to_string()).input("manifest", "service.json").run().expect(0);
    let before = config(&scene, "europe-west1", "desk");
    assert_eq!(before["template"]["containers"][1]["resources"].get("cpuIdle"), None, "always on");
    for strategy in ["direct", "candidate"] {
        scene.file("protected.yaml", PROTECTED).input("manifest", "protected.yaml").input("strategy", strategy);
        let run = scene.run().expect(0);
        assert_eq!(config(&scene, "europe-west1", "desk"), before, "{strategy}");
        assert!(!run.log().contains("left out"), "{}", run.log());
    }
    let plan = scene.input("strategy", "").command(&["plan"]).expect(0);
    let changes = plan.log().split("What would change").nth(1).unwrap().to_owned();
    assert!(!changes.contains("removes") && changes.lines().count() <= 3, "{changes}");
}

#[test]
fn a_gpu_comes_from_the_node_selector_and_from_nowhere_else() {
    let mut scene = scene("sketch", "us-central1", "gcr.io/harbour-dev/sketch:1");
    scene.file(
        "gpu.yaml",
        "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: sketch}
spec:
  template:
    metadata:
      annotations: {autoscaling.knative.dev/maxScale: 2}
    spec:
      nodeSelector: {run.googleapis.com/accelerator: nvidia-l4}
      containers:
      - image: gcr.io/harbour-dev/sketch:1
        resources: {limits: {cpu: '8', memory: 32Gi, nvidia.com/gpu: '1'}}
",
    );
    scene.input("manifest", "gpu.yaml").run().expect(0);
    let template = &config(&scene, "us-central1", "sketch")["template"];
    assert_eq!(template["nodeSelector"], json!({"accelerator": "nvidia-l4"}));
    assert_eq!(template["scaling"]["maxInstanceCount"], 2);
    let resources = &template["containers"][0]["resources"];
    assert_eq!(resources["limits"], json!({"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}));
    assert_eq!(resources.get("cpuIdle"), None, "a GPU takes CPU that is always on");
}

#[test]
fn a_secret_of_another_project_goes_by_its_alias() {
    let mut scene = scene("ledger", "us-central1", "gcr.io/harbour-dev/ledger:1");
    scene.cloud.world(|world| {
        world.add_project("bank", "222222222222");
        for _ in 0..3 {
            world.add_secret("bank", "db-password", "x");
        }
        world.share_secret("bank", "db-password", World::COMPUTE);
    });
    scene.file(
        "foreign-secret.yaml",
        "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: ledger}
spec:
  template:
    metadata:
      annotations: {run.googleapis.com/secrets: 'bank:projects/222222222222/secrets/db-password'}
    spec:
      containers:
      - image: gcr.io/harbour-dev/ledger:1
        env:
        - name: DB_PASSWORD
          valueFrom: {secretKeyRef: {name: bank, key: '3'}}
",
    );
    scene.input("manifest", "foreign-secret.yaml").run().expect(0);
    assert_eq!(
        config(&scene, "us-central1", "ledger")["template"]["containers"][0]["env"],
        json!([{"name": "DB_PASSWORD", "valueSource":
            {"secretKeyRef": {"secret": "projects/222222222222/secrets/db-password", "version": "3"}}}])
    );
}

#[test]
fn the_v2_form_is_written_as_it_stands() {
    let mut scene = scene("desk", "us-central1", "gcr.io/harbour-dev/desk:7");
    scene.file(
        "v2-protected.yaml",
        "
iapEnabled: true
defaultUriDisabled: true
binaryAuthorization: {useDefault: true}
template:
  containers:
  - image: gcr.io/harbour-dev/desk:7
",
    );
    for _ in ["a new service", "one that has them"] {
        scene.input("manifest", "v2-protected.yaml").run().expect(0);
        let config = config(&scene, "us-central1", "desk");
        assert_eq!((&config["iapEnabled"], &config["defaultUriDisabled"]), (&json!(true), &json!(true)));
        assert_eq!(config["binaryAuthorization"], json!({"useDefault": true}));
    }
}
