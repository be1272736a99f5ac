//! What the account may not do is found before anything changes, and named with the grant.

use fakecloud::{BuildAccount, World};

use crate::support::Scene;

fn nothing_changed(scene: &Scene) {
    scene.cloud.world(|world| assert!(world.effects.is_empty(), "{:?}", world.effects));
}

#[test]
fn a_missing_role_is_named_with_permission_principal_and_command() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.revoke("harbour-dev", World::DEPLOYER, "roles/cloudbuild.builds.editor"));
    let run = scene.run().expect(4);
    insta::assert_snapshot!("missing_role", run.failure());
    nothing_changed(&scene);
}

#[test]
fn every_role_is_needed_and_each_loss_is_noticed() {
    for (role, permission) in [
        ("roles/run.admin", "run.services"),
        ("roles/storage.admin", "storage."),
        ("roles/iam.serviceAccountUser", "iam.serviceAccounts.actAs"),
    ] {
        let scene = Scene::new();
        scene.cloud.world(|world| world.revoke("harbour-dev", World::DEPLOYER, role));
        let run = scene.run();
        assert_eq!(run.code, 4, "{role}\n{}", run.log());
        run.says(permission).says("gcloud ").says(World::DEPLOYER);
        nothing_changed(&scene);
    }
}

#[test]
fn a_grant_on_the_account_alone_is_enough() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        world.revoke("harbour-dev", World::DEPLOYER, "roles/iam.serviceAccountUser");
        let account = world.accounts.get_mut(World::COMPUTE).unwrap();
        account.policy.grant("roles/iam.serviceAccountUser", &format!("serviceAccount:{}", World::DEPLOYER));
    });
    scene.run().expect(0);
}

#[test]
fn a_disabled_api_is_named_with_the_command() {
    for (api, name) in [("run.googleapis.com", "run"), ("cloudbuild.googleapis.com", "cloudbuild")] {
        let scene = Scene::new();
        scene.cloud.world(|world| world.disable_api(api));
        let run = scene.run().expect(4);
        run.says(&format!("`{api}` is not enabled"))
            .says(&format!("gcloud services enable {api} --project=harbour-dev"));
        if name == "run" {
            insta::assert_snapshot!("disabled_api", run.failure());
        }
        nothing_changed(&scene);
    }
}

#[test]
fn what_the_preflight_may_not_look_at_is_passed_over() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        world.disable_api("cloudresourcemanager.googleapis.com");
        world.deny(World::DEPLOYER, "iam.serviceAccounts.get");
    });
    let run = scene.run().expect(0);
    run.says("Permissions were not looked at beforehand");
}

#[test]
fn a_bucket_of_somebody_else_gets_nothing() {
    for readable in [true, false] {
        let scene = Scene::new();
        scene.cloud.world(|world| {
            world.add_project("stranger", "999");
            world.add_bucket("harbour-dev-slipway-us-central1", "999", "US-CENTRAL1");
            if readable {
                world
                    .buckets
                    .get_mut("harbour-dev-slipway-us-central1")
                    .unwrap()
                    .policy
                    .grant("roles/storage.admin", &format!("serviceAccount:{}", World::DEPLOYER));
            }
        });
        let run = scene.run();
        assert_eq!(run.code, if readable { 2 } else { 4 }, "{}", run.log());
        run.says("harbour-dev-slipway-us-central1").says("staging_bucket");
        if readable {
            insta::assert_snapshot!("foreign_bucket", run.failure());
        }
        nothing_changed(&scene);
    }
}

#[test]
fn an_unusable_build_account_is_told_before_the_upload() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.home().build_account = BuildAccount::Nobody);
    scene.run().expect(2).says("Cloud Build has no default account").says("gcloud iam service-accounts create builder");
    nothing_changed(&scene);

    let scene = Scene::new();
    scene.cloud.world(|world| world.accounts.get_mut(World::COMPUTE).unwrap().disabled = true);
    scene.run().expect(2).says("is disabled").says("gcloud iam service-accounts enable");
    nothing_changed(&scene);
}

#[test]
fn the_legacy_build_account_needs_no_look() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        let legacy = world.home().legacy_build_account();
        world.home().build_account = BuildAccount::Legacy;
        world.add_account("harbour-dev", &legacy);
        world.grant("harbour-dev", &legacy, "roles/cloudbuild.builds.builder");
    });
    scene.run().expect(0);
    assert_eq!(scene.cloud.calls("iam.projects.serviceAccounts.get").len(), 0);
}

#[test]
fn an_organisation_that_forbids_the_location_is_told() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.home().allowed_locations = Some(["EUROPE-WEST1".to_owned()].into()));
    let run = scene.run();
    assert_ne!(run.code, 0);
    run.says("constraints/gcp.resourceLocations").says("organisation policy");
}

#[test]
fn billing_that_is_off_is_told() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.home().billing = false);
    let run = scene.run();
    assert_ne!(run.code, 0);
    run.says("Link a billing account");
}
