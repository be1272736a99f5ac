//! Hosting releases: what may be released, what kind it is, and what a broken site looks like.

use crate::hosting_scene::{API, SITE, begin, finalized, release, scene, ship, url, visit, word};
use fakecloud::{Action, Fault, Page, Site, World};
use serde_json::{Value, json};

#[test]
fn a_release_tells_who_released_what() {
    let scene = scene();
    let version = finalized(&scene, &[("/index.html", "one")], &json!({"cleanUrls": true}));
    let path = format!("{SITE}/channels/live/releases?versionName={version}");
    let made = scene.post(API, &path, &json!({"message": "1a2b3c4"})).json();
    assert_eq!((&made["type"], &made["message"]), (&json!("DEPLOY"), &json!("1a2b3c4")));
    assert_eq!(made["releaseUser"]["email"], World::DEPLOYER);
    assert_eq!(made["version"], scene.get(API, &format!("/v1beta1/{version}")).json());
    let name = made["name"].as_str().expect("a name");
    let id = name.strip_prefix("projects/harbour-dev/sites/harbour-dev/channels/live/releases/").expect("its place");
    assert!(id.bytes().all(|b| b.is_ascii_digit()), "{id}");
    assert_eq!(scene.get(API, &format!("/v1beta1/{name}")).json(), made);
    assert_eq!(scene.get(API, &format!("/v1beta1/sites/harbour-dev/releases/{id}")).json(), made);
    assert_eq!(scene.get(API, &format!("{SITE}/channels/live")).json()["release"], made);
    assert_eq!(scene.get(API, &format!("{SITE}/releases/1")).status, 404);
    let shown = scene.cloud.world(|world| world.hosting["harbour-dev"].shown_on("live").map(|v| v.number));
    assert_eq!(shown, Some(1));
}

#[test]
fn going_back_is_a_rollback() {
    let scene = scene();
    let one = ship(&scene, &[("/index.html", "one")], &json!({}));
    let two = finalized(&scene, &[("/index.html", "two")], &json!({}));
    // By number, without a project, and as the site's own release: all mean the live channel.
    let short = |version: &str| version.replace("projects/harbour-dev/", "");
    let numbered = |version: &str| version.replace("projects/harbour-dev/", "projects/123456789012/");
    let kinds = [short(&two), two.clone(), numbered(&one), short(&two)].map(|name| {
        let made = scene.post(API, &format!("{SITE}/releases?versionName={name}"), &json!({}));
        assert_eq!(made.status, 200, "{}", made.text());
        made.json()["type"].clone()
    });
    assert_eq!(kinds, [json!("DEPLOY"), json!("DEPLOY"), json!("ROLLBACK"), json!("ROLLBACK")]);
    let list = scene.get(API, &format!("{SITE}/channels/live/releases?pageSize=3")).json();
    let versions: Vec<&Value> =
        list["releases"].as_array().expect("releases").iter().map(|one| &one["version"]["name"]).collect();
    assert_eq!((versions, &list["nextPageToken"]), (vec![&json!(two), &json!(one), &json!(two)], &json!("3")));
    assert_eq!(visit(&url(&scene, "live"), "/", &[]).text(), "two");
    let ids = scene.cloud.world(|world| {
        world.hosting["harbour-dev"].channels["live"].releases.iter().map(|release| release.id).collect::<Vec<_>>()
    });
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert_eq!(scene.cloud.world(|world| world.count("release created")), 5);
}

#[test]
fn only_a_finalized_version_of_the_site_is_released() {
    let scene = scene();
    let open = begin(&scene);
    assert_eq!(word(&release(&scene, "live", &open)), "FAILED_PRECONDITION");
    scene.cloud.world(|world| world.add_site(World::PROJECT, "harbour-docs", false));
    let version = finalized(&scene, &[("/index.html", "one")], &json!({}));
    let post = |path: &str, body: &Value| scene.post(API, path, body).status;
    let foreign = format!("/v1beta1/sites/harbour-docs/releases?versionName={version}");
    assert_eq!(post(&foreign, &json!({})), 400);
    for name in ["", "versions/1", "projects/elsewhere/sites/harbour-dev/versions/1"] {
        assert_eq!(release(&scene, "live", name).status, 400, "{name}");
    }
    assert_eq!(release(&scene, "live", &format!("{SITE}/versions/none")[9..]).status, 404);
    assert_eq!(release(&scene, "none", &version).status, 404);
    let path = format!("{SITE}/releases?versionName={version}");
    assert_eq!(post(&path, &json!({"message": "x".repeat(513)})), 400);
    assert_eq!(post(&path, &json!({"type": "ROLLBACK"})), 400);
    assert_eq!(scene.cloud.world(|world| world.count("release created")), 0);
    assert_eq!(post(&path, &json!({"message": "é".repeat(512)})), 200);
}

#[test]
fn a_site_can_be_switched_off_and_on() {
    let scene = scene();
    let version = ship(&scene, &[("/index.html", "one")], &json!({}));
    let off = scene.post(API, &format!("{SITE}/releases"), &json!({"type": "SITE_DISABLE"})).json();
    assert!(off["type"] == "SITE_DISABLE" && off.get("version").is_none());
    assert_eq!(visit(&url(&scene, "live"), "/", &[]).status, 404);
    assert_eq!(release(&scene, "live", &version).json()["type"], "ROLLBACK");
    assert_eq!(visit(&url(&scene, "live"), "/", &[]).status, 200);
}

#[test]
fn a_lost_reply_is_found_on_the_channel() {
    let scene = scene();
    let version = finalized(&scene, &[("/index.html", "one")], &json!({}));
    let lost = "firebasehosting.projects.sites.channels.releases.create";
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(lost, Action::status(503))));
    assert_eq!(release(&scene, "live", &version).status, 503);
    assert_eq!(scene.get(API, &format!("{SITE}/channels/live")).json()["release"]["version"]["name"], json!(version));
}

#[test]
fn a_broken_release_is_mended_by_going_back() {
    let scene = scene();
    let one = ship(&scene, &[("/index.html", "one")], &json!({}));
    scene.cloud.world(|world| world.break_site("harbour-dev", 2, 500));
    let address = url(&scene, "live");
    assert_eq!(visit(&address, "/", &[]).text(), "one");
    ship(&scene, &[("/index.html", "two")], &json!({}));
    assert_eq!([visit(&address, "/", &[]).status, visit(&address, "/any", &[]).status], [500, 500]);
    release(&scene, "live", &one);
    assert_eq!(visit(&address, "/", &[]).text(), "one");
}

#[test]
fn a_script_may_break_one_path_of_one_channel_for_a_while() {
    let scene = scene();
    scene.cloud.world(|world| {
        world.add_channel("harbour-dev", "pr-1");
        let answers = Site::healthy().with("/b.html", Page::status(502)).warming_up(1);
        world.script_site("harbour-dev", "pr-1", 0, answers);
    });
    let version = finalized(&scene, &[("/index.html", "home"), ("/b.html", "b")], &json!({}));
    for channel in ["live", "pr-1"] {
        release(&scene, channel, &version);
    }
    let (live, preview) = (url(&scene, "live"), url(&scene, "pr-1"));
    let statuses = ["/", "/", "/b.html"].map(|path| visit(&preview, path, &[]).status);
    assert_eq!(statuses, [503, 200, 502]);
    assert_eq!(visit(&live, "/b.html", &[]).text(), "b");
}
