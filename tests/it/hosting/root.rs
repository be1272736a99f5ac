//! The first page of a site: an empty build, a wrong directory, a rewrite to a file that is not there.

use super::{count, scene, shown, version};
use crate::support::Scene;

/// A site that has been released once.
fn released() -> Scene {
    let scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene
}

fn empty(scene: &Scene) {
    std::fs::remove_dir_all(scene.workspace().join("dist")).unwrap();
    std::fs::create_dir(scene.workspace().join("dist")).unwrap();
}

#[test]
fn an_empty_build_does_not_empty_the_live_site() {
    let mut scene = released();
    scene.input("health_path", "");
    let before = version(&scene, "live");
    empty(&scene);
    let run = scene.command(&["hosting"]).expect(2);
    insta::assert_snapshot!("empty_build", run.failure());
    assert_eq!((version(&scene, "live"), count(&scene, "version created")), (before, 1));
    // A plan says the same.
    scene.input("dry_run", "true");
    scene.command(&["hosting"]).expect(2).says("This release would empty site `harbour-dev`");
    // A preview harms nobody.
    scene.input("dry_run", "").input("channel", "look");
    scene.command(&["hosting"]).expect(0).says("`/` of site `harbour-dev` will be answered with 404");
    // It can be meant.
    scene.input("channel", "live").input("allow_empty", "true");
    scene.command(&["hosting"]).expect(0);
    assert!(shown(&scene, "live").is_empty());
}

#[test]
fn rewrites_and_redirects_can_be_all_there_is() {
    for rule in [
        r#""redirects": [{"source": "/**", "destination": "https://example.com"}]"#,
        r#""redirects": [{"regex": "^/.*$", "destination": "https://example.com"}]"#,
        r#""rewrites": [{"source": "**", "function": "app"}]"#,
    ] {
        let mut scene = released();
        scene.input("health_path", "");
        empty(&scene);
        scene.file("firebase.json", format!(r#"{{"hosting": {{"public": "dist", {rule}}}}}"#));
        scene.command(&["hosting"]).expect(0);
    }
}

#[test]
fn a_site_does_not_lose_its_first_page() {
    let mut scene = released();
    scene.input("health_path", "");
    // The build writes one level further down than before.
    std::fs::create_dir(scene.workspace().join("dist/browser")).unwrap();
    std::fs::rename(scene.workspace().join("dist/index.html"), scene.workspace().join("dist/browser/index.html"))
        .unwrap();
    let run = scene.command(&["hosting"]).expect(2);
    insta::assert_snapshot!("first_page_lost", run.failure());
    // What leaves it out is named.
    scene
        .file("dist/index.html", "there")
        .file("firebase.json", r#"{"hosting": {"public": "dist", "ignore": ["*.html", "browser/**"]}}"#);
    scene.command(&["hosting"]).expect(2).says("`dist/index.html` is there: `ignore` leaves it out");
    // A rewrite to a file that is not there answers nobody.
    scene.file(
        "firebase.json",
        r#"{"hosting": {"public": "dist", "ignore": ["**/*.html"], "rewrites": [{"source": "**", "destination": "/index.html"}]}}"#,
    );
    let run = scene.command(&["hosting"]).expect(2);
    run.says("`hosting.rewrites[0]` leads to `/index.html`, which is not among the files");
    assert_eq!(count(&scene, "release created"), 1);
}

#[test]
fn a_redirect_to_nothing_is_no_first_page() {
    for (rule, code) in [
        (r#"{"source": "/", "destination": "/en/"}"#, 2),
        (r#"{"source": "/", "destination": "/"}"#, 2),
        (r#"{"source": "/", "destination": "/assets/app.js"}"#, 0),
        (r#"{"source": "/:path*", "destination": "https://example.com/:path"}"#, 0),
    ] {
        let mut scene = released();
        scene.input("health_path", "");
        std::fs::remove_file(scene.workspace().join("dist/index.html")).unwrap();
        scene.file("firebase.json", format!(r#"{{"hosting": {{"public": "dist", "redirects": [{rule}]}}}}"#));
        scene.command(&["hosting"]).expect(code);
        assert_eq!(count(&scene, "release created"), if code == 0 { 2 } else { 1 }, "{rule}");
    }
}

#[test]
fn a_first_page_by_another_name_is_named() {
    let mut scene = released();
    scene.input("health_path", "");
    std::fs::rename(scene.workspace().join("dist/index.html"), scene.workspace().join("dist/index.htm")).unwrap();
    scene.command(&["hosting"]).expect(2).says("Hosting answers `/` with `index.html` alone: rename `dist/index.htm`");
}

#[test]
fn a_site_without_a_first_page_may_stay_so() {
    let mut scene = scene();
    scene.input("health_path", "/assets/app.js");
    std::fs::remove_file(scene.workspace().join("dist/index.html")).unwrap();
    scene.command(&["hosting"]).expect(0).says("`/` of site `harbour-dev` will be answered with 404");
    scene.file("dist/assets/app.js", "changed");
    scene.command(&["hosting"]).expect(0).does_not_say("will be answered with 404");
}

#[test]
fn an_empty_preview_is_not_promoted() {
    let mut scene = released();
    empty(&scene);
    scene.input("health_path", "").input("channel", "next");
    scene.command(&["hosting"]).expect(0);
    scene.input("channel", "").input("from_channel", "next");
    scene.command(&["hosting", "promote"]).expect(2).says("has no files, and would empty site `harbour-dev`");
    assert_eq!(shown(&scene, "live").len(), 3);
}
