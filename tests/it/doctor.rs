//! `slipway doctor`: every finding made true and false, what may not be seen, and the script that mends.

use std::process::Command;

use fakecloud::{BuildAccount, BuildScript, Outcome, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

/// The account that deploys, as policies name it.
const MEMBER: &str = "serviceAccount:deployer@harbour-dev.iam.gserviceaccount.com";

fn ready(scene: &mut Scene) {
    scene.input("source", "");
}

/// A service that was deployed by the five roles, and the doctor's inputs.
fn deployed() -> Scene {
    let mut scene = Scene::deployed();
    ready(&mut scene);
    scene
}

/// A project that nothing was deployed to.
pub fn fresh() -> Scene {
    let mut scene = Scene::new();
    ready(&mut scene);
    scene
}

/// An account that may read everything.
fn with_roles(scene: &Scene, roles: &[&str]) {
    scene.cloud.world(|world| roles.iter().for_each(|role| world.grant("harbour-dev", World::DEPLOYER, role)));
}

pub fn look(scene: &Scene) -> Run {
    let effects = scene.cloud.world(|world| world.effects.len());
    let run = scene.command(&["doctor"]);
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects, "the doctor changed something");
    run
}

/// The finding about a thing, by the beginning of its name.
#[track_caller]
pub fn finding(run: &Run, what: &str) -> Value {
    let report = run.report();
    let all = report["findings"].as_array().unwrap();
    let found = all.iter().find(|one| one["what"].as_str().unwrap().starts_with(what));
    found.unwrap_or_else(|| panic!("no finding {what:?} in {all:#?}")).clone()
}

#[track_caller]
pub fn state(run: &Run, what: &str) -> String {
    finding(run, what)["state"].as_str().unwrap().to_owned()
}

/// A look at the world before and after a change, by the state of one finding.
#[track_caller]
pub fn turns(scene: &Scene, what: &str, before: &str, change: impl FnOnce(&mut World), after: &str, code: i32) -> Run {
    let run = look(scene);
    assert_eq!(state(&run, what), before, "{}", finding(&run, what));
    scene.cloud.world(change);
    let run = look(scene).expect(code);
    assert_eq!(state(&run, what), after, "{}", finding(&run, what));
    run
}

#[test]
fn a_build_that_pushes_elsewhere_is_seen_before_it_is_deployed() {
    let mut scene = fresh();
    scene.file("cb.yaml", "steps: [{name: alpine}]\nimages: ['gcr.io/$PROJECT_ID/$_NAME:$BUILD_ID']\n");
    scene.input("build_config", "cb.yaml").input("substitutions", "_NAME: web");
    let run = look(&scene);
    assert_eq!(state(&run, "`cb.yaml`"), "ok", "{}", finding(&run, "`cb.yaml`"));
    scene.input("substitutions", "_NAME: other").input("fix_script", "true");
    let run = look(&scene).expect(2);
    let found = finding(&run, "`cb.yaml`");
    assert_eq!(found["state"], "blocking", "{found}");
    run.says(
        "cb.yaml pushes `gcr.io/harbour-dev/other`, and the image to deploy is looked for in `gcr.io/harbour-dev/web`",
    );
    run.says("# By hand: Write `image: gcr.io/harbour-dev/other`");
    // A deploy says the same.
    scene.input("fix_script", "").input("source", "app");
    scene.run().expect(2).says("Write `image: gcr.io/harbour-dev/other`");
}

#[expect(clippy::print_stderr, reason = "a check that is left out is said")]
fn left_out() {
    eprintln!("shellcheck is not there; the script was only read by sh -n");
}

