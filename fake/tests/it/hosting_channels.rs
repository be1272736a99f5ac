//! Hosting channels: names, how long they last, how many there may be.

use crate::hosting_scene::{API, SITE, finalized, release, scene, ship, url, visit, word};
use crate::scene::Scene;
use serde_json::{Value, json};

fn create(scene: &Scene, id: &str, body: &Value) -> crate::client::Reply {
    scene.post(API, &format!("{SITE}/channels?channelId={id}"), body)
}

/// Seconds from one instant of the API to another of the same month.
fn seconds(from: &Value, to: &Value) -> i64 {
    let read = |value: &Value| {
        let text = value.as_str().expect("an instant");
        let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("a number");
        (number(8..10) * 24 + number(11..13)) * 3600 + number(14..16) * 60 + number(17..19)
    };
    read(to) - read(from)
}

#[test]
fn a_preview_has_its_own_address_and_end() {
    let scene = scene();
    let made = create(&scene, "pr-12", &json!({"ttl": "3600s", "retainedReleaseCount": 3, "labels": {"pr": "12"}}));
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    assert_eq!(made["name"], "projects/harbour-dev/sites/harbour-dev/channels/pr-12");
    assert_eq!((&made["retainedReleaseCount"], &made["labels"]), (&json!(3), &json!({"pr": "12"})));
    let life = seconds(&made["createTime"], &made["expireTime"]).rem_euclid(86_400);
    assert!((3599..=3601).contains(&life), "{life}");
    assert_ne!(made["url"], json!(url(&scene, "live")));
    assert_eq!(scene.get(API, &format!("{SITE}/channels/pr-12")).json(), made);
    let live = scene.get(API, &format!("{SITE}/channels/live")).json();
    assert!(live.get("expireTime").is_none() && live["retainedReleaseCount"] == 10);
    assert!(create(&scene, "pr-13", &json!({})).json().get("expireTime").is_none());
    assert!(scene.cloud.unexpected().is_empty());
}

#[test]
fn channels_have_lawful_names_and_lives() {
    let scene = scene();
    for id in ["", "pr-", "pr_1", "a.b", "a%2Fb"] {
        let refused = create(&scene, id, &json!({}));
        assert_eq!(
            (refused.status, refused.message().as_str()),
            (400, "Request contains an invalid argument."),
            "{id}"
        );
    }
    for id in ["live", "pr-1", "Pr-2"] {
        let status = create(&scene, id, &json!({"ttl": "2592000s"})).status;
        assert_eq!(status, if id == "live" { 409 } else { 200 }, "{id}");
    }
    assert_eq!(word(&create(&scene, "pr-1", &json!({}))), "ALREADY_EXISTS");
    for body in [
        json!({"ttl": "2592001s"}),
        json!({"ttl": "0s"}),
        json!({"ttl": "-5s"}),
        json!({"ttl": "10s", "expireTime": "2999-01-01T00:00:00Z"}),
        json!({"expireTime": "2999-01-01T00:00:00Z"}),
        json!({"expireTime": "2001-01-01T00:00:00Z"}),
        json!({"retainedReleaseCount": 0}),
        json!({"retainedReleaseCount": 101}),
    ] {
        assert_eq!(create(&scene, "pr-9", &body).status, 400, "{body}");
    }
}

#[test]
fn a_new_ttl_counts_from_now() {
    let scene = scene();
    create(&scene, "pr-1", &json!({"ttl": "600s"}));
    scene.cloud.world(|world| world.clock_skew = 300);
    let patch = |channel: &str, mask: &str, body: Value| {
        scene.call(API, "PATCH", &format!("{SITE}/channels/{channel}{mask}"), Some(&body))
    };
    let reset = patch("pr-1", "?updateMask=ttl", json!({"ttl": "600s", "labels": {"x": "y"}})).json();
    let life = seconds(&reset["createTime"], &reset["expireTime"]).rem_euclid(86_400);
    assert!((899..=902).contains(&life), "{life}");
    assert!(reset.get("labels").is_none(), "the mask does not name them");
    assert_eq!(patch("pr-1", "", json!({"labels": {"x": "y"}})).json()["labels"], json!({"x": "y"}));
    let endless = patch("pr-1", "?updateMask=expireTime", json!({})).json();
    assert!(endless.get("expireTime").is_none());
    assert_eq!(patch("pr-1", "?updateMask=url", json!({"url": "https://x.example"})).status, 400);
    assert_eq!(patch("live", "?updateMask=ttl", json!({"ttl": "600s"})).status, 400);
    assert_eq!(patch("none", "?updateMask=ttl", json!({"ttl": "600s"})).status, 404);
}

