//! Hosting sites, and who may do what with them.

use crate::client;
use crate::hosting_scene::{API, SITE, begin, scene, scene_with, ship, url, visit, word};
use crate::scene::Scene;
use fakecloud::World;
use serde_json::{Value, json};

const SITES: &str = "/v1beta1/projects/harbour-dev/sites";

#[test]
fn the_seed_has_a_default_site() {
    let scene = scene();
    let site = scene.get(API, SITE).json();
    assert_eq!(
        (&site["name"], &site["type"]),
        (&json!("projects/harbour-dev/sites/harbour-dev"), &json!("DEFAULT_SITE"))
    );
    assert_eq!(site["defaultUrl"], json!(url(&scene, "live")));
    assert_eq!(scene.get(API, SITES).json(), json!({"sites": [site]}));
    let by_number = scene.get(API, "/v1beta1/projects/123456789012/sites/harbour-dev");
    assert_eq!(by_number.json(), site);
    let missing = scene.get(API, &format!("{SITES}/nowhere"));
    assert_eq!((missing.status, word(&missing).as_str()), (404, "NOT_FOUND"));
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn sites_are_created_under_names_nobody_has() {
    let scene = scene_with(|world| {
        world.add_project("quay-prod", "987654321098");
        world.add_site("quay-prod", "quay-prod", true);
    });
    let create = |id: &str| scene.post(API, &format!("{SITES}?siteId={id}"), &json!({"labels": {"team": "web"}}));
    let made = create("harbour-docs");
    assert_eq!((made.status, &made.json()["type"]), (200, &json!("USER_SITE")));
    assert_eq!(made.json()["labels"], json!({"team": "web"}));
    assert_eq!(word(&create("harbour-docs")), "ALREADY_EXISTS");
    for illegal in ["quay-prod", "", "short", "-dash-", "Capitals", "much-too-long-a-name-for-a-site"] {
        assert_eq!(create(illegal).status, 400, "{illegal}");
    }
    let checked = scene.post(API, &format!("{SITES}?siteId=harbour-next&validateOnly=true"), &json!({}));
    assert_eq!(checked.status, 200);
    assert_eq!(scene.cloud.world(|world| (world.count("site created"), world.hosting.len())), (1, 3));
    let pages: Vec<Value> =
        ["", "&pageToken=1"].map(|token| scene.get(API, &format!("{SITES}?pageSize=1{token}")).json()).to_vec();
    assert_eq!(pages[0]["nextPageToken"], "1");
    assert_eq!(pages[0]["sites"][0]["name"], "projects/harbour-dev/sites/harbour-dev");
    assert_eq!(pages[1]["sites"][0]["name"], "projects/harbour-dev/sites/harbour-docs");
    assert!(pages[1].get("nextPageToken").is_none());
}

/// One call of each kind, after a release.
fn calls(scene: &Scene, version: &str) -> Vec<(&'static str, u16)> {
    let post = |path: &str| scene.post(API, path, &json!({})).status;
    let patch = |path: &str| scene.call(API, "PATCH", path, Some(&json!({}))).status;
    let delete = |path: &str| scene.call(API, "DELETE", path, None).status;
    let get = |path: &str| scene.get(API, path).status;
    let id = version.rsplit('/').next().expect("an id");
    vec![
        ("get", get(SITE)),
        ("get", get(&format!("{SITE}/channels"))),
        ("get", get(&format!("{SITE}/channels/live"))),
        ("get", get(&format!("{SITE}/versions"))),
        ("get", get(&format!("/v1beta1/{version}"))),
        ("get", get(&format!("/v1beta1/{version}/files"))),
        ("get", get(&format!("{SITE}/releases"))),
        ("get", get("/v1beta1/sites/harbour-dev/channels/live/releases")),
        ("list", get(SITES)),
        ("create", post(&format!("{SITES}?siteId=harbour-docs"))),
        ("update", post(&format!("{SITE}/channels?channelId=pr-1"))),
        ("update", patch(&format!("{SITE}/channels/live?updateMask=labels"))),
        ("update", delete(&format!("{SITE}/channels/pr-1"))),
        ("update", post(&format!("{SITE}/versions"))),
        ("update", patch(&format!("/v1beta1/{version}"))),
        ("update", post(&format!("/v1beta1/{version}:populateFiles"))),
        ("update", post(&format!("/upload/sites/harbour-dev/versions/{id}/files/abc"))),
        ("update", post(&format!("{SITE}/releases"))),
        ("update", post(&format!("{SITE}/versions:clone"))),
        ("update", delete(&format!("/v1beta1/{version}"))),
    ]
}

#[test]
fn every_call_asks_for_its_permission() {
    let scene = scene();
    let version = ship(&scene, &[("/index.html", "one")], &json!({}));
    scene.cloud.world(|world| world.revoke(World::PROJECT, World::DEPLOYER, "roles/firebasehosting.admin"));
    for (kind, status) in calls(&scene, &version) {
        assert_eq!(status, 403, "{kind}");
    }
    let refused = scene.get(API, SITE);
    let sample = json!({"error": {"code": 403, "message": "The caller does not have permission",
        "status": "PERMISSION_DENIED"}});
    assert_eq!(refused.json(), sample);
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/firebasehosting.viewer"));
    for (kind, status) in calls(&scene, &version) {
        assert_eq!(status == 403, !matches!(kind, "get" | "list"), "{kind}: {status}");
    }
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/editor"));
    assert!(calls(&scene, &version).iter().all(|(_, status)| *status != 403));
}

#[test]
fn a_stranger_is_not_told_whether_a_site_exists() {
    let scene = scene_with(|world| {
        world.add_project("quay-prod", "987654321098");
        world.add_site("quay-prod", "quay-prod", true);
    });
    for path in ["projects/quay-prod/sites/quay-prod", "projects/quay-prod/sites/none", "sites/quay-prod/versions"] {
        assert_eq!(scene.get(API, &format!("/v1beta1/{path}")).status, 403, "{path}");
    }
    // A site of another project is not found below this one.
    assert_eq!(scene.get(API, &format!("{SITES}/quay-prod")).status, 404);
}

#[test]
fn a_disabled_api_and_a_missing_token_are_refused_first() {
    let scene = scene();
    let version = begin(&scene);
    let id = version.rsplit('/').next().expect("an id");
    let path = format!("/upload/sites/harbour-dev/versions/{id}/files/{}", "0".repeat(64));
    let reply = client::send(&scene.cloud.address(API), "POST", &path, &[], Some(b"x")).expect("a reply");
    assert_eq!((reply.status, reply.reason().as_deref()), (401, Some("CREDENTIALS_MISSING")));
    scene.cloud.world(|world| world.disable_api("firebasehosting.googleapis.com"));
    for reply in [scene.get(API, SITE), scene.send(API, "POST", &path, &[], Some(b"x"))] {
        assert_eq!((reply.status, reply.reason().as_deref()), (403, Some("SERVICE_DISABLED")));
    }
}

#[test]
fn the_address_of_the_api_is_announced_like_the_others() {
    let scene = scene();
    let address = format!("{}/", scene.cloud.address(API));
    assert!(scene.cloud.endpoints().contains(&("CLOUDSDK_API_ENDPOINT_OVERRIDES_FIREBASEHOSTING".to_owned(), address)));
}

#[test]
fn methods_the_fake_lacks_are_loud() {
    let scene = scene();
    let reply = scene.get(API, &format!("{SITE}/config"));
    assert!(reply.status == 501 && reply.message().contains("firebasehosting.projects.sites.getConfig"));
    assert_eq!(scene.post(API, &format!("{SITE}/versions?versionId=mine"), &json!({})).status, 200);
    assert_eq!(scene.cloud.unexpected().len(), 2);
}

#[test]
fn what_was_released_before_the_test_is_served() {
    let scene = scene_with(|world| {
        let config = json!({"cleanUrls": true});
        world.publish("harbour-dev", "live", &[("/index.html", "home"), ("/about.html", "about")], config);
    });
    assert_eq!(visit(&url(&scene, "live"), "/about", &[]).text(), "about");
    let files = scene.cloud.world(|world| world.hosting_site("harbour-dev").expect("a site").files_on("live"));
    assert_eq!(
        files.into_iter().map(|(path, content)| (path, content.len())).collect::<Vec<_>>(),
        [("/about.html".to_owned(), 5), ("/index.html".to_owned(), 4)]
    );
    let live = scene.get(API, &format!("{SITE}/channels/live")).json();
    assert_eq!(live["release"]["version"]["fileCount"], "2");
    assert_eq!(scene.cloud.world(|world| world.count("release created")), 0, "no caller did that");
}
