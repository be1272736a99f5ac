//! The token endpoint.

use crate::client;
use crate::scene::{Scene, assertion, exchange, id_token_for, now, sign, token_for};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use fakecloud::{FakeCloud, World};
use serde_json::{Value, json};

fn cloud() -> (FakeCloud, String) {
    let cloud = FakeCloud::start(World::new());
    let key = cloud.key_json(World::DEPLOYER);
    (cloud, key)
}

fn refusal(cloud: &FakeCloud, signed: &str) -> (u16, String, String) {
    let reply = exchange(cloud, signed);
    let body = reply.json();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    (reply.status, text("error"), text("error_description"))
}

fn invalid_grant(description: &str) -> (u16, String, String) {
    (400, "invalid_grant".to_owned(), description.to_owned())
}

#[test]
fn a_key_file_looks_like_googles_and_buys_an_access_token() {
    let (cloud, key) = cloud();
    let file: Value = serde_json::from_str(&key).expect("JSON");
    assert_eq!(file["type"], "service_account");
    assert_eq!(file["client_email"], World::DEPLOYER);
    assert_eq!(file["token_uri"], json!(cloud.token_uri()));
    assert!(file["private_key"].as_str().is_some_and(|pem| pem.starts_with("-----BEGIN PRIVATE KEY-----\n")));
    let body = exchange(&cloud, &assertion(&key, |_| ())).json();
    assert!(body["access_token"].as_str().is_some_and(|token| token.starts_with("ya29.")));
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(3599), &json!("Bearer")));
}

#[test]
fn padded_assertions_without_a_key_id_are_taken() {
    let (cloud, key) = cloud();
    let file: Value = serde_json::from_str(&key).expect("JSON");
    let claims =
        json!({"iss": World::DEPLOYER, "aud": cloud.token_uri(), "iat": now(), "exp": now() + 60, "scope": "x"});
    let signed = sign(&file, &json!({"alg": "RS256", "typ": "JWT"}), &claims, &URL_SAFE);
    assert!(signed.contains('='), "this one should be padded");
    assert_eq!(exchange(&cloud, &signed).status, 200);
    let unsigned = sign(&file, &json!({"alg": "none"}), &claims, &URL_SAFE);
    assert_eq!(refusal(&cloud, &unsigned), invalid_grant("Invalid JWT Signature."));
    let other_key = sign(&file, &json!({"alg": "RS256", "kid": "other"}), &claims, &URL_SAFE);
    assert_eq!(refusal(&cloud, &other_key), invalid_grant("Invalid JWT Signature."));
}

#[test]
fn an_id_token_names_audience_and_account() {
    let (cloud, _) = cloud();
    let token = id_token_for(&cloud, World::DEPLOYER, "https://web.example");
    let claims = token.split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64"));
    let claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
    assert_eq!((&claims["aud"], &claims["email"]), (&json!("https://web.example"), &json!(World::DEPLOYER)));
    assert_eq!(claims["iss"], "https://accounts.google.com");
}

#[test]
fn deleted_and_disabled_keys_do_not_sign() {
    let (cloud, key) = cloud();
    let signed = assertion(&key, |_| ());
    cloud.world(|world| world.disable_keys(World::DEPLOYER));
    assert_eq!(refusal(&cloud, &signed), invalid_grant("Invalid JWT Signature."));
    cloud.world(|world| world.accounts.get_mut(World::DEPLOYER).expect("an account").keys.clear());
    assert_eq!(refusal(&cloud, &signed), invalid_grant("Invalid JWT Signature."));
}

#[test]
fn a_changed_assertion_is_not_genuine() {
    let (cloud, key) = cloud();
    let signed = assertion(&key, |_| ());
    let mut parts: Vec<String> = signed.split('.').map(str::to_owned).collect();
    let claims =
        json!({"iss": World::DEPLOYER, "aud": cloud.token_uri(), "iat": now(), "exp": now() + 60, "scope": "x"});
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    assert_eq!(refusal(&cloud, &parts.join(".")), invalid_grant("Invalid JWT Signature."));
}

