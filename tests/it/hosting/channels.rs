//! Preview channels: their names, their lives, and room for one more.

use fakecloud::{Action, Fault};

use super::{SITE, count, scene, shown};
use crate::support::Scene;
use crate::support::listener::Listener;

/// The scene of a pull request.
fn pull_request() -> Scene {
    let mut scene = scene();
    scene.input("channel", "");
    scene.variable("GITHUB_REF", "refs/pull/7/merge").variable("GITHUB_HEAD_REF", "feature/New_Harbour:lights");
    scene
}

fn channels(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channels.keys().cloned().collect())
}

/// A site that has so many previews, `old-0` and so on.
fn crowded(scene: &Scene, previews: usize) {
    scene.cloud.world(|world| (0..previews).for_each(|number| world.add_channel(SITE, &format!("old-{number}"))));
}

#[test]
fn a_pull_request_gets_a_preview_of_its_own() {
    let mut scene = pull_request();
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("preview_log", run.log());
    insta::assert_snapshot!("preview_summary", run.summary());
    let channel = "pr7-feature-New-Harbour-";
    let channel = channel.trim_end_matches('-');
    assert_eq!(run.outputs["channel"], channel);
    assert_eq!(shown(&scene, channel).len(), 3);
    assert!(shown(&scene, "live").is_empty(), "nobody else sees it");
    let expires = run.outputs["expire_time"].clone();
    assert!(!expires.is_empty());

    // The next push: the same channel, which begins to live anew.
    scene.cloud.world(|world| world.clock_skew += 3600);
    scene.file("dist/index.html", "pushed");
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, channel)["/index.html"], "pushed");
    assert!(run.outputs["expire_time"] > expires, "{} after {expires}", run.outputs["expire_time"]);
    assert_eq!(count(&scene, "channel created"), 1);
}

#[test]
fn who_comes_from_action_hosting_deploy_hears_of_sign_in_once() {
    const TOLD: &str = "here `auth_domains: true` does";
    let mut scene = pull_request();
    scene.command(&["hosting"]).expect(0).does_not_say(TOLD);
    let key = scene.key().to_string();
    scene.input("credentials_json", "").input("firebaseServiceAccount", &key);
    scene.command(&["hosting"]).expect(0).says(TOLD).does_not_say("[notice]");
    scene.input("auth_domains", "false");
    scene.command(&["hosting"]).expect(0).does_not_say(TOLD);
    scene.input("auth_domains", "").input("channel", "live");
    scene.command(&["hosting"]).expect(0).does_not_say(TOLD);
}

#[test]
fn what_previews_are_told_switches_no_live_release_off() {
    let mut scene = scene();
    scene.input("expires", "2d").input("total_preview_channel_limit", "3");
    let run = scene.command(&["hosting"]).expect(0);
    run.says("No effect here: `expires`, `total_preview_channel_limit`, because the live channel never ends");
}

