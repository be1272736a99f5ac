//! Every mistake with credentials is told apart, and says what to do.

use fakecloud::{Action, Fault, World};
use serde_json::{Value, json};

use crate::support::Scene;

fn with_key(change: impl FnOnce(&mut Value)) -> Scene {
    let mut scene = Scene::new();
    let mut key = scene.key();
    change(&mut key);
    scene.input("credentials_json", &key.to_string());
    scene
}

#[test]
fn a_key_that_is_none_is_refused_before_any_request() {
    type Case = (&'static str, fn(&mut Value), &'static str);
    let cases: [Case; 6] = [
        ("federation", |key| key["type"] = "external_account".into(), "give `workload_identity_provider`"),
        ("another type", |key| key["type"] = "authorized_user".into(), "`type: authorized_user`"),
        ("no private key", |key| key["private_key"] = "".into(), "it has no `private_key`"),
        ("no PEM", |key| key["private_key"] = "c2VjcmV0".into(), "not a private key in PEM form"),
        ("a foreign token endpoint", |key| key["token_uri"] = "https://evil.example/token".into(), "evil.example"),
        ("no account", |key| key["client_email"] = "me".into(), "client_email"),
    ];
    for (name, change, says) in cases {
        let scene = with_key(change);
        let run = scene.run();
        assert_eq!(run.code, 2, "{name}\n{}", run.log());
        run.says(says).says("nothing was sent");
        assert_eq!(scene.cloud.journal().len(), 0, "{name}: something was sent");
    }
    let mut scene = Scene::new();
    scene.input("credentials_json", "not json");
    scene.run().expect(2).says("this is not JSON, and not base64 of JSON");
    scene.input("credentials_json", "");
    scene.run().expect(2).says("no credentials were given").says("the secret is empty here");
}

#[test]
fn a_damaged_private_key_is_told_before_any_request() {
    let scene = with_key(|key| {
        key["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n".into()
    });
    let run = scene.run().expect(2);
    run.says("The service-account key cannot be used").says("Store the whole key file");
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_revoked_key_says_how_to_make_a_new_one() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.disable_keys(World::DEPLOYER));
    let run = scene.run().expect(3);
    insta::assert_snapshot!("revoked_key", run.failure());
    assert_eq!(scene.cloud.journal().len(), 1, "a refusal is not asked again");
}

#[test]
fn a_wrong_clock_and_a_deleted_account_are_told() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.clock_skew = 7200);
    scene.run().expect(3).says("The clock of this machine is wrong");

    let scene = Scene::new();
    scene.cloud.world(|world| world.delete_account(World::DEPLOYER));
    scene.run().expect(3).says("does not exist any more");
}

#[test]
fn trouble_of_the_token_endpoint_passes() {
    for action in [Action::status(503), Action::Html(502), Action::Reset, Action::Garbage, Action::Truncate] {
        let scene = Scene::new();
        let name = format!("{action:?}");
        scene.cloud.world(|world| world.faults.push(Fault::next("oauth2.token", action).times(2)));
        assert_eq!(scene.run().code, 0, "{name}");
    }
    let scene = Scene::new();
    scene.cloud.world(|world| world.faults.push(Fault::next("oauth2.token", Action::Html(503)).times(Fault::FOREVER)));
    let run = scene.run().expect(7);
    run.says("the token endpoint `127.0.0.1`").says("5 attempts");
}

#[test]
fn a_token_that_ends_early_is_renewed_once() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("cloudbuild.projects.locations.builds.create", Action::status(401)))
    });
    scene.run().expect(0);
    assert_eq!(scene.cloud.calls("oauth2.token").len(), 2);
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 1);

    let scene = Scene::new();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("run.projects.locations.services.patch", Action::status(401)).times(2))
    });
    scene.run().expect(3).says("does not accept the token");
}

#[test]
fn a_run_longer_than_its_tokens_goes_on() {
    let scene = Scene::new();
    // Google's tokens live for a minute here, which the client takes as used up at once.
    scene.cloud.world(|world| world.token_lifetime = 61);
    scene.run().expect(0);
}

#[test]
fn the_auth_actions_file_is_found_and_never_packed() {
    let mut scene = Scene::new();
    let key = scene.key().to_string();
    scene
        .input("credentials_json", "")
        .file("gha-creds-0123456789abcdef.json", &key)
        .file("app/gha-creds-0123456789abcdef.json", &key);
    scene.file("app/keys/deployer.json", &key);
    scene.variable("GOOGLE_APPLICATION_CREDENTIALS", "/__w/r/r/gha-creds-0123456789abcdef.json");
    let run = scene.run().expect(0);
    run.says("`gha-creds-0123456789abcdef.json` was left out").says("`keys/deployer.json` was left out");
    scene.cloud.world(|world| {
        let objects = &world.buckets["harbour-dev-slipway-us-central1"].objects;
        let (_, source) = objects.iter().find(|(name, _)| name.starts_with("source/")).unwrap();
        let mut names = Vec::new();
        let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(&source.content[..]));
        for entry in archive.entries().unwrap() {
            names.push(entry.unwrap().path().unwrap().display().to_string());
        }
        assert_eq!(names, ["Dockerfile", "keys/", "main.py"]);
    });
}

#[test]
fn a_file_that_is_not_where_it_is_said_to_be_is_told_with_the_places() {
    let mut scene = Scene::new();
    scene
        .input("credentials_json", "")
        .variable("GOOGLE_APPLICATION_CREDENTIALS", "/home/runner/work/r/r/gha-creds-0123456789abcdef.json");
    let run = scene.run().expect(2);
    run.says("GOOGLE_APPLICATION_CREDENTIALS names a file that is not there").says("after actions/checkout");
    assert_eq!(run.outputs["result"], "failed");
    // The result, and the report that says why.
    assert_eq!(json!(run.outputs.len()), 2);
}
