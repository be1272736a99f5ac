//! Regions that do not exist: found before anything is built, read or paid for, with the one that was meant.

use fakecloud::World;
use serde_json::json;

use crate::hosting::ROLE;
use crate::support::Scene;

const LIST: &str = "run.projects.locations.list";

/// Nothing was asked but the list, and nothing was changed.
fn only_listed(scene: &Scene) {
    let beside = scene.calls().into_iter().filter(|call| call != "iam.projects.serviceAccounts.keys.get");
    assert_eq!(beside.collect::<Vec<_>>(), [LIST]);
    scene.cloud.world(|world| assert!(world.effects.is_empty(), "{:?}", world.effects));
}

#[test]
fn a_deploy_into_no_region_is_refused_before_the_build_with_the_one_that_was_meant() {
    let mut scene = Scene::new();
    scene.input("region", "us-centrall");
    let run = scene.run().expect(2);
    insta::assert_snapshot!("no_such_region", run.failure());
    only_listed(&scene);
}

#[test]
fn every_command_refuses_it_alike() {
    for (arguments, inputs) in [
        (&["plan"][..], &[("region", "us-centrall")][..]),
        (&["deploy"], &[("regions", "us-east1, us-centrall")]),
        (&["deploy"], &[("build_region", "us-centrall")]),
        (&["deploy"], &[("image", "us-centrall-docker.pkg.dev/harbour-dev/app/web")]),
        (&["deploy"], &[("image", "us-centrall-docker.pkg.dev/harbour-dev/app/web:1"), ("source", "")]),
        (&["rollback"], &[("region", "us-centrall"), ("source", "")]),
        (&["promote"], &[("from_region", "us-centrall"), ("from_service", "web"), ("source", "")]),
        (&["status"], &[("region", "us-centrall"), ("source", "")]),
        (&["logs"], &[("region", "us-centrall"), ("source", "")]),
        (&["logs", "--build", "latest"], &[("build_region", "us-centrall"), ("source", "")]),
        (&["monitoring"], &[("region", "us-centrall"), ("source", "")]),
        (&["rotate-secret"], &[("region", "us-centrall"), ("secret", "db"), ("source", "")]),
        (
            &["job"],
            &[("region", "us-centrall"), ("job", "tidy"), ("image", "gcr.io/a/b:1"), ("service", ""), ("source", "")],
        ),
    ] {
        let mut scene = Scene::new();
        for (name, text) in inputs {
            scene.input(name, text);
        }
        let run = scene.command(arguments);
        assert_eq!(run.code, 2, "{arguments:?} {inputs:?}\n{}", run.log());
        run.says("us-centrall").says("Did you mean `us-central1`?");
        scene.cloud.world(|world| assert!(world.effects.is_empty(), "{arguments:?}: {:?}", world.effects));
    }
}

#[test]
fn the_doctor_says_the_same() {
    let mut scene = Scene::new();
    scene.input("source", "").input("region", "us-centrall").input("build_region", "eu-west-1");
    let run = scene.command(&["doctor"]).expect(2);
    run.says("region `us-centrall`").says("Did you mean `us-central1`?");
    run.says("region `eu-west-1`").says("Did you mean `europe-west1`?");
}

#[test]
fn a_release_pays_for_no_build_when_one_of_its_services_is_to_go_nowhere() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
    scene.input("service", "").input("source", "");
    scene.file("slipway.yml", "services:\n  one: { source: app }\n  two: { source: app, region: us-centrall }\n");
    scene.command(&["release"]).expect(2).says("two: ").says("Did you mean `us-central1`?");
    only_listed(&scene);
}

#[test]
fn a_rewrite_into_no_region_is_named() {
    let mut scene = crate::hosting::scene();
    let rewrites = json!([{"source": "/api", "run": {"serviceId": "api", "region": "us-centrall"}}]);
    scene.file("firebase.json", json!({"hosting": {"public": "dist", "rewrites": rewrites}}).to_string());
    let run = scene.command(&["hosting"]).expect(2);
    run.says("leads to service `api` in `us-centrall`").says("Did you mean `us-central1`?");
}

#[test]
fn a_region_that_is_newer_than_this_version_is_taken_from_googles_list() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.regions.insert("mars-north1".to_owned()));
    scene.input("region", "mars-north1").input("source", "").input("image", "gcr.io/cloudrun/hello");
    scene.run().expect(0);
    // Where the list may not be read, this version's own decides, and the way round is told.
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.locations.list"));
    scene.run().expect(2).says("`run.locations.list`").does_not_say("Did you mean");
}