#[test]
fn a_pull_request_target_is_known_by_its_event() {
    let mut scene = scene();
    scene.input("channel", "").variable("GITHUB_REF", "refs/heads/main");
    scene.file("event.json", r#"{"pull_request": {"number": 12, "head": {"ref": "fix"}}}"#);
    let event = scene.workspace().join("event.json");
    scene.variable("GITHUB_EVENT_PATH", event.to_str().unwrap());
    assert_eq!(scene.command(&["hosting"]).expect(0).outputs["channel"], "pr12-fix");
}

#[test]
fn no_channel_outside_a_pull_request_is_a_mistake() {
    let mut scene = scene();
    scene.input("channel", "").variable("GITHUB_REF", "refs/heads/develop");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("this run is about no pull request that a preview could be for");
    run.says("write `channel: live` to release for everybody");
    assert!(scene.calls().is_empty(), "nothing was sent");
}

#[test]
fn a_preview_lives_as_long_as_it_is_told_to() {
    let mut scene = scene();
    scene.input("channel", "staging").input("expires", "12h");
    scene.command(&["hosting"]).expect(0);
    let seconds = scene.cloud.world(|world| {
        let expires = world.hosting_site(SITE).unwrap().channel("staging").unwrap().expires.unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        expires / 1_000_000_000 - i128::from(now)
    });
    assert!((43_100..=43_201).contains(&seconds), "{seconds}");
    scene.input("expires", "31d");
    scene.command(&["hosting"]).expect(2).says("a channel lives for 30 days at most, not for `31d`");
    scene.input("expires", "1d").input("channel", "live");
    scene
        .command(&["hosting"])
        .expect(0)
        .says("No effect here: `expires`, because the live channel never ends and is no preview");
}

#[test]
fn a_full_site_is_told_before_anything_is_uploaded() {
    let mut scene = scene();
    crowded(&scene, 50);
    scene.cloud.world(|world| world.expire_channel(SITE, "old-3"));
    scene.input("channel", "new");
    let run = scene.command(&["hosting"]).expect(5);
    insta::assert_snapshot!("full_site", run.failure());
    assert_eq!((count(&scene, "version created"), channels(&scene).len()), (0, 51));
}

#[test]
fn a_limit_makes_room_by_what_nobody_needs() {
    let github = Listener::start(|head| {
        let state = if head.contains("/pulls/3 ") { "closed" } else { "open" };
        let body = format!(r#"{{"number": 3, "state": "{state}"}}"#);
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let mut scene = scene();
    scene.cloud.world(|world| {
        for channel in ["staging", "pr3-old", "pr4-open", "expired"] {
            world.add_channel(SITE, channel);
        }
        world.expire_channel(SITE, "expired");
    });
    scene.variable("GITHUB_API_URL", &github.url()).input("github_token", "ghs_0123456789abcdef0123");
    scene.input("channel", "new").input("total_preview_channel_limit", "3");
    let run = scene.command(&["hosting"]).expect(0);
    run.says("removed `expired` (expired), `pr3-old` (pull request #3 is closed)");
    assert_eq!(channels(&scene), ["live", "new", "pr4-open", "staging"]);
    assert!(github.heads().iter().all(|head| head.starts_with("GET ")), "GitHub is only asked");

    // Nobody's preview is taken away for the limit alone.
    scene.input("channel", "newer");
    let run = scene.command(&["hosting"]).expect(0);
    run.says("none of them has expired or belongs to a closed pull request");
    assert_eq!(channels(&scene).len(), 5);
}

#[test]
fn a_channel_that_another_run_made_meanwhile_is_used() {
    let mut scene = scene();
    scene.input("channel", "shared");
    let create = "firebasehosting.projects.sites.channels.create";
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(create, Action::status(409))));
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "shared").len(), 3);
}

#[test]
fn too_many_requests_are_not_taken_for_a_full_site() {
    let mut scene = scene();
    scene.input("channel", "patient");
    let create = "firebasehosting.projects.sites.channels.create";
    scene.cloud.world(|world| world.faults.push(Fault::next(create, Action::status(429)).times(2)));
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "patient").len(), 3);
}

/// A GitHub that knows pull request 9.
fn github(state: &str, from: &str) -> Listener {
    let body = format!(
        r#"{{"number": 9, "state": "{state}", "merged": false, "head": {{"ref": "dark/mode", "sha": "{0}", "repo": {{"full_name": "{from}"}}}}, "base": {{"ref": "main", "sha": "{0}", "repo": {{"full_name": "o/r"}}}}}}"#,
        crate::support::SHA
    );
    Listener::start(move |_| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    })
}

#[test]
fn a_pull_request_that_an_input_names_is_asked_for() {
    for (event, state, from, code, says) in [
        ("workflow_dispatch", "open", "o/r", 0, "channel `pr9-dark-mode`"),
        ("repository_dispatch", "open", "stranger/r", 2, "pull request #9 comes from `stranger/r`"),
        ("workflow_dispatch", "closed", "o/r", 2, "pull request #9 is closed, and no new preview is made of it"),
    ] {
        let github = github(state, from);
        let mut scene = scene();
        scene.input("channel", "").input("pull_request", "9").variable("GITHUB_EVENT_NAME", event);
        scene.variable("GITHUB_API_URL", &github.url()).input("github_token", "ghs_0123456789abcdef0123");
        scene.command(&["hosting"]).expect(code).says(says);
        assert_eq!(scene.calls().is_empty(), code != 0, "{state} {from}");
        assert!(github.heads().iter().all(|head| head.starts_with("GET /repos/o/r/pulls/9 ")));
    }
    // Without an answer nobody is believed.
    let mut scene = scene();
    scene.input("channel", "").input("pull_request", "9");
    scene.command(&["hosting"]).expect(2).says("GitHub could not be asked for pull request #9");
}
