//! Manifests of services that are parts of a release, and of its previews.

use serde_json::{Value, json};

use crate::preview::{event, scene};
use crate::support::Scene;

const SERVICE: &str = "
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: backend, annotations: {run.googleapis.com/minScale: 3}}
spec:
  template:
    metadata: {name: backend-v7, annotations: {autoscaling.knative.dev/minScale: 2}}
    spec: {containerConcurrency: 40, containers: [{image: x}]}
";

/// Both parts are live; the backend has a manifest now, and the service an audience that it does not mention.
fn with_manifest() -> Scene {
    let mut scene = scene();
    scene.cloud.world(|world| {
        let backend = world.services.values_mut().find(|service| service.name.ends_with("/backend")).unwrap();
        backend.config.insert("customAudiences".into(), json!(["a"]));
    });
    let parts = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    let parts = parts.replace("    min_instances: 1\n", "    manifest: service.yaml\n");
    scene.file("slipway.yml", parts.replace("    health_path: /health\n", "")).file("service.yaml", SERVICE);
    scene
}

fn config(scene: &Scene, service: &str) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", service).unwrap().config.clone()))
}

fn revisions(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.revisions.iter().map(|revision| revision.name.clone()).collect())
}

#[test]
fn a_preview_takes_neither_the_name_nor_the_warm_instances_of_the_release() {
    let mut scene = with_manifest();
    scene.command(&["preview"]).expect(0);
    let template = config(&scene, "backend-pr-7")["template"].clone();
    assert_eq!(template["maxInstanceRequestConcurrency"], 40, "the manifest is the base");
    assert_eq!(template["scaling"]["minInstanceCount"].as_u64().unwrap_or_default(), 0);
    assert!(!revisions(&scene).contains(&"backend-v7".to_owned()), "{:?}", revisions(&scene));
    assert_eq!(config(&scene, "backend")["customAudiences"], json!(["a"]));

    event(&mut scene, "closed", "o/r");
    scene.command(&["release"]).expect(0);
    assert!(revisions(&scene).contains(&"backend-v7".to_owned()), "{:?}", revisions(&scene));
    let backend = config(&scene, "backend");
    assert_eq!((&backend["customAudiences"], &backend["scaling"]), (&json!(["a"]), &json!({"minInstanceCount": 3})));
    assert_eq!(backend["template"]["scaling"]["minInstanceCount"], 2);
}

#[test]
fn a_preview_of_its_own_keeps_no_instances_warm() {
    let mut scene = with_manifest();
    scene.input("preview_service", "true");
    scene.command(&["preview"]).expect(0);
    let own = config(&scene, "backend-pr-7");
    assert_eq!(own["template"]["maxInstanceRequestConcurrency"], 40);
    assert_eq!(own["scaling"]["minInstanceCount"].as_u64().unwrap_or_default(), 0);
    assert_eq!(own["template"]["scaling"]["minInstanceCount"].as_u64().unwrap_or_default(), 0);
}