/// Whether a script is one that a shell reads, and that shellcheck finds no fault with where it is there.
fn lint(text: &str) {
    let file = std::env::temp_dir().join(format!("slipway-doctor-{}-{}.sh", std::process::id(), text.len()));
    std::fs::write(&file, text).unwrap();
    assert!(Command::new("sh").arg("-n").arg(&file).status().unwrap().success(), "{text}");
    match Command::new("shellcheck").arg(&file).output() {
        Ok(found) => assert!(found.status.success(), "{}\n{text}", String::from_utf8_lossy(&found.stdout)),
        Err(_) => left_out(),
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn the_five_roles_and_a_missing_push_permission() {
    let mut scene = fresh();
    scene.input("source", "app");
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::PushNotAuthorized)));
    let refused = scene.run().expect(6);
    scene.input("source", "").input("fix_script", "true");
    let run = look(&scene).expect(4);
    insta::assert_snapshot!("doctor_log", run.log());
    insta::assert_snapshot!("doctor_summary", run.summary());
    assert_eq!((run.outputs["result"].as_str(), run.outputs["blocking"].as_str()), ("blocked", "1"));
    assert_eq!(finding(&run, "push the image")["class"], "permission");
    let script = &run.outputs["fix_script"];
    // The deploy and the doctor say the same; `writer` would not make the repository.
    let cure = "gcloud projects add-iam-policy-binding harbour-dev --member=serviceAccount:123456789012-compute@developer.gserviceaccount.com --role=roles/artifactregistry.createOnPushWriter --condition=None";
    assert!(script.contains(cure), "{script}");
    refused.says(cure).says("A grant takes 2 minutes to arrive");
    lint(script);
}

#[test]
fn a_healthy_service_is_found_healthy_by_the_five_roles() {
    let scene = deployed();
    let run = look(&scene).expect(0);
    insta::assert_snapshot!("doctor_healthy", run.log());
    assert_eq!(run.outputs["result"], "ok");
    assert!(!run.outputs.contains_key("fix_script"));
    for (what, expected) in [
        ("push the image", "ok"),
        ("service `web`", "ok"),
        ("public access", "ok"),
        ("key of", "cannot see"),
        ("alert policies", "cannot see"),
        ("budget alerts", "cannot see"),
    ] {
        assert_eq!(state(&run, what), expected, "{what}");
    }
}

#[test]
fn every_missing_role_of_the_deploying_account_is_found() {
    for (role, what, code, mends) in [
        (
            "roles/cloudbuild.builds.editor",
            "submit and watch builds",
            4,
            "gcloud projects add-iam-policy-binding harbour-dev",
        ),
        ("roles/run.admin", "deploy the service", 4, "--role=roles/run.admin"),
        (
            "roles/storage.admin",
            "upload the source",
            4,
            "gcloud storage buckets add-iam-policy-binding gs://harbour-dev-slipway-us-central1",
        ),
        (
            "roles/iam.serviceAccountUser",
            "act as",
            4,
            "gcloud iam service-accounts add-iam-policy-binding 123456789012-compute@",
        ),
    ] {
        let scene = fresh();
        let change = |world: &mut World| world.revoke("harbour-dev", World::DEPLOYER, role);
        let run = turns(&scene, what, "ok", change, "blocking", code);
        let found = finding(&run, what);
        let commands = found["commands"].to_string();
        assert!(commands.contains(mends) && commands.contains(MEMBER), "{found}");
    }
}

#[test]
fn a_grant_on_the_service_the_bucket_and_the_account_is_enough() {
    let scene = deployed();
    scene.cloud.world(|world| {
        for role in ["roles/storage.admin", "roles/iam.serviceAccountUser"] {
            world.revoke("harbour-dev", World::DEPLOYER, role);
        }
        world.buckets.get_mut("harbour-dev-slipway-us-central1").unwrap().policy.grant("roles/storage.admin", MEMBER);
        let account = world.accounts.get_mut(World::COMPUTE).unwrap();
        account.policy.grant("roles/iam.serviceAccountUser", MEMBER);
    });
    let run = look(&scene).expect(0);
    for what in ["have a staging bucket", "upload the source", "act as"] {
        assert_eq!(state(&run, what), "ok", "{what}");
    }
}

#[test]
fn a_disabled_api_is_found_by_whoever_may_ask_and_by_its_own_answer() {
    for ask in [false, true] {
        let scene = fresh();
        if ask {
            with_roles(&scene, &["roles/serviceusage.serviceUsageConsumer"]);
        }
        let disable = |world: &mut World| world.disable_api("run.googleapis.com");
        let run = turns(&scene, "`run.googleapis.com`", "ok", disable, "blocking", 4);
        let commands = finding(&run, "`run.googleapis.com`")["commands"].to_string();
        assert!(commands.contains("gcloud services enable run.googleapis.com --project=harbour-dev"), "{commands}");
    }
}

