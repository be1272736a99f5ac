//! Signing in without a key: GitHub's identities, their exchange, and acting as an account.

use crate::client::{self, Reply};
use crate::scene::{Scene, now, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fakecloud::World;
use serde_json::{Value, json};

const POOL: &str = "projects/123456789012/locations/global/workloadIdentityPools/github";

fn scene() -> Scene {
    Scene::with(World::trust_github)
}

fn identity(scene: &Scene, audience: &str, token: &str) -> Reply {
    let [(_, url), _] = scene.cloud.identity_variables();
    let path = url.strip_prefix(&scene.cloud.address("actions")).expect("its own address").to_owned();
    let audience = audience.replace(':', "%3A").replace('/', "%2F");
    let bearer = format!("Bearer {token}");
    let path = format!("{path}&audience={audience}");
    client::send(&scene.cloud.address("actions"), "GET", &path, &[("Authorization", &bearer)], None).expect("a reply")
}

fn own_token(scene: &Scene) -> String {
    let [_, (_, request)] = scene.cloud.identity_variables();
    let reply = identity(scene, &format!("https://iam.googleapis.com/{}", World::PROVIDER), &request);
    reply.json()["value"].as_str().expect("a token").to_owned()
}

fn exchange(scene: &Scene, token: &str, change: impl FnOnce(&mut Value)) -> Reply {
    let mut body = json!({
        "audience": format!("//iam.googleapis.com/{}", World::PROVIDER),
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
        "subjectToken": token,
    });
    change(&mut body);
    let (text, headers) = (body.to_string(), [("Content-Type", "application/json")]);
    client::send(&scene.cloud.address("sts"), "POST", "/v1/token", &headers, Some(text.as_bytes())).expect("a reply")
}

fn error(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn federated(scene: &Scene) -> String {
    let reply = exchange(scene, &own_token(scene), |_| ());
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["access_token"].as_str().expect("a token").to_owned()
}

fn act_as(scene: &Scene, verb: &str, body: &Value) -> Reply {
    let path = format!("/v1/projects/-/serviceAccounts/{}:{verb}", World::DEPLOYER);
    scene.post("iamcredentials", &path, body)
}

fn scope() -> Value {
    json!({"scope": ["https://www.googleapis.com/auth/cloud-platform"]})
}

#[test]
fn github_says_who_runs_to_those_it_told_how_to_ask() {
    let scene = scene();
    let token = own_token(&scene);
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["iss"], "https://token.actions.githubusercontent.com");
    assert_eq!(claims["aud"], json!(format!("https://iam.googleapis.com/{}", World::PROVIDER)));
    assert_eq!((&claims["sub"], &claims["repository_id"]), (&json!("repo:o/r:ref:refs/heads/develop"), &json!("4711")));
    let lives = claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time");
    assert_eq!(lives, 600);
    assert_eq!(identity(&scene, "x", "another token").status, 401);
    assert_ne!(own_token(&scene), token, "each is new");
}

#[test]
fn an_identity_is_exchanged_and_its_token_is_a_run_of_the_pool() {
    let mut scene = scene();
    let reply = exchange(&scene, &own_token(&scene), |_| ());
    assert_eq!((reply.status, &reply.json()["expires_in"]), (200, &json!(599)));
    scene.token = reply.json()["access_token"].as_str().expect("a token").to_owned();
    // Nothing was granted to it.
    let path = "/v3/projects/harbour-dev";
    assert_eq!(scene.get("cloudresourcemanager", path).status, 403);
    scene.cloud.world(|world| world.home().policy.grant("roles/run.admin", World::RUNS));
    assert_eq!(scene.get("cloudresourcemanager", path).status, 200);
    let journal = scene.cloud.journal();
    let account = journal.last().and_then(|entry| entry.account.clone());
    assert_eq!(account, Some(format!("principal://iam.googleapis.com/{POOL}/subject/repo:o/r:ref:refs/heads/develop")));
    scene.cloud.world(|world| world.clock_skew = 700);
    assert_eq!(scene.get("cloudresourcemanager", path).status, 401);
}

#[test]
fn members_of_a_pool_are_matched_as_they_are_written() {
    let scene = scene();
    federated(&scene);
    let all = |member: &str| format!("principalSet://iam.googleapis.com/{POOL}/{member}");
    let subject = |name: &str| format!("principal://iam.googleapis.com/{POOL}/subject/{name}");
    for (member, meant) in [
        (all("*"), true),
        (all("attribute.repository_id/4711"), true),
        (all("attribute.repository_id/47110"), false),
        (all("attribute.repository/o/r"), false),
        (all("attribute.ref/refs/heads/develop"), true),
        (all("*").replace("/github/", "/other1/"), false),
        (subject("repo:o/r:ref:refs/heads/develop"), true),
        (subject("repo:o/r:ref:refs/heads/main"), false),
        ("principal://x".to_owned(), false),
    ] {
        let allowed = scene.cloud.world(|world| {
            world.home().policy = fakecloud::IamPolicy::default();
            world.home().policy.grant("roles/run.admin", &member);
            let run = subject("repo:o/r:ref:refs/heads/develop");
            world.allows(&run, "run.services.get", World::PROJECT, None)
        });
        assert_eq!(allowed, meant, "{member}");
    }
}

#[test]
fn what_google_does_not_trust_is_not_exchanged() {
    let scene = scene();
    let token = own_token(&scene);
    let refused = |change: &dyn Fn(&mut Value)| error(&exchange(&scene, &token, change));
    assert_eq!(refused(&|body| body["audience"] = json!("//iam.googleapis.com/x")), (400, "invalid_target".into()));
    assert_eq!(refused(&|body| body["grantType"] = json!("x")), (400, "unsupported_grant_type".into()));
    assert_eq!(refused(&|body| body["scope"] = json!("")), (400, "invalid_scope".into()));
    assert_eq!(refused(&|body| body["subjectTokenType"] = json!("x")), (400, "invalid_request".into()));
    assert_eq!(refused(&|body| body["subjectToken"] = json!("no.jwt")), (400, "invalid_request".into()));
    let mut forged: Vec<&str> = token.split('.').collect();
    forged[2] = "c2ln";
    let forged = forged.join(".");
    assert_eq!(error(&exchange(&scene, &forged, |_| ())).1, "invalid_grant");
    // A key file's own key signs as GitHub's does here, so the claims can be chosen.
    let key: Value = serde_json::from_str(&scene.cloud.key_json(World::DEPLOYER)).expect("a key");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = json!({"iss": "https://token.actions.githubusercontent.com", "sub": "s",
            "aud": format!("https://iam.googleapis.com/{}", World::PROVIDER), "iat": now(), "exp": now() + 600,
            "repository_id": "4711", "repository_owner_id": "815", "ref": "r"});
        change(&mut claims);
        let signed = sign(&key, &json!({"alg": "RS256", "typ": "JWT"}), &claims, &URL_SAFE_NO_PAD);
        let reply = exchange(&scene, &signed, |_| ());
        (reply.status, reply.json()["error_description"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(with(&|_| ()).0, 200);
    assert!(with(&|claims| claims["iss"] = json!("https://evil.example")).1.contains("issuer"));
    assert!(with(&|claims| claims["aud"] = json!("https://evil.example")).1.contains("audience"));
    assert!(with(&|claims| claims["exp"] = json!(now() - 100)).1.contains("expired"));
    assert!(with(&|claims| claims["iat"] = json!(now() + 900)).1.contains("future"));
    let by_condition = with(&|claims| claims["repository_id"] = json!("4712"));
    assert_eq!(by_condition, (403, "The given credential is rejected by the attribute condition.".to_owned()));
    scene.cloud.world(|world| world.providers.get_mut(World::PROVIDER).expect("there").disabled = true);
    assert_eq!(error(&exchange(&scene, &token, |_| ())), (400, "invalid_target".into()));
}

#[test]
fn an_identity_is_worth_nothing_after_ten_minutes() {
    let scene = scene();
    let token = own_token(&scene);
    scene.cloud.world(|world| world.clock_skew = 700);
    assert_eq!(error(&exchange(&scene, &token, |_| ())), (400, "invalid_grant".into()));
    assert_eq!(exchange(&scene, &own_token(&scene), |_| ()).status, 200);
}

#[test]
fn a_run_acts_as_an_account_that_lets_it() {
    let mut scene = scene();
    scene.token = federated(&scene);
    let reply = act_as(&scene, "generateAccessToken", &scope());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let token = reply.json()["accessToken"].as_str().expect("a token").to_owned();
    let identity = act_as(&scene, "generateIdToken", &json!({"audience": "https://x", "includeEmail": true}));
    let claims = identity.json()["token"].as_str().and_then(|token| token.split('.').nth(1).map(str::to_owned));
    let claims = URL_SAFE_NO_PAD.decode(claims.expect("claims")).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!((&claims["aud"], &claims["email"]), (&json!("https://x"), &json!(World::DEPLOYER)));
    let mut long = scope();
    long["lifetime"] = json!("3601s");
    assert_eq!(act_as(&scene, "generateAccessToken", &long).status, 400);
    assert_eq!(act_as(&scene, "generateAccessToken", &json!({})).status, 400);
    scene.token = token;
    assert_eq!(scene.get("cloudresourcemanager", "/v3/projects/harbour-dev").status, 200);
    // The account may not make tokens of itself.
    assert_eq!(act_as(&scene, "generateAccessToken", &scope()).status, 403);

    scene.token = federated(&scene);
    scene.cloud.world(|world| {
        let account = world.accounts.get_mut(World::DEPLOYER).expect("an account");
        account.policy.revoke("roles/iam.workloadIdentityUser", World::RUNS);
    });
    let reply = act_as(&scene, "generateAccessToken", &scope());
    assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("IAM_PERMISSION_DENIED")));
    scene.cloud.world(|world| world.disable_api("iamcredentials.googleapis.com"));
    let reply = act_as(&scene, "generateAccessToken", &scope());
    assert_eq!(reply.reason().as_deref(), Some("SERVICE_DISABLED"));
}

#[test]
fn a_chain_holds_when_each_lets_the_one_before() {
    let mut scene = scene();
    let middle = "middle@harbour-dev.iam.gserviceaccount.com";
    let creator = "roles/iam.serviceAccountTokenCreator";
    scene.cloud.world(|world| {
        world.add_account(World::PROJECT, middle);
        let account = world.accounts.get_mut(World::DEPLOYER).expect("an account");
        account.policy.revoke("roles/iam.workloadIdentityUser", World::RUNS);
        account.policy.grant(creator, &format!("serviceAccount:{middle}"));
    });
    scene.token = federated(&scene);
    let mut body = scope();
    body["delegates"] = json!([format!("projects/-/serviceAccounts/{middle}")]);
    assert_eq!(act_as(&scene, "generateAccessToken", &body).status, 403, "the first does not let the run");
    scene.cloud.world(|world| {
        world.accounts.get_mut(middle).expect("an account").policy.grant(creator, World::RUNS);
    });
    assert_eq!(act_as(&scene, "generateAccessToken", &body).status, 200);
    assert_eq!(act_as(&scene, "generateAccessToken", &scope()).status, 403, "not without the one between");
}

#[test]
fn an_identity_is_exchanged_by_a_form_as_well() {
    let scene = scene();
    let kind = |kind: &str| format!("urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3A{kind}");
    let body = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&requested_token_type={}\
         &subject_token_type={}&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fiam&audience=%2F%2Fiam.googleapis.com%2F{}\
         &subject_token={}",
        kind("access_token"),
        kind("jwt"),
        World::PROVIDER.replace('/', "%2F"),
        own_token(&scene)
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let reply = client::send(&scene.cloud.address("sts"), "POST", "/v1/token", &headers, Some(body.as_bytes()));
    let reply = reply.expect("a reply");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(scene.cloud.unexpected().is_empty());
}
