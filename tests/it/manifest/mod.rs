//! A service in a file, as the base of a deploy.

mod cases;
mod export;
mod jobs;
mod parts;
mod pools;
mod protections;
mod round_trip;

use serde_json::{Value, json};

use crate::support::Scene;

const KNATIVE: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  annotations: {run.googleapis.com/ingress: all, run.googleapis.com/client-name: gcloud}
spec:
  template:
    metadata:
      annotations: {autoscaling.knative.dev/maxScale: '7'}
    spec:
      containerConcurrency: 40
      containers:
      - name: proxy
        image: gcr.io/harbour-dev/proxy
        resources: {limits: {memory: 128Mi}}
      - name: app
        image: PLACEHOLDER
        ports: [{containerPort: 3000}]
        env: [{name: A, value: from the file}, {name: B, value: from the file}]
  traffic: [{revisionName: web-1, percent: 100}]
";

fn config(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone()))
}

#[test]
fn a_knative_service_is_the_base_and_inputs_are_applied_over_it() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.push_image("gcr.io/harbour-dev/proxy:latest"));
    scene.input("memory", "2Gi").run().expect(0);
    scene.file("service.yaml", KNATIVE);
    scene
        .input("memory", "")
        .input("manifest", "service.yaml")
        .input("container", "app")
        .input("env_vars", "B: from the input");
    let run = scene.run().expect(0);
    run.says("its `traffic` is left out; `strategy`, `tag` and `traffic` say who serves");
    let config = config(&scene);
    let template = &config["template"];
    assert_eq!(template["maxInstanceRequestConcurrency"], 40);
    assert_eq!(template["scaling"]["maxInstanceCount"], 7);
    assert_eq!(template["containers"][0]["image"], "gcr.io/harbour-dev/proxy");
    let app = &template["containers"][1];
    assert_eq!(app["image"], run.outputs["image"], "the built digest, in the named container");
    assert_eq!(app["env"], json!([{"name": "A", "value": "from the file"}, {"name": "B", "value": "from the input"}]));
    assert_eq!(app["ports"][0]["containerPort"], 3000);
    assert!(!template.to_string().contains("2Gi"), "what the file does not say is not kept: {template}");
    assert_eq!(config["traffic"], json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]));
    assert!(config["annotations"]["slipway.dev/serving"].is_string(), "the rollout's own note stays");
}

#[test]
fn a_service_in_the_v2_form_is_taken_as_it_is() {
    let mut scene = Scene::new();
    scene.file(
        "service.yaml",
        "template: {timeout: 90s, containers: [{ports: [{containerPort: 9000}]}]}\nlabels: {team: harbour}\n",
    );
    scene.input("manifest", "service.yaml").run().expect(0);
    let config = config(&scene);
    assert_eq!((&config["template"]["timeout"], &config["labels"]["team"]), (&json!("90s"), &json!("harbour")));
}

#[test]
fn mistakes_in_a_manifest_are_told_before_anything_is_sent() {
    let mut scene = Scene::new();
    for (text, says) in [
        ("a: [", "line 1: not YAML from here on"),
        ("- a", "it is a list, and must be a map"),
        ("labels: {}", "it has no `template`"),
        (
            "template: {containers: [{env: [{name: A, value: [yes]}]}]}",
            "template.containers[0].env[0].value: this is a list",
        ),
        ("template: {timout: 5s}", "line 1: template.timout: this is not understood"),
        ("template: {service_account: a}", "did you mean `serviceAccount`?"),
        ("template: {revision: other-1}", "`other-1` is no name of a revision of `web`; write web-SOMETHING"),
        (&KNATIVE.replace("containerConcurrency: 40", "hostNetwork: true"), "spec.template.spec.hostNetwork"),
    ] {
        scene.file("service.yaml", text).input("manifest", "service.yaml");
        scene.run().expect(2).says(says);
    }
    scene.input("manifest", "nothing.yaml").run().expect(2).says("cannot be read");
    assert_eq!(scene.cloud.journal().len(), 0);
}