#[test]
fn the_build_account_is_looked_at() {
    let what = "account `123456789012-compute@developer.gserviceaccount.com`";
    let disable = |world: &mut World| world.accounts.get_mut(World::COMPUTE).unwrap().disabled = true;
    turns(&fresh(), what, "ok", disable, "blocking", 2).says("gcloud iam service-accounts enable");
    turns(&fresh(), what, "ok", |world| world.delete_account(World::COMPUTE), "blocking", 2);
    let scene = fresh();
    scene.cloud.world(|world| world.home().build_account = BuildAccount::Nobody);
    let run = look(&scene).expect(2);
    assert_eq!(state(&run, "the build's account"), "blocking");
    run.says("gcloud iam service-accounts create builder").says("build_service_account: builder@");
}

#[test]
fn whoever_may_read_policies_sees_the_grants_of_others() {
    let scene = fresh();
    with_roles(&scene, &["roles/iam.securityReviewer"]);
    let revoke = |world: &mut World| world.compute_account_may_not_build();
    let run = turns(&scene, "push the image", "ok", revoke, "cannot see", 0);
    // No repository is there whose policy could be read: so nobody may say no.
    assert_eq!(state(&run, "read the source"), "cannot see");
    scene.cloud.world(|world| {
        world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/web:v1");
        world.add_bucket("harbour-dev-slipway-us-central1", World::NUMBER, "US-CENTRAL1");
    });
    let mut scene = scene;
    scene.input("image", "us-central1-docker.pkg.dev/harbour-dev/app/web");
    let run = look(&scene).expect(0);
    for what in ["push the image", "read the source", "write the log"] {
        assert_eq!(state(&run, what), "warning", "{what}");
    }
    assert_eq!(state(&run, "Cloud Run's service agent"), "ok");
    let agent = "service-123456789012@serverless-robot-prod.iam.gserviceaccount.com";
    scene.cloud.world(|world| world.revoke("harbour-dev", agent, "roles/run.serviceAgent"));
    // It may stand on a folder: what is only out of sight is in nobody's way.
    assert_eq!(state(&look(&scene).expect(0), "Cloud Run's service agent"), "warning");
}

#[test]
fn the_bucket_is_looked_at() {
    let name = "harbour-dev-slipway-us-central1";
    let what = format!("bucket `{name}`");
    let foreign = |world: &mut World| {
        world.add_project("stranger", "999");
        world.add_bucket(name, "999", "US-CENTRAL1");
        world.buckets.get_mut(name).unwrap().policy.grant("roles/storage.admin", MEMBER);
    };
    turns(&fresh(), &what, "ok", foreign, "blocking", 2).says("staging_bucket: harbour-dev-slipway-source");
    let keeps = |world: &mut World| drop(world.buckets.get_mut(name).unwrap().document.remove("lifecycle"));
    turns(&deployed(), "its lifecycle", "ok", keeps, "warning", 0);
}

#[test]
fn a_repository_that_no_push_makes_must_be_there() {
    let mut scene = fresh();
    scene.input("image", "us-central1-docker.pkg.dev/harbour-dev/app/web").input("fix_script", "fix.sh");
    with_roles(&scene, &["roles/artifactregistry.reader"]);
    let run = look(&scene).expect(2);
    assert_eq!(state(&run, "repository `app`"), "blocking");
    let script = std::fs::read_to_string(scene.workspace().join("fix.sh")).unwrap();
    assert_eq!(script, run.outputs["fix_script"]);
    assert!(script.contains("gcloud artifacts repositories describe app --location=us-central1"), "{script}");
    lint(&script);
    scene.cloud.world(|world| world.push_image("us-central1-docker.pkg.dev/harbour-dev/app/web:v1"));
    assert_eq!(state(&look(&scene).expect(0), "repository `app`"), "ok");
}

