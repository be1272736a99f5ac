//! Worker pools: built and deployed like services, judged by their revision, asked by nobody.

use fakecloud::{RevisionOutcome, RevisionScript};
use serde_json::{Value, json};

use crate::support::Scene;

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.input("kind", "worker-pool").input("instances", "3").input("memory", "1Gi").input("env_vars", "QUEUE: mail");
    scene
}

fn pool(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.worker_pool("us-central1", "web").unwrap().config.clone()))
}

#[test]
fn a_worker_pool_is_built_and_deployed_by_digest() {
    let mut scene = scene();
    let run = scene.run().expect(0);
    insta::assert_snapshot!("worker_pool_log", run.log().split("✓ Build").nth(1).unwrap());
    let config = pool(&scene);
    assert_eq!(config["scaling"], json!({"manualInstanceCount": 3}));
    let container = &config["template"]["containers"][0];
    assert_eq!(container["image"], run.outputs["image"]);
    assert_eq!(container["env"], json!([{"name": "QUEUE", "value": "mail"}]));
    assert!(!run.outputs.contains_key("url"));
    // What is not named stays.
    scene.input("instances", "").input("memory", "").input("env_vars", "OTHER: 1").run().expect(0);
    let config = pool(&scene);
    assert_eq!(config["scaling"], json!({"manualInstanceCount": 3}));
    assert_eq!(config["template"]["containers"][0]["resources"]["limits"]["memory"], "1Gi");
    scene.cloud.world(|world| {
        assert_eq!((world.count("worker pool created"), world.services.len()), (1, 0));
    });
}

#[test]
fn a_revision_that_does_not_start_fails_the_run() {
    let mut scene = scene();
    scene.run().expect(0);
    let before = pool(&scene)["template"]["revision"].clone();
    scene.cloud.world(|world| {
        world.grant("harbour-dev", fakecloud::World::DEPLOYER, "roles/logging.viewer");
        let mut script = RevisionScript::ending(RevisionOutcome::DoesNotListen);
        script.log = vec!["no such queue: mail".into()];
        world.next_revisions.push_back(script);
    });
    let run = scene.input("env_vars", "BAD: 1").run().expect(8);
    run.says("no such queue: mail");
    run.says("of worker pool `web` did not become ready");
    assert_ne!(pool(&scene)["template"]["revision"], before);
    assert_eq!(run.outputs["result"], "failed");
}

#[test]
fn a_plan_of_a_worker_pool_changes_nothing() {
    let mut scene = scene();
    scene.input("dry_run", "true").run().expect(0).says("Nothing was changed");
    scene.cloud.world(|world| assert_eq!(world.count("worker pool created"), 0));
}

#[test]
fn what_is_about_requests_is_refused() {
    let mut scene = scene();
    scene
        .input("port", "80")
        .input("health_path", "/")
        .input("strategy", "canary")
        .input("allow_unauthenticated", "true");
    let run = scene.run().expect(2);
    for name in ["port", "health_path", "strategy", "allow_unauthenticated"] {
        run.says(&format!("* {name}: it is not for worker pools"));
    }
    let mut scene = Scene::new();
    scene.input("instances", "2").run().expect(2).says("a service has as many as its requests need");
    assert_eq!(scene.cloud.journal().len(), 0);
}
