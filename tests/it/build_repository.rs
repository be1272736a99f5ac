//! Where a built image is pushed to: where the user said, else where the service's own images are.

use fakecloud::World;

use crate::support::Scene;

/// A service that runs an image, and a build that names no repository.
fn running(image: &str) -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_repository("harbour-dev", "us-central1", "apps");
        world.add_repository("cloudrun", "us", "container");
        world.push_image(image).expect("an image");
        world.grant("harbour-dev", World::DEPLOYER, "roles/artifactregistry.reader");
    });
    scene.input("source", "").input("image", image);
    scene.run().expect(0);
    scene.input("source", "app").input("image", "");
    scene
}

#[test]
fn a_service_keeps_the_repository_of_its_image() {
    let mut scene = running("us-central1-docker.pkg.dev/harbour-dev/apps/web:v1");
    let kept = "us-central1-docker.pkg.dev/harbour-dev/apps/web@";
    let plan = scene.input("dry_run", "true").run().expect(0);
    plan.says(
        "pushed to the repository of the service's image (`gcr.io/harbour-dev/web` while it has none of its own)",
    );
    plan.says(kept);
    let run = scene.input("dry_run", "").run().expect(0);
    assert!(run.outputs["image"].starts_with(kept), "{}", run.outputs["image"]);
    run.says("The image goes to `us-central1-docker.pkg.dev/harbour-dev/apps/web`, where the service's image is");
    // A named one wins.
    scene.input("image", "gcr.io/harbour-dev/other");
    let run = scene.run().expect(0);
    assert!(run.outputs["image"].starts_with("gcr.io/harbour-dev/other@"));
}

#[test]
fn a_placeholder_or_another_services_image_is_not_the_services_own() {
    for image in ["us-central1-docker.pkg.dev/harbour-dev/apps/hello:v1", "gcr.io/harbour-dev/staging-web:v1"] {
        let run = running(image).run().expect(0);
        assert!(run.outputs["image"].starts_with("gcr.io/harbour-dev/web@"), "{image}: {}", run.outputs["image"]);
    }
}

#[test]
fn a_worker_pool_keeps_its_repository_too() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.add_repository("harbour-dev", "us-central1", "apps"));
    scene.input("kind", "worker-pool").input("image", "us-central1-docker.pkg.dev/harbour-dev/apps/web");
    scene.run().expect(0);
    let run = scene.input("image", "").run().expect(0);
    assert!(run.outputs["image"].starts_with("us-central1-docker.pkg.dev/harbour-dev/apps/web@"));
}

#[test]
fn the_doctor_looks_where_the_next_deploy_would_push() {
    let mut scene = running("us-central1-docker.pkg.dev/harbour-dev/apps/web:v1");
    scene.input("source", "");
    scene.command(&["doctor"]).expect(0).says("repository `apps` in us-central1");
    let mut scene = Scene::new();
    scene.input("source", "").input("region", "asia-east1");
    scene.command(&["doctor"]).expect(0).says("repository `asia.gcr.io` in asia");
}

#[test]
fn a_new_service_gets_the_host_of_its_continent() {
    for (region, host) in [
        ("us-central1", "gcr.io"),
        ("southamerica-east1", "gcr.io"),
        ("europe-west1", "eu.gcr.io"),
        ("me-west1", "eu.gcr.io"),
        ("asia-northeast1", "asia.gcr.io"),
        ("australia-southeast1", "asia.gcr.io"),
    ] {
        let mut scene = Scene::new();
        let run = scene.input("region", region).run().expect(0);
        assert!(run.outputs["image"].starts_with(&format!("{host}/harbour-dev/web@")), "{}", run.outputs["image"]);
        run.says(&format!("(`{host}/harbour-dev/web` while it has none of its own)"));
    }
}