#[test]
fn a_site_has_fifty_channels_besides_live() {
    let scene = scene();
    for number in 1..=50 {
        assert_eq!(create(&scene, &format!("pr-{number}"), &json!({"ttl": "600s"})).status, 200);
    }
    // What is over still counts, until it is deleted.
    scene.cloud.world(|world| world.expire_channel("harbour-dev", "pr-7"));
    let refused = create(&scene, "pr-51", &json!({}));
    let sample = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message":
        "Couldn't create channel on `projects/123456789012/sites/harbour-dev`: channel quota reached."}});
    assert_eq!((refused.status, refused.json()), (429, sample));
    let delete = |id: &str| scene.call(API, "DELETE", &format!("{SITE}/channels/{id}"), None).status;
    assert_eq!([delete("pr-7"), delete("pr-7"), delete("live")], [200, 404, 400]);
    assert_eq!(create(&scene, "pr-51", &json!({})).status, 200);
    let mut names = Vec::new();
    let mut token = String::new();
    for page in 1..=6 {
        let list = scene.get(API, &format!("{SITE}/channels{token}")).json();
        names.extend(list["channels"].as_array().expect("channels").iter().map(|channel| channel["name"].clone()));
        match list["nextPageToken"].as_str() {
            Some(next) => token = format!("?pageToken={next}"),
            None => assert_eq!(page, 6),
        }
    }
    names.dedup();
    assert_eq!(names.len(), 51);
    let counts = ["channel created", "channel deleted"].map(|what| scene.cloud.world(|world| world.count(what)));
    assert_eq!(counts, [51, 1]);
}

#[test]
fn a_channel_that_is_over_or_gone_shows_nothing() {
    let scene = scene();
    create(&scene, "pr-1", &json!({"ttl": "600s"}));
    let version = finalized(&scene, &[("/index.html", "preview")], &json!({}));
    assert_eq!(release(&scene, "pr-1", &version).status, 200);
    let address = url(&scene, "pr-1");
    assert_eq!(visit(&address, "/", &[]).text(), "preview");
    assert_eq!(visit(&url(&scene, "live"), "/", &[]).status, 404, "nothing is live");
    scene.cloud.world(|world| world.clock_skew = 601);
    let over = visit(&address, "/", &[]);
    assert!(over.status == 404 && over.text().contains("Site Not Found"));
    scene.cloud.world(|world| world.clock_skew = 0);
    assert_eq!(visit(&address, "/", &[]).status, 200);
    scene.call(API, "DELETE", &format!("{SITE}/channels/pr-1"), None);
    create(&scene, "pr-1", &json!({}));
    release(&scene, "pr-1", &version);
    assert_eq!(visit(&url(&scene, "pr-1"), "/", &[]).text(), "preview");
    assert_eq!(visit(&address, "/", &[]).status, 404, "the new channel has a new address");
}

#[test]
fn a_preview_is_promoted_by_releasing_its_version() {
    let scene = scene();
    ship(&scene, &[("/index.html", "old")], &json!({}));
    create(&scene, "pr-1", &json!({}));
    let version = finalized(&scene, &[("/index.html", "new")], &json!({}));
    release(&scene, "pr-1", &version);
    let shown = scene.get(API, &format!("{SITE}/channels/pr-1")).json()["release"]["version"]["name"].clone();
    assert_eq!(shown, json!(version));
    let promoted = release(&scene, "live", shown.as_str().expect("a name")).json();
    assert_eq!(promoted["type"], "DEPLOY", "live never showed it");
    assert_eq!(visit(&url(&scene, "live"), "/", &[]).text(), "new");
}
