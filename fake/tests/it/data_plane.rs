//! Requests to deployed services.

use crate::client::{self, Reply};
use crate::scene::{SERVICES, Scene, hello, id_token_for, token_for};
use fakecloud::{Page, RevisionScript, Site, World};
use serde_json::{Value, json};
use std::time::Duration;

const REVISION: &str = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

fn visit(url: &str, path: &str, token: Option<&str>) -> std::io::Result<Reply> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
    client::send(url, "GET", path, &headers, None)
}

/// A public service with these revisions, all ready; traffic goes to the last.
fn public(revisions: &[&str]) -> Scene {
    let scene = Scene::new();
    for revision in revisions {
        let mut body = hello();
        body["template"]["revision"] = json!(revision);
        body["invokerIamDisabled"] = json!(true);
        scene.deploy("web", &body);
    }
    scene
}

fn uri(scene: &Scene) -> String {
    scene.service("web")["uri"].as_str().expect("an address").to_owned()
}

fn set_traffic(scene: &Scene, traffic: &Value) {
    let body = json!({"traffic": traffic});
    let operation = scene.call("run", "PATCH", &format!("{SERVICES}/web?updateMask=traffic"), Some(&body)).json();
    assert!(scene.wait(&operation).get("error").is_none());
}

#[test]
fn a_healthy_revision_says_who_it_is() {
    let scene = public(&["web-1"]);
    for url in scene.service("web")["urls"].as_array().expect("addresses") {
        let reply = visit(url.as_str().expect("an address"), "/any/path", None).expect("a reply");
        assert_eq!((reply.status, reply.header("x-fake-revision")), (200, Some("web-1")));
        assert_eq!(reply.json(), json!({"status": "ok", "service": "web", "revision": "web-1"}));
    }
    assert_eq!(scene.cloud.world(|world| world.served("web-1")), 2);
    let journal = scene.cloud.calls("site.request");
    assert_eq!(
        (journal.len(), journal[0].revision.as_deref(), journal[0].path.as_str()),
        (2, Some("web-1"), "/any/path")
    );
}

#[test]
fn healthz_never_reaches_a_revision_and_its_neighbours_do() {
    let scene = public(&["web-1"]);
    let url = uri(&scene);
    let kept = visit(&url, "/healthz", None).expect("a reply");
    assert_eq!((kept.status, kept.header("x-fake-revision")), (404, None));
    for path in ["/healthz/", "/readyz", "/livez", "/_ah/health"] {
        assert_eq!(visit(&url, path, None).expect("a reply").status, 200, "{path}");
    }
}

#[test]
fn traffic_is_split_exactly() {
    let scene = public(&["web-1", "web-2"]);
    set_traffic(
        &scene,
        &json!([{"type": REVISION, "revision": "web-1", "percent": 90}, {"type": REVISION, "revision": "web-2", "percent": 10}]),
    );
    let url = uri(&scene);
    for _ in 0..100 {
        visit(&url, "/", None).expect("a reply");
    }
    assert_eq!(scene.cloud.world(|world| (world.served("web-1"), world.served("web-2"))), (90, 10));
}

#[test]
fn a_tag_has_an_address_of_its_own_while_it_is_set() {
    let scene = public(&["web-1", "web-2"]);
    set_traffic(
        &scene,
        &json!([{"type": REVISION, "revision": "web-1", "percent": 100}, {"type": REVISION, "revision": "web-2", "tag": "c2"}]),
    );
    let statuses = scene.service("web")["trafficStatuses"].clone();
    assert!(statuses[1].get("percent").is_none() && statuses[0].get("uri").is_none());
    let tagged = statuses[1]["uri"].as_str().expect("an address").to_owned();
    assert_ne!(tagged, uri(&scene));
    assert_eq!(visit(&tagged, "/", None).expect("a reply").json()["revision"], "web-2");
    assert_eq!(visit(&uri(&scene), "/", None).expect("a reply").json()["revision"], "web-1");
    set_traffic(&scene, &json!([{"type": REVISION, "revision": "web-2", "percent": 100}]));
    assert_eq!(visit(&tagged, "/", None).expect("a reply").status, 404);
    assert!(scene.cloud.world(|world| world.services.values().all(|service| service.tag_urls.is_empty())));
}

