//! A service that does not exist yet.

use fakecloud::World;

use crate::support::{SHA, Scene};

#[test]
fn a_new_service_is_built_deployed_and_serves() {
    let mut scene = Scene::new();
    scene
        .input("env_vars", "ENVIRONMENT: staging")
        .input("allow_unauthenticated", "true")
        .input("health_path", "/health");
    let run = scene.run().expect(0);
    insta::assert_snapshot!("first_deploy_log", run.log());
    insta::assert_snapshot!("first_deploy_summary", run.summary());
    scene.cloud.world(|world| {
        assert_eq!(world.count("build created"), 1);
        assert_eq!(world.count("revision created"), 1);
        let service = world.service("us-central1", "web").unwrap();
        let template = &service.config["template"];
        assert_eq!(template["containers"][0]["env"], serde_json::json!([{"name": "ENVIRONMENT", "value": "staging"}]));
        let image = template["containers"][0]["image"].as_str().unwrap();
        assert!(image.starts_with("gcr.io/harbour-dev/web@sha256:"), "{image}");
        assert_eq!(service.config["labels"]["commit-sha"], SHA);
        assert_eq!(run.outputs["image"], image);
    });
    assert_eq!(run.outputs["result"], "deployed");
    assert_eq!(
        run.outputs["url"],
        scene.cloud.world(|world| world.service("us-central1", "web").unwrap().uri().to_owned())
    );
    assert!(run.outputs["revision"].starts_with("web-0f0f0f0-"));
    assert!(!run.outputs.contains_key("previous_revision"));
    assert_eq!(run.state["build_over"], "true");
}

#[test]
fn the_ages_of_its_secrets_are_looked_at() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_secret(World::PROJECT, "db-password", "payload");
        world.share_secret(World::PROJECT, "db-password", World::COMPUTE);
        let role = "roles/secretmanager.secretVersionManager";
        world.grant_on_secret(World::PROJECT, "db-password", World::DEPLOYER, role);
        "2026-01-01T00:00:00Z".clone_into(&mut world.secret_mut("db-password").unwrap().versions[0].created);
    });
    scene.input("secrets", "DB_PASSWORD: db-password:1");
    scene.run().expect(0).says("Version 1 of secret `db-password` is ").says("should be replaced after 180 days");
}