#[test]
fn deleted_accounts_are_not_found() {
    let (cloud, key) = cloud();
    cloud.world(|world| world.delete_account(World::DEPLOYER));
    let (status, error, description) = refusal(&cloud, &assertion(&key, |_| ()));
    assert_eq!((status, error.as_str()), (400, "invalid_grant"));
    assert!(description.contains("account not found"));
}

#[test]
fn times_must_be_near_googles() {
    let (cloud, key) = cloud();
    let shifted = |seconds: i64| {
        assertion(&key, |claims| {
            claims["iat"] = json!(now() + seconds);
            claims["exp"] = json!(now() + seconds + 3600);
        })
    };
    // Five minutes ahead are known to pass, ten are not.
    assert_eq!(exchange(&cloud, &shifted(290)).status, 200);
    for seconds in [600, 86_400, -3_960] {
        let (_, error, description) = refusal(&cloud, &shifted(seconds));
        assert_eq!(error, "invalid_grant");
        assert!(description.starts_with("Invalid JWT: Token must be a short-lived token (60 minutes)"), "{seconds}");
    }
    let long = assertion(&key, |claims| claims["exp"] = json!(now() + 3700));
    assert!(refusal(&cloud, &long).2.starts_with("Invalid JWT: Token must be"));
    // The same holds when it is Google's clock that is ahead.
    cloud.world(|world| world.clock_skew = 86_400);
    assert!(refusal(&cloud, &assertion(&key, |_| ())).2.starts_with("Invalid JWT: Token must be"));
}

#[test]
fn audience_scope_and_subject_are_checked() {
    let (cloud, key) = cloud();
    let audience = assertion(&key, |claims| claims["aud"] = json!("https://evil.example/token"));
    assert!(refusal(&cloud, &audience).2.contains("audience check"));
    let real = assertion(&key, |claims| claims["aud"] = json!("https://oauth2.googleapis.com/token"));
    assert_eq!(exchange(&cloud, &real).status, 200);
    let scope = assertion(&key, |claims| claims["scope"] = json!(""));
    assert_eq!(refusal(&cloud, &scope).1, "invalid_scope");
    let subject = assertion(&key, |claims| claims["sub"] = json!("someone@else.example"));
    assert_eq!(refusal(&cloud, &subject).1, "unauthorized_client");
    assert_eq!(refusal(&cloud, "no.jwt").1, "invalid_grant");
    let body = b"grant_type=password";
    let reply = client::send(&cloud.address("oauth2"), "POST", "/token", &[], Some(body)).expect("a reply");
    assert_eq!(reply.json()["error"], "unsupported_grant_type");
}

#[test]
fn expired_unknown_and_missing_tokens_are_refused() {
    let mut scene = Scene::new();
    let path = "/v3/projects/harbour-dev";
    assert_eq!(scene.get("cloudresourcemanager", path).status, 200);
    scene.cloud.world(World::expire_tokens);
    let reply = scene.get("cloudresourcemanager", path);
    assert_eq!((reply.status, reply.reason().as_deref()), (401, Some("ACCESS_TOKEN_EXPIRED")));
    assert_eq!(reply.json()["error"]["status"], "UNAUTHENTICATED");
    // A fresh one works again.
    scene.token = token_for(&scene.cloud, World::DEPLOYER);
    assert_eq!(scene.get("cloudresourcemanager", path).status, 200);
    scene.token = "ya29.invented".to_owned();
    assert_eq!(scene.get("storage", "/storage/v1/b/x").json()["error"]["errors"][0]["reason"], "authError");
    let reply = client::send(&scene.cloud.address("run"), "GET", "/v2/projects/p/locations/r-1/services/x", &[], None);
    assert_eq!(reply.expect("a reply").reason().as_deref(), Some("CREDENTIALS_MISSING"));
}

#[test]
fn a_token_lives_as_long_as_the_world_says() {
    let scene = Scene::with(|world| world.token_lifetime = 0);
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").status, 401);
}