#[test]
fn requests_are_counted_by_revision_and_kind_of_address() {
    let scene = public(&["web-1", "web-2"]);
    set_traffic(
        &scene,
        &json!([{"type": REVISION, "revision": "web-1", "percent": 75},
            {"type": REVISION, "revision": "web-2", "percent": 25, "tag": "c2"}]),
    );
    let tagged = scene.service("web")["trafficStatuses"][1]["uri"].as_str().expect("an address").to_owned();
    for _ in 0..3 {
        visit(&tagged, "/", None).expect("a reply");
    }
    assert_eq!(scene.cloud.visit("web", 100), [200; 100]);
    let counts = scene.cloud.world(|world| {
        ["web-1", "web-2"].map(|revision| (world.requests_of(revision), world.tagged_requests_of(revision)))
    });
    assert_eq!(counts, [(75, 0), (25, 3)]);
    assert_eq!(scene.cloud.world(|world| world.served("web-2")), 28);
    assert_eq!(scene.cloud.calls("site.request").len(), 3, "visitors are nobody's client");
}

#[test]
fn visitors_see_what_everybody_sees() {
    let scene = public(&["web-1"]);
    scene.cloud.world(|world| world.sites.insert("web".to_owned(), Site::always(Page::status(500)).warming_up(1)));
    assert_eq!(scene.cloud.visit("web", 2), [503, 500]);
    scene.cloud.world(|world| world.sites.insert("web".to_owned(), Site::always(Page::Reset)));
    assert_eq!(scene.cloud.visit("web", 1), [0]);
    assert_eq!(scene.cloud.visit("none", 1), [404]);
    scene.deploy("private", &hello());
    assert_eq!(scene.cloud.visit("private", 1), [403]);
    assert_eq!(scene.cloud.world(|world| world.requests_of("web-1")), 3);
}

#[test]
fn a_private_service_asks_for_an_id_token() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let url = uri(&scene);
    let status = |token: Option<&str>| visit(&url, "/health", token).expect("a reply").status;
    let reply = visit(&url, "/health", None).expect("a reply");
    assert_eq!((reply.status, reply.header("server")), (403, Some("Google Frontend")));
    assert!(
        reply.text().contains("Your client does not have permission to get URL <code>/health</code> from this server.")
    );
    // Either form of the base address is a good audience.
    for audience in scene.service("web")["urls"].as_array().expect("addresses") {
        let token = id_token_for(&scene.cloud, World::DEPLOYER, audience.as_str().expect("an address"));
        assert_eq!(status(Some(&token)), 200);
    }
    let elsewhere = id_token_for(&scene.cloud, World::DEPLOYER, "https://elsewhere.example");
    let reply = visit(&url, "/", Some(&elsewhere)).expect("a reply");
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").is_some_and(|text| text.contains("invalid_token")));
    assert_eq!(status(Some("eyJhbGciOiJub25lIn0.e30.e30")), 401);
    assert!(scene.cloud.unexpected().is_empty());
    // A good token of somebody who may not invoke.
    let stranger = id_token_for(&scene.cloud, World::COMPUTE, &url);
    assert_eq!(status(Some(&stranger)), 403);
    let served = scene.cloud.calls("site.request");
    assert_eq!(served.last().and_then(|entry| entry.account.clone()).as_deref(), Some(World::COMPUTE));
    // Tokens end.
    let token = id_token_for(&scene.cloud, World::DEPLOYER, &url);
    scene.cloud.world(|world| world.clock_skew = 7200);
    assert_eq!(status(Some(&token)), 401);
}

#[test]
fn a_tags_audience_is_the_base_address() {
    let scene = Scene::new();
    let mut body = hello();
    body["traffic"] = json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": "c1"}]);
    body["customAudiences"] = json!(["https://api.example"]);
    scene.deploy("web", &body);
    let service = scene.service("web");
    let tagged = service["trafficStatuses"][0]["uri"].as_str().expect("an address");
    let status = |audience: &str| {
        visit(tagged, "/", Some(&id_token_for(&scene.cloud, World::DEPLOYER, audience))).expect("a reply").status
    };
    assert_eq!(status(service["uri"].as_str().expect("an address")), 200);
    assert_eq!(status("https://api.example"), 200);
    assert_eq!(status(tagged), 401);
}

#[test]
fn an_access_token_does_not_belong_there() {
    let scene = public(&["web-1"]);
    let token = token_for(&scene.cloud, World::DEPLOYER);
    assert_eq!(visit(&uri(&scene), "/", Some(&token)).expect("a reply").status, 200);
    assert!(scene.cloud.unexpected()[0].starts_with("an access token was sent to projects/harbour-dev/"));
    let private = Scene::new();
    private.deploy("web", &hello());
    let token = token_for(&private.cloud, World::DEPLOYER);
    assert_eq!(visit(&uri(&private), "/", Some(&token)).expect("a reply").status, 401);
    assert_eq!(private.cloud.unexpected().len(), 1);
}

