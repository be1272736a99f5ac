//! People and machines: what their tokens are got by, whose they are, and which project their requests count for.

use crate::client::{self, Reply};
use fakecloud::{Action, FakeCloud, Fault, World};
use serde_json::{Value, json};

const ANN: &str = "ann@example.com";

fn cloud() -> FakeCloud {
    let cloud = FakeCloud::start(World::new());
    cloud.world(|world| {
        world.add_person(ANN);
        world.home().policy.grant("roles/viewer", &format!("user:{ANN}"));
    });
    cloud
}

fn form(cloud: &FakeCloud, path: &str, pairs: &[(&str, &str)]) -> Reply {
    let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F"))).collect();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    client::send(&cloud.address("oauth2"), "POST", path, &headers, Some(text.join("&").as_bytes())).expect("a reply")
}

fn refresh(cloud: &FakeCloud, change: impl FnOnce(&mut Value)) -> Reply {
    let mut file = cloud.world(|world| world.person_json(ANN));
    change(&mut file);
    let text = |name: &str| file[name].as_str().expect("a text").to_owned();
    let (id, secret, kept) = (text("client_id"), text("client_secret"), text("refresh_token"));
    let grant = ("grant_type", "refresh_token");
    form(cloud, "/token", &[("client_id", &id), ("client_secret", &secret), ("refresh_token", &kept), grant])
}

fn token(cloud: &FakeCloud) -> String {
    refresh(cloud, |_| ()).json()["access_token"].as_str().expect("a token").to_owned()
}

#[test]
fn what_gcloud_keeps_buys_tokens_until_it_is_revoked() {
    let cloud = cloud();
    let answer = refresh(&cloud, |_| ()).json();
    assert!(answer["id_token"].is_string() && answer["scope"].as_str().is_some_and(|scope| scope.contains("openid")));
    let error = |reply: Reply| (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned());
    assert_eq!(error(refresh(&cloud, |file| file["client_id"] = "x".into())), (401, "invalid_client".into()));
    assert_eq!(error(refresh(&cloud, |file| file["client_secret"] = "x".into())), (401, "invalid_client".into()));
    assert_eq!(error(refresh(&cloud, |file| file["refresh_token"] = "x".into())), (400, "invalid_grant".into()));
    cloud.world(|world| world.people.get_mut(ANN).expect("Ann").must_sign_in_again = true);
    let again = refresh(&cloud, |_| ());
    assert_eq!(again.json()["error_subtype"], "invalid_rapt");
    assert_eq!(error(again), (400, "invalid_grant".into()));
}

#[test]
fn google_says_whose_a_token_is() {
    let cloud = cloud();
    let told = form(&cloud, "/tokeninfo", &[("access_token", &token(&cloud))]).json();
    assert_eq!((&told["email"], &told["expires_in"]), (&json!(ANN), &json!("3599")));
    assert_eq!(form(&cloud, "/tokeninfo", &[("access_token", "none")]).status, 400);
}

#[test]
fn requests_of_a_person_count_for_a_project_that_is_named() {
    let cloud = cloud();
    let bearer = format!("Bearer {}", token(&cloud));
    let get = |api: &str, path: &str, more: &[(&str, &str)]| {
        let headers = [&[("Authorization", bearer.as_str())], more].concat();
        client::send(&cloud.address(api), "GET", path, &headers, None).expect("a reply")
    };
    let project = "/v3/projects/harbour-dev";
    let refused = get("cloudresourcemanager", project, &[]);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"]["details"][0]["metadata"]["consumer"], "projects/764086051850");
    let own = [("x-goog-user-project", "harbour-dev")];
    assert_eq!(
        get("cloudresourcemanager", project, &own).json()["error"]["details"][0]["reason"],
        "USER_PROJECT_DENIED"
    );
    cloud.world(|world| world.home().policy.grant("roles/serviceusage.serviceUsageConsumer", &format!("user:{ANN}")));
    assert_eq!(get("cloudresourcemanager", project, &own).status, 200);
    // What lies in a project counts for it.
    assert_eq!(get("run", "/v2/projects/harbour-dev/locations/us-central1/services/none", &[]).status, 404);
    assert!(cloud.unexpected().is_empty(), "{:?}", cloud.unexpected());
}

#[test]
fn a_machine_knows_its_account_and_tells_whoever_asks_as_one_should() {
    let cloud = cloud();
    let get = |path: &str, headers: &[(&str, &str)]| {
        let path = format!("/computeMetadata/v1/instance/service-accounts/default/{path}");
        client::send(&cloud.address("metadata"), "GET", &path, headers, None).expect("a reply")
    };
    let known = [("Metadata-Flavor", "Google")];
    assert_eq!(get("token", &known).status, 404);
    cloud.world(|world| world.add_machine(World::DEPLOYER));
    let token = get("token", &known);
    assert_eq!(token.header("metadata-flavor"), Some("Google"));
    assert!(token.json()["access_token"].is_string());
    assert_eq!(get("?recursive=true", &known).json()["email"], World::DEPLOYER);
    assert_eq!(get("identity?audience=x&format=full", &known).text().split('.').count(), 3);
    assert_eq!(get("identity", &known).status, 400);
    assert!(cloud.unexpected().is_empty(), "{:?}", cloud.unexpected());
    assert_eq!(get("token", &[]).status, 501, "without the header nobody is answered");
}

#[test]
fn an_answer_may_lie_about_the_life_of_a_token() {
    let cloud = cloud();
    for said in [json!(0), json!("soon"), json!(u64::MAX)] {
        cloud.world(|world| world.said_lifetime = Some(said.clone()));
        assert_eq!(refresh(&cloud, |_| ()).json()["expires_in"], said);
    }
    cloud.world(|world| world.said_lifetime = Some(Value::Null));
    assert!(refresh(&cloud, |_| ()).json().get("expires_in").is_none());
}

#[test]
fn a_fault_may_answer_with_any_bytes() {
    let cloud = cloud();
    let bytes = vec![0xff, 0x00, 0x61];
    let headers = vec![("X-Odd".to_owned(), "yes".to_owned())];
    cloud.world(|world| world.faults.push(Fault::next("oauth2.token", Action::Raw(299, headers, bytes.clone()))));
    let reply = refresh(&cloud, |_| ());
    assert_eq!((reply.status, reply.header("x-odd"), &reply.body), (299, Some("yes"), &bytes));
}
