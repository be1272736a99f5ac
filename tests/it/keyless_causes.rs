//! Signing in without a key: each cause of a refusal has its own cure, and names what it is about.

use fakecloud::{Action, Fault, World};

use crate::keyless::without_key;
use crate::support::{Run, Scene};

fn scene() -> Scene {
    let mut scene = Scene::new();
    without_key(&mut scene);
    scene
}

/// A deploy whose roles are the run's own.
fn direct() -> Scene {
    let mut scene = scene();
    scene.input("service_account", "").input("project_id", World::PROJECT);
    scene
}

fn refused(scene: &Scene) -> Run {
    let run = scene.run().expect(3);
    assert!(scene.cloud.world(|world| world.effects.is_empty()), "something was changed");
    run
}

fn provider(scene: &Scene, change: impl FnOnce(&mut fakecloud::Provider)) {
    scene.cloud.world(|world| change(world.providers.get_mut(World::PROVIDER).unwrap()));
}

fn claim(scene: &Scene, name: &str, value: &str) {
    scene.cloud.world(|world| world.github_run.claims.insert(name.to_owned(), value.to_owned()));
}

#[test]
fn a_subject_that_is_too_long_is_told_with_its_length() {
    let scene = scene();
    claim(&scene, "sub", &format!("repo:o/r:ref:refs/heads/{}", "long-".repeat(22)));
    insta::assert_snapshot!("too_long", refused(&scene).failure());
    // What the setup commands of docs/CREDENTIALS.md map holds whatever the branch is called.
    provider(&scene, |provider| {
        provider.mapping.insert("google.subject".into(), "assertion.repository_id".into());
    });
    scene.run().expect(0);
}

#[test]
fn a_condition_that_does_not_hold_is_told_with_what_conditions_compare() {
    let scene = scene();
    provider(&scene, |provider| {
        provider
            .condition
            .push_str(" && assertion.job_workflow_ref == 'o/r/.github/workflows/release.yml@refs/heads/main'");
    });
    let run = refused(&scene);
    run.says("`job_workflow_ref` is `o/r/.github/workflows/deploy.yml@refs/heads/develop`");
    insta::assert_snapshot!("condition", run.failure());
}

#[test]
fn a_mapping_without_the_suggested_attribute_is_thought_of() {
    let scene = scene();
    provider(&scene, |provider| {
        provider.mapping.remove("attribute.repository_id");
        provider.mapping.insert("attribute.repository".into(), "assertion.repository".into());
    });
    let run = refused(&scene);
    insta::assert_snapshot!("other_mapping", run.failure());
    // The other member that is named works with this mapping.
    let member = World::RUNS.replace("attribute.repository_id/4711", "attribute.repository/o/r");
    run.says(&member);
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).unwrap();
        account.policy.grant("roles/iam.workloadIdentityUser", &member);
    });
    scene.run().expect(0);
}

#[test]
fn a_run_by_itself_reads_the_same_of_its_member() {
    let scene = direct();
    let run = scene.run().expect(4);
    run.says("That member means this run only where the provider maps `attribute.repository_id`");
    // Who is an account needs no such thing.
    let mut scene = Scene::new();
    scene.input("service", "web");
    scene
        .cloud
        .world(|world| world.home().policy.revoke("roles/run.admin", &format!("serviceAccount:{}", World::DEPLOYER)));
    assert!(!scene.run().expect(4).log().contains("That member means"));
}

#[test]
fn a_disabled_api_is_enabled_where_google_says_it_is_disabled() {
    let scene = scene();
    scene.cloud.world(|world| world.disable_api("iamcredentials.googleapis.com"));
    let log = scene.run().expect(4).log();
    // Whose requests count is the project of the pool, by its number: what Google names is named.
    assert!(log.contains("gcloud services enable iamcredentials.googleapis.com --project=123456789012"), "{log}");
    assert!(!log.contains("add-iam-policy-binding") && !log.contains("roles/"), "{log}");
}

#[test]
fn a_disabled_api_is_no_missing_role() {
    let mut scene = Scene::new();
    scene.input("domain", "api.example.com");
    scene.cloud.world(|world| {
        let refusal = serde_json::json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
            "message": "Cloud Run Admin API has not been used in project 555 before or it is disabled.",
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
                "domain": "googleapis.com", "metadata": {"service": "run.googleapis.com", "consumer": "projects/555"}}]}});
        let fault = Fault::next("run.namespaces.domainmappings.get", Action::Status(403, Some(refusal), Vec::new()));
        world.faults.push(fault.times(Fault::FOREVER));
    });
    let log = scene.run().expect(0).log();
    assert!(!log.contains("run.domainmappings.*"), "{log}");
}

#[test]
fn requests_count_for_the_project_that_is_named() {
    let mut scene = Scene::new();
    scene.input("quota_project", "counting-house");
    scene.cloud.world(|world| {
        world.add_project("counting-house", "555555555555");
        world.quota_project = Some("counting-house".to_owned());
    });
    let run = scene.run().expect(4);
    run.says("name a project in which it may with `quota_project`");
    scene.cloud.world(|world| {
        world.grant("counting-house", World::DEPLOYER, "roles/serviceusage.serviceUsageConsumer");
    });
    scene.run().expect(0);
    scene.input("quota_project", "no project!");
    scene.run().expect(2).says("quota_project: ");
}
