//! Keys of service accounts: made once, told once, switched off before they are deleted.

use crate::scene::Scene;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fakecloud::World;
use serde_json::{Value, json};

const HOME: &str = "/v1/projects/harbour-dev/serviceAccounts/deployer@harbour-dev.iam.gserviceaccount.com/keys";

fn scene() -> Scene {
    let scene = Scene::with(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountKeyAdmin"));
    assert!(HOME.contains(World::DEPLOYER));
    scene
}

fn create(scene: &Scene) -> Value {
    let body = json!({"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"});
    let reply = scene.post("iam", HOME, &body);
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

fn listed(scene: &Scene) -> Vec<Value> {
    scene.get("iam", &format!("{HOME}?keyTypes=USER_MANAGED")).json()["keys"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_key_is_made_told_once_switched_off_and_deleted() {
    let scene = scene();
    let before = listed(&scene).len();
    let made = create(&scene);
    let file = STANDARD.decode(made["privateKeyData"].as_str().unwrap_or_default()).expect("base64");
    let file: Value = serde_json::from_slice(&file).expect("a key file");
    let id = file["private_key_id"].as_str().expect("an id");
    assert!(made["name"].as_str().is_some_and(|name| name.ends_with(&format!("/keys/{id}"))));
    assert_eq!(file["token_uri"], scene.cloud.token_uri());
    assert_eq!(listed(&scene).len(), before + 1);
    assert!(listed(&scene).iter().all(|key| key.get("privateKeyData").is_none() && key["keyType"] == "USER_MANAGED"));
    assert_eq!(scene.get("iam", HOME).json()["keys"].as_array().map(Vec::len), Some(before + 2), "with Google's own");
    for _ in 0..2 {
        assert_eq!(scene.post("iam", &format!("{HOME}/{id}:disable"), &json!({})).status, 200);
    }
    let shown = scene.get("iam", &format!("{HOME}/{id}")).json();
    assert_eq!((&shown["disabled"], shown["disableReason"].is_string()), (&json!(true), true));
    assert_eq!(scene.call("iam", "DELETE", &format!("{HOME}/{id}"), None).status, 200);
    assert_eq!(scene.call("iam", "DELETE", &format!("{HOME}/{id}"), None).status, 404);
    scene.cloud.world(|world| {
        let counts = ["key created", "key disabled", "key deleted"].map(|what| world.count(what));
        assert_eq!(counts, [1, 1, 1]);
    });
}

#[test]
fn keys_have_their_limits() {
    let scene = scene();
    while listed(&scene).len() < 10 {
        create(&scene);
    }
    let refused = |scene: &Scene| scene.post("iam", HOME, &json!({})).json()["error"].clone();
    assert_eq!(refused(&scene)["status"], "FAILED_PRECONDITION");
    scene.cloud.world(|world| world.home().keys_forbidden = true);
    let violation = &refused(&scene)["details"][0]["violations"][0];
    assert_eq!(violation["type"], "constraints/iam.disableServiceAccountKeyCreation");
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/iam.serviceAccountKeyAdmin"));
    assert_eq!(scene.get("iam", HOME).status, 403);
}