#[test]
fn a_script_is_never_written_through_a_link() {
    let mut scene = fresh();
    let outside = scene.directory.join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("fix.sh"), "mine").unwrap();
    std::os::unix::fs::symlink(outside.join("fix.sh"), scene.workspace().join("fix.sh")).unwrap();
    std::os::unix::fs::symlink(&outside, scene.workspace().join("way")).unwrap();
    scene.input("fix_script", "fix.sh");
    look(&scene).expect(0);
    scene.input("fix_script", "way/other.sh");
    look(&scene).expect(2).says("outside of the workspace");
    assert_eq!(std::fs::read_to_string(outside.join("fix.sh")).unwrap(), "mine");
    assert!(!outside.join("other.sh").exists());
    scene.input("fix_script", "../fix.sh");
    scene.command(&["doctor"]).expect(2).says("a path in the workspace");
}

#[test]
fn what_builds_did_is_told() {
    let scene = deployed();
    assert_eq!(state(&look(&scene).expect(0), "how they ended"), "ok");
    let mut scene = scene;
    scene.input("source", "app");
    scene.file("app/main.py", "print('other')\n");
    let fails = Outcome::StepFails { step: 0, exit: 3, lines: Vec::new() };
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(fails)));
    scene.run().expect(6);
    scene.input("source", "").input("max_build_time", "1s");
    let run = look(&scene).expect(0);
    let found = finding(&run, "how they ended");
    assert_eq!(found["state"], "warning");
    assert!(found["evidence"].as_str().unwrap().contains("1 of the last 2 succeeded"), "{found}");
    assert_eq!(run.outputs["result"], "warnings");
}

#[test]
fn an_image_that_is_too_large_is_told_to_whoever_may_read_the_registry() {
    let mut scene = deployed();
    let what = "size of the last image";
    assert_eq!(state(&look(&scene).expect(0), what), "cannot see");
    with_roles(&scene, &["roles/artifactregistry.reader"]);
    assert_eq!(finding(&look(&scene).expect(0), what)["evidence"], "48 MB");
    scene.input("max_image_size", "40");
    assert_eq!(state(&look(&scene).expect(0), what), "warning");
}

#[test]
fn the_age_of_the_key_is_told_to_whoever_may_list_keys() {
    let scene = fresh();
    with_roles(&scene, &["roles/iam.serviceAccountKeyAdmin"]);
    let age = |world: &mut World| {
        for key in &mut world.accounts.get_mut(World::DEPLOYER).unwrap().keys {
            key.created = "2020-01-01T00:00:00Z".into();
        }
    };
    turns(&scene, "key of", "ok", age, "warning", 0).says("docs/CREDENTIALS.md");
}

#[test]
fn secrets_that_the_runtime_account_may_not_read_are_named() {
    let mut scene = fresh();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "database-url", "postgres://x");
        world.share_secret("harbour-dev", "database-url", World::COMPUTE);
    });
    scene.input("source", "app").input("secrets", "DATABASE_URL: database-url:latest");
    scene.run().expect(0);
    scene.input("source", "").input("secrets", "");
    // The five roles may not read the secret's policy; that the revision started tells.
    assert_eq!(state(&look(&scene).expect(0), "secret `database-url`"), "ok");
    with_roles(&scene, &["roles/iam.securityReviewer"]);
    let run = look(&scene).expect(0);
    assert!(finding(&run, "secret `database-url`")["evidence"].as_str().unwrap().contains("secretAccessor"));
    // Taken away, and met by a revision that could not start.
    scene.cloud.world(|world| {
        let secret = world.secrets.get_mut("projects/harbour-dev/secrets/database-url").unwrap();
        secret.policy = fakecloud::IamPolicy::default();
    });
    scene.input("source", "app").input("env_vars", "A: b");
    scene.run().expect(8);
    scene.input("source", "").input("env_vars", "");
    let run = look(&scene).expect(4);
    let found = finding(&run, "secret `database-url`");
    assert_eq!(found["state"], "blocking", "{found}");
    assert_eq!(state(&run, "service `web`"), "warning");
    assert!(found["commands"].to_string().contains("gcloud secrets add-iam-policy-binding database-url"), "{found}");
}

