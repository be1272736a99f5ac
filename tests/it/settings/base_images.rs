//! Services that Google builds, from a source and on a base image: what becomes of that when another image comes.

use fakecloud::{Page, RevisionScript, Site};
use serde_json::{Value, json};

use crate::support::Scene;

const BASE: &str = "us-central1-docker.pkg.dev/serverless-runtimes/google-22/runtimes/nodejs22";

fn service(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone()))
}

/// A service as `gcloud run deploy --function` leaves it.
fn function() -> Scene {
    let scene = Scene::deployed();
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().unwrap();
        service.config.insert("buildConfig".into(), build());
        service.config["template"]["containers"][0]["baseImageUri"] = BASE.into();
        service.config["template"]["containers"][0]["sourceCode"] =
            json!({"cloudStorageSource": {"bucket": "b", "object": "o"}});
    });
    scene
}

fn build() -> Value {
    json!({"functionTarget": "hello", "sourceLocation": "gs://b/o", "imageUri": "us-docker.pkg.dev/harbour-dev/run/web", "baseImage": BASE, "enableAutomaticUpdates": true})
}

/// The base image, the container's source, and the service's build.
fn enrolment(scene: &Scene) -> [Value; 3] {
    let service = service(scene);
    let container = &service["template"]["containers"][0];
    [&container["baseImageUri"], &container["sourceCode"], &service["buildConfig"]].map(Clone::clone)
}

#[test]
fn the_image_of_a_dockerfile_ends_it() {
    let mut scene = function();
    let plan = scene.input("dry_run", "true").run().expect(0);
    for run in [&plan, &scene.input("dry_run", "").run().expect(0)] {
        run.says("Besides what the inputs name: `baseImageUri` goes, which is us-central1-docker.pkg.dev/serverless-runtimes");
        run.says("Besides what the inputs name: `buildConfig` goes: the new image does not come from that build");
        run.says("Besides what the inputs name: `sourceCode` goes");
    }
    plan.says("removes base_image").says("removes buildConfig.functionTarget");
    assert_eq!(enrolment(&scene), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn a_candidate_that_fails_leaves_the_services_build_as_it_was() {
    let mut scene = function();
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::answering(Site::always(Page::status(500))));
    });
    scene.input("health_path", "/health").input("health_timeout", "1s").run().expect(9);
    assert_eq!(service(&scene)["buildConfig"], build());
}

#[test]
fn an_image_from_scratch_keeps_the_base_it_needs() {
    let mut scene = function();
    scene.file("app/Dockerfile", "FROM golang AS make\nRUN true\nFROM scratch\nCOPY --from=make /app /app\n");
    let run = scene.run().expect(0);
    run.says(
        "`baseImageUri` stays, which is us-central1-docker.pkg.dev/serverless-runtimes/google-22/runtimes/nodejs22",
    );
    assert_eq!(enrolment(&scene)[0], BASE);
}

#[test]
fn what_an_image_from_elsewhere_has_inside_is_not_known() {
    let mut scene = function();
    scene.cloud.world(|world| world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/tool:v1"));
    scene.input("source", "").input("image", "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1");
    scene.run().expect(0).says("`baseImageUri` stays").says("so it must have no base inside");
    assert_eq!(enrolment(&scene), [json!(BASE), Value::Null, build()]);
}

#[test]
fn buildpacks_of_ours_bring_their_base() {
    let mut scene = function();
    std::fs::remove_file(scene.workspace().join("app/Dockerfile")).unwrap();
    scene.file("app/package.json", "{}").run().expect(0).says("`baseImageUri` goes");
    assert_eq!(enrolment(&scene), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn an_image_for_a_sidecar_leaves_the_services_build_alone() {
    let mut scene = function();
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().unwrap();
        let containers = service.config["template"]["containers"].as_array_mut().unwrap();
        containers[0]["name"] = "app".into();
        let proxy = json!({"name": "proxy", "image": containers[0]["image"], "baseImageUri": BASE, "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}});
        containers.push(proxy);
    });
    scene.input("container", "proxy").run().expect(0).says("`containers[proxy].baseImageUri` goes");
    assert_eq!(enrolment(&scene)[0], BASE);
    assert_eq!(service(&scene)["buildConfig"], build());
}