#[test]
fn all_users_open_a_service_after_a_while() {
    let scene = Scene::with(|world| world.policy_lag = 2);
    scene.deploy("web", &hello());
    let body = json!({"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}});
    assert_eq!(scene.post("run", &format!("{SERVICES}/web:setIamPolicy"), &body).status, 200);
    let url = uri(&scene);
    let statuses: Vec<u16> = (0..4).map(|_| visit(&url, "/", None).expect("a reply").status).collect();
    assert_eq!(statuses, [403, 403, 200, 200]);
}

#[test]
fn all_authenticated_users_are_not_everybody() {
    let scene = Scene::new();
    scene.deploy("web", &hello());
    let body = json!({"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allAuthenticatedUsers"]}]}});
    assert_eq!(scene.post("run", &format!("{SERVICES}/web:setIamPolicy"), &body).status, 200);
    let url = uri(&scene);
    assert_eq!(visit(&url, "/", None).expect("a reply").status, 403);
    let anyone = id_token_for(&scene.cloud, World::COMPUTE, &url);
    assert_eq!(visit(&url, "/", Some(&anyone)).expect("a reply").status, 200);
}

#[test]
fn closed_ingress_and_missing_addresses_are_not_found() {
    let scene = public(&["web-1"]);
    let url = uri(&scene);
    let mut body = hello();
    body["invokerIamDisabled"] = json!(true);
    body["ingress"] = json!("INGRESS_TRAFFIC_INTERNAL_ONLY");
    scene.deploy("web", &body);
    assert_eq!(visit(&url, "/", None).expect("a reply").status, 404);
    body["ingress"] = json!("INGRESS_TRAFFIC_ALL");
    scene.deploy("web", &body);
    assert_eq!(visit(&url, "/", None).expect("a reply").status, 200);
    body["defaultUriDisabled"] = json!(true);
    scene.deploy("web", &body);
    assert!(scene.service("web").get("uri").is_none());
    assert_eq!(visit(&url, "/", None).expect("a reply").status, 404);
}

#[test]
fn a_service_without_a_ready_revision_is_unavailable() {
    let scene = Scene::with(|world| {
        world.next_revisions.push_back(RevisionScript::ending(fakecloud::RevisionOutcome::DoesNotListen))
    });
    let mut body = hello();
    body["invokerIamDisabled"] = json!(true);
    scene.deploy("web", &body);
    assert_eq!(visit(&uri(&scene), "/", None).expect("a reply").status, 503);
}

#[test]
fn sites_answer_as_scripted() {
    let site = Site::healthy()
        .with("/health", Page::status(500))
        .with("/away", Page::Redirect("https://evil.example/".to_owned()))
        .with("/cut", Page::Reset)
        .with("/late", Page::Slow(Duration::from_millis(30)))
        .with("/words", Page::text(200, "something else"))
        .warming_up(2);
    let scene = Scene::with(|world| world.next_revisions.push_back(RevisionScript::answering(site)));
    let mut body = hello();
    body["invokerIamDisabled"] = json!(true);
    scene.deploy("web", &body);
    let url = uri(&scene);
    let status = |path: &str| visit(&url, path, None).map(|reply| reply.status).ok();
    assert_eq!([status("/"), status("/"), status("/")], [Some(503), Some(503), Some(200)]);
    assert_eq!(status("/health"), Some(500));
    let away = visit(&url, "/away", None).expect("a reply");
    assert_eq!((away.status, away.header("location")), (302, Some("https://evil.example/")));
    assert_eq!(status("/cut"), None);
    assert_eq!(status("/late"), Some(200));
    assert_eq!(visit(&url, "/words", None).expect("a reply").text(), "something else");
}

#[test]
fn a_site_of_a_service_serves_revisions_without_their_own() {
    let scene = public(&["web-1"]);
    let url = uri(&scene);
    scene.cloud.world(|world| world.sites.insert("web".to_owned(), Site::huge()));
    assert_eq!(visit(&url, "/", None).expect("a reply").body.len(), 1 << 20);
    scene.cloud.world(|world| world.sites.insert("web".to_owned(), Site::hostile()));
    let text = visit(&url, "/", None).expect("a reply").text();
    assert!(text.contains("\n::set-output name=url::") && text.contains('\u{1b}') && text.contains('\0'));
}