#[test]
fn the_versions_of_secrets_that_the_service_reads_are_told_to_whoever_may_look() {
    let mut scene = fresh();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "signing", "x");
        world.share_secret("harbour-dev", "signing", World::COMPUTE);
    });
    scene.input("source", "app").input("secrets", "SIGNING: signing:1");
    scene.run().expect(0);
    scene.input("source", "").input("secrets", "");
    let what = "version 1 of secret `signing`";
    assert_eq!(state(&look(&scene).expect(0), what), "cannot see");
    with_roles(&scene, &["roles/secretmanager.viewer"]);
    assert_eq!(finding(&look(&scene).expect(0), what)["evidence"], "enabled, 0 days old");
    let age = |world: &mut World| {
        world.secret_mut("signing").unwrap().versions[0].created = "2025-01-01T00:00:00.000000Z".to_owned();
    };
    turns(&scene, what, "ok", age, "warning", 0).says("`slipway rotate-secret` makes a new one");
    scene.input("secret_max_age", "36500d");
    assert_eq!(state(&look(&scene).expect(0), what), "ok");
    let disable = |world: &mut World| world.secret_mut("signing").unwrap().versions[0].state = "DISABLED".to_owned();
    turns(&scene, what, "ok", disable, "blocking", 8)
        .says("gcloud secrets versions enable 1 --secret=signing --project=harbour-dev");
}

#[test]
fn public_access_is_told() {
    let scene = deployed();
    let run = look(&scene).expect(0);
    assert_eq!(finding(&run, "public access")["evidence"], "only those who were granted roles/run.invoker may call it");
    scene.cloud.world(|world| {
        world.services.values_mut().next().unwrap().policy.grant("roles/run.invoker", "allUsers");
    });
    assert_eq!(finding(&look(&scene).expect(0), "public access")["evidence"], "everybody may call it");
}

#[test]
fn what_the_organisation_refuses_is_told() {
    let (members, places) = ("`constraints/iam.allowedPolicyMemberDomains`", "`constraints/gcp.resourceLocations`");
    turns(&fresh(), members, "ok", |world| world.home().members_restricted = true, "warning", 0);
    let elsewhere = |world: &mut World| world.home().allowed_locations = Some(["EUROPE-WEST1".to_owned()].into());
    turns(&fresh(), places, "ok", elsewhere, "blocking", 2);
    let keys = "`constraints/iam.disableServiceAccountKeyCreation`";
    turns(&fresh(), keys, "ok", |world| world.home().keys_forbidden = true, "warning", 0);
}

#[test]
fn a_domain_is_looked_at() {
    let mut scene = deployed();
    scene.input("domain", "www.example.com");
    assert_eq!(state(&look(&scene).expect(0), "domain `www.example.com`"), "cannot see");
    with_roles(&scene, &["roles/editor"]);
    scene.cloud.world(|world| {
        world.verified_domains.insert("example.com".into());
        world.verified_domains.insert("www.example.com".into());
        world.certificate_looks = Some(0);
    });
    let run = look(&scene).expect(0);
    assert_eq!(state(&run, "domain `www.example.com`"), "warning");
    run.says("gcloud beta run domain-mappings create --service=web --domain=www.example.com");
    scene.input("source", "app");
    scene.run().expect(0);
    scene.input("source", "");
    assert_eq!(state(&look(&scene).expect(0), "domain `www.example.com`"), "ok");
}

#[test]
fn a_site_is_looked_at() {
    let mut scene = fresh();
    scene.input("service", "").input("site", "harbour-site");
    with_roles(&scene, &["roles/firebasehosting.admin"]);
    let run = look(&scene).expect(2);
    assert_eq!(state(&run, "site `harbour-site`"), "blocking");
    assert_eq!(state(&run, "release the site"), "ok");
    scene.cloud.world(|world| {
        world.add_site("harbour-dev", "harbour-site", true);
        world.revoke("harbour-dev", World::DEPLOYER, "roles/firebasehosting.admin");
        world.grant("harbour-dev", World::DEPLOYER, "roles/firebasehosting.viewer");
    });
    let run = look(&scene).expect(4);
    assert_eq!(state(&run, "site `harbour-site`"), "ok");
    assert_eq!(state(&run, "release the site"), "blocking");
}

