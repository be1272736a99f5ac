//! Versions: the first, an unchanged one, back to an earlier one, a preview for everybody.

use super::{config, count, scene, shown, version};
use crate::support::SHA;

#[test]
fn a_first_live_release() {
    let scene = scene();
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("first_live_log", run.log());
    insta::assert_snapshot!("first_live_summary", run.summary());
    let pages = shown(&scene, "live");
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["/about.html", "/assets/app.js", "/index.html"]);
    assert_eq!(pages["/about.html"], "<h1>About</h1>\n");
    assert_eq!(config(&scene, "live"), serde_json::json!({"cleanUrls": true}));
    for (effect, times) in
        [("version created", 1), ("file uploaded", 3), ("version finalized", 1), ("release created", 1)]
    {
        assert_eq!(count(&scene, effect), times, "{effect}");
    }
    let url = scene.cloud.world(|world| world.hosting_site(super::SITE).unwrap().channel("live").unwrap().url.clone());
    for (name, value) in [
        ("url", url.as_str()),
        ("site", super::SITE),
        ("channel", "live"),
        ("files", "3"),
        ("uploaded_files", "3"),
        ("result", "deployed"),
    ] {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    assert_eq!(Some(run.outputs["version"].clone()), version(&scene, "live"));
    assert!(run.outputs["release"].contains("/channels/live/releases/"));
    assert!(!run.outputs.contains_key("previous_version") && !run.outputs.contains_key("expire_time"));
    let labels =
        scene.cloud.world(|world| world.hosting_site(super::SITE).unwrap().shown_on("live").unwrap().labels.clone());
    assert_eq!(labels["commit-sha"], SHA);
}

#[test]
fn an_unchanged_site_uploads_nothing_and_a_changed_file_goes_alone() {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!((run.outputs["uploaded_files"].as_str(), run.outputs["files"].as_str()), ("0", "3"));
    assert_eq!(count(&scene, "file uploaded"), 3);

    let before = version(&scene, "live").expect("live");
    scene.file("dist/about.html", "<h1>About us</h1>\n");
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(run.outputs["uploaded_files"], "1");
    assert_eq!(run.outputs["previous_version"], before);
    assert_eq!(shown(&scene, "live")["/about.html"], "<h1>About us</h1>\n");
    assert_eq!(count(&scene, "file uploaded"), 4);
}

#[test]
fn a_live_release_asks_few_things() {
    let scene = scene();
    scene.command(&["hosting"]).expect(0);
    let calls = scene.calls();
    let wanted = [
        "cloudresourcemanager.projects.testIamPermissions",
        "firebasehosting.projects.sites.channels.get",
        "firebasehosting.projects.sites.versions.create",
        "firebasehosting.projects.sites.versions.populateFiles",
        "firebasehosting.upload.file",
        "firebasehosting.upload.file",
        "firebasehosting.upload.file",
        "firebasehosting.projects.sites.versions.patch",
        "firebasehosting.projects.sites.channels.releases.create",
        "firebasehosting.projects.sites.channels.get",
        "hosting.request",
    ];
    assert_eq!(calls, wanted, "seven requests and one for each file, besides the token and the check");
}

#[test]
fn a_rollback_shows_what_was_served_before_and_never_what_was_left() {
    let mut scene = scene();
    let mut versions = Vec::new();
    for text in ["one", "two", "three"] {
        scene.file("dist/index.html", text);
        versions.push(scene.command(&["hosting"]).expect(0).outputs["version"].clone());
    }
    scene.input("channel", "");
    let run = scene.command(&["hosting", "rollback"]).expect(0);
    insta::assert_snapshot!("rollback_log", run.log());
    assert_eq!(run.outputs["result"], "rolled_back");
    assert_eq!((&run.outputs["version"], &run.outputs["previous_version"]), (&versions[1], &versions[2]));
    assert_eq!(shown(&scene, "live")["/index.html"], "two");
    let run = scene.command(&["hosting", "rollback"]).expect(0);
    assert_eq!(run.outputs["version"], versions[0], "further back, not forth to the one that was left");
    let run = scene.command(&["hosting", "rollback"]).expect(2);
    run.says("served nothing before what it serves now");

    scene.input("to_version", &versions[2]);
    scene.command(&["hosting", "rollback"]).expect(0);
    assert_eq!(version(&scene, "live"), Some(versions[2].clone()));
    scene.input("to_version", "0000000000000000");
    let run = scene.command(&["hosting", "rollback"]).expect(2);
    run.says("has no version `0000000000000000`");
    assert_eq!(count(&scene, "version created"), 3, "nothing is uploaded by going back");
}

#[test]
fn the_rollback_command_knows_sites_by_their_name() {
    let mut scene = scene();
    for text in ["one", "two"] {
        scene.file("dist/index.html", text);
        scene.command(&["hosting"]).expect(0);
    }
    scene.command(&["rollback"]).expect(0);
    assert_eq!(shown(&scene, "live")["/index.html"], "one");
    scene.input("service", "web");
    let run = scene.command(&["rollback"]).expect(2);
    run.says("`service` is given too");
}

#[test]
fn a_preview_is_promoted_as_it_is() {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "next").input("channel", "next");
    let preview = scene.command(&["hosting"]).expect(0).outputs["version"].clone();
    assert_eq!(shown(&scene, "live")["/index.html"], "<h1>Harbour</h1>\n");
    scene.input("channel", "").input("from_channel", "next");
    let run = scene.command(&["promote"]).expect(0);
    insta::assert_snapshot!("promote_log", run.log());
    assert_eq!((run.outputs["result"].as_str(), &run.outputs["version"]), ("promoted", &preview));
    assert_eq!(shown(&scene, "live")["/index.html"], "next");
    assert_eq!(count(&scene, "version created"), 2, "the very version, not a copy");
    scene.input("from_channel", "gone");
    scene.command(&["hosting", "promote"]).expect(2).says("has no channel `gone`");
}

#[test]
fn a_dry_run_names_what_would_change() {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "new").file("dist/more.html", "more");
    std::fs::remove_file(scene.workspace().join("dist/about.html")).unwrap();
    scene.file("firebase.json", r#"{"hosting": {"public": "dist", "trailingSlash": false}}"#);
    scene.input("dry_run", "true");
    let before = scene.cloud.world(|world| world.effects.len());
    let run = scene.command(&["hosting"]).expect(0);
    insta::assert_snapshot!("dry_run_log", run.log());
    insta::assert_snapshot!("dry_run_summary", run.summary());
    assert_eq!(scene.cloud.world(|world| world.effects.len()), before, "nothing was changed");
    assert_eq!(run.outputs["result"], "planned");
}
