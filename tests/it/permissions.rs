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

/// A deployer who may act as this account alone, and deploys an image that is there.
fn acting_as(account: &str) -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.revoke("harbour-dev", World::DEPLOYER, "roles/iam.serviceAccountUser");
        for known in [WEB, OTHER] {
            world.add_account("harbour-dev", known);
        }
        may_act_as(world, account);
    });
    scene.input("source", "").input("image", "gcr.io/cloudrun/hello");
    scene
}

const WEB: &str = "web@harbour-dev.iam.gserviceaccount.com";
const OTHER: &str = "other@harbour-dev.iam.gserviceaccount.com";

fn may_act_as(world: &mut World, account: &str) {
    let member = format!("serviceAccount:{}", World::DEPLOYER);
    world.accounts.get_mut(account).unwrap().policy.grant("roles/iam.serviceAccountUser", &member);
}

#[test]
fn the_account_that_the_revision_will_run_as_is_asked_and_no_other() {
    // The input's.
    let mut scene = acting_as(WEB);
    scene.input("runtime_service_account", WEB);
    scene.run().expect(0);
    // The template's, which the first deploy left.
    scene.input("runtime_service_account", "").input("env_vars", "A: 1");
    scene.run().expect(0);
    // The manifest's goes before the template's.
    let manifest = format!("template:\n  serviceAccount: {OTHER}\n  containers: [{{image: gcr.io/cloudrun/hello}}]\n");
    scene.file("service.yaml", manifest).input("manifest", "service.yaml");
    let run = scene.run().expect(4);
    run.says(&format!("may not act as `{OTHER}`")).says(&format!("add-iam-policy-binding {OTHER}"));
    scene.cloud.world(|world| may_act_as(world, OTHER));
    scene.run().expect(0);
    // The default one, which nobody names.
    acting_as(World::COMPUTE).run().expect(0);
    let scene = acting_as(WEB);
    scene.run().expect(4).says(&format!("may not act as `{}`", World::COMPUTE));
    nothing_changed(&scene);
}

#[test]
fn an_account_that_nobody_can_name_is_not_missing() {
    let scene = acting_as(World::COMPUTE);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "resourcemanager.projects.get"));
    scene.run().expect(0);
    // Cloud Run knows it, and says so itself.
    let scene = acting_as(WEB);
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "resourcemanager.projects.get"));
    let run = scene.run().expect(4);
    run.says("Could not deploy service `web`").says(&format!("add-iam-policy-binding {}", World::COMPUTE));
    // Nor is one that cannot be asked.
    let scene = acting_as(World::COMPUTE);
    scene.cloud.world(|world| world.disable_api("iam.googleapis.com"));
    scene.run().expect(0);
}

#[test]
fn where_only_traffic_moves_no_account_is_asked_beforehand_and_a_refusal_names_it() {
    let mut scene = Scene::deployed();
    scene.run().expect(0);
    scene.cloud.world(|world| world.revoke("harbour-dev", World::DEPLOYER, "roles/iam.serviceAccountUser"));
    scene.input("source", "");
    // Whether Cloud Run asks for it here is not known; the fake does, and its word is Cloud Run's.
    let run = scene.command(&["rollback"]).expect(4);
    run.says("Could not move the traffic of service `web`");
    run.says(&format!("gcloud iam service-accounts add-iam-policy-binding {}", World::COMPUTE));
}

#[test]
fn a_jobs_account_is_asked_as_a_services_is() {
    for (account, code) in [(World::COMPUTE, 0), (WEB, 4)] {
        let mut scene = acting_as(account);
        scene.input("service", "").input("job", "tidy");
        let run = scene.command(&["job"]).expect(code);
        if code != 0 {
            run.says(&format!("may not act as `{}`", World::COMPUTE)).says("gcloud iam service-accounts");
            nothing_changed(&scene);
        }
    }
    let mut scene = acting_as(WEB);
    scene.input("service", "").input("job", "tidy").input("runtime_service_account", WEB);
    scene.command(&["job"]).expect(0);
    scene.input("runtime_service_account", "");
    scene.command(&["job"]).expect(0);
}

#[test]
fn a_worker_pools_account_is_asked_as_a_services_is() {
    let mut scene = acting_as(WEB);
    scene.input("kind", "worker-pool");
    scene.run().expect(4).says(&format!("may not act as `{}`", World::COMPUTE));
    nothing_changed(&scene);
    scene.input("runtime_service_account", WEB);
    scene.run().expect(0);
}

#[test]
fn a_disabled_api_is_named_with_the_command() {
    for (api, name) in [("run.googleapis.com", "run"), ("cloudbuild.googleapis.com", "cloudbuild")] {
        let scene = Scene::new();
        scene.cloud.world(|world| world.disable_api(api));
        let run = scene.run().expect(4);
        run.says(&format!("`{api}` is not enabled"))
            .says(&format!("gcloud services enable {api} --project=123456789012"));
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