#[test]
fn alert_policies_are_counted() {
    let scene = fresh();
    with_roles(&scene, &["roles/monitoring.viewer"]);
    let add = |world: &mut World| {
        let name = "projects/harbour-dev/alertPolicies/1";
        world.monitoring.insert(name.into(), json!({"name": name, "enabled": true}));
    };
    turns(&scene, "alert policies", "warning", add, "ok", 0);
}

#[test]
fn an_account_that_may_look_at_nothing_is_told_what_it_lacks() {
    let scene = fresh();
    scene.cloud.world(|world| {
        for role in World::DEPLOYER_ROLES {
            world.revoke("harbour-dev", World::DEPLOYER, role);
        }
    });
    let run = look(&scene).expect(4);
    assert_eq!(state(&run, "service `web`"), "cannot see");
    assert_eq!(run.outputs["result"], "blocked");
}

#[test]
fn a_key_that_google_does_not_know_is_no_finding() {
    let scene = fresh();
    scene.cloud.world(|world| world.disable_keys(World::DEPLOYER));
    let run = scene.command(&["doctor"]).expect(3);
    assert_eq!(run.outputs["result"], "failed");
}

#[test]
fn a_run_without_a_key_has_no_key_to_look_at_and_is_named_as_policies_name_it() {
    let mut scene = fresh();
    scene.cloud.world(|world| {
        world.trust_github();
        for role in World::DEPLOYER_ROLES.into_iter().filter(|role| *role != "roles/run.admin") {
            world.home().policy.grant(role, World::RUNS);
        }
    });
    scene.input("credentials_json", "").input("workload_identity_provider", World::PROVIDER);
    scene.input("project_id", World::PROJECT).input("fix_script", "true");
    crate::keyless::in_job(&mut scene);
    let run = look(&scene).expect(4);
    assert_eq!(state(&run, "the key"), "ok");
    assert_eq!(state(&run, "`sts.googleapis.com`"), "ok");
    let script = &run.outputs["fix_script"];
    assert!(script.contains(&format!("--member={}", World::RUNS)), "{script}");
    assert!(script.contains("--role=roles/run.admin"), "{script}");
    lint(script);
}

#[test]
fn a_builder_that_is_missing_is_made_by_a_script_that_may_run_twice() {
    let mut scene = fresh();
    scene.input("fix_script", "true").input("max_image_size", "200MB").input("key_max_age", "90d");
    scene.cloud.world(|world| {
        world.home().build_account = BuildAccount::Nobody;
        world.revoke("harbour-dev", World::DEPLOYER, "roles/storage.admin");
        world.disable_api("logging.googleapis.com");
    });
    with_roles(&scene, &["roles/serviceusage.serviceUsageConsumer"]);
    let run = look(&scene);
    let script = &run.outputs["fix_script"];
    for part in [
        "gcloud iam service-accounts describe builder@harbour-dev.iam.gserviceaccount.com --project=harbour-dev >/dev/null 2>&1 || gcloud iam service-accounts create builder",
        "gcloud storage buckets describe gs://harbour-dev-slipway-us-central1 >/dev/null 2>&1 || gcloud storage buckets create",
        "\n# gcloud services enable logging.googleapis.com",
    ] {
        assert!(script.contains(part), "{part}\n{script}");
    }
    lint(script);
}

#[test]
fn mistakes_in_the_inputs_are_told_together_and_nothing_is_sent() {
    let mut scene = fresh();
    scene.input("key_max_age", "soon").input("fix_script", "/etc/fix.sh").input("max_image_size", "0");
    let run = scene.command(&["doctor"]).expect(2);
    run.says("3 settings are wrong").says("key_max_age").says("fix_script").says("max_image_size");
    assert!(scene.calls().is_empty(), "{:?}", scene.calls());
}
