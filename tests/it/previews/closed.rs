//! A closed pull request takes its preview along in both forms, and gets no new one anywhere.

use serde_json::{Value, json};

use super::{asked, event, exists, service};
use fakecloud::{Action, Fault};

use crate::preview;
use crate::support::Scene;

/// A service without what every write of its template changes.
fn comparable(scene: &Scene, name: &str) -> Value {
    let mut all = service(scene, name);
    let serving = all["serving"].as_array_mut().unwrap();
    serving.iter_mut().for_each(|share| share[0] = "the revision".into());
    let config = all["config"].as_object_mut().unwrap();
    let template = config["template"].as_object_mut().unwrap();
    template.remove("revision");
    template.remove("annotations");
    if let Some(annotations) = config.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !name.starts_with("slipway.dev/"));
        if annotations.is_empty() {
            config.remove("annotations");
        }
    }
    all
}

#[test]
fn a_release_after_a_closed_preview_is_as_if_there_had_been_none() {
    for own in ["true", "false"] {
        let mut scene = asked();
        let manifest = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
        let before = (comparable(&scene, "backend"), comparable(&scene, "frontend"));
        let whole = service(&scene, "backend");
        // The pull request changes what a template holds.
        let changed =
            manifest.replace("min_instances: 1", "min_instances: 1\n    memory: 2Gi\n    env_vars: { NEW: 1 }");
        scene.file("slipway.yml", changed).input("preview_service", own);
        scene.command(&["preview"]).expect(0);
        preview::event(&mut scene, "closed", "o/r");
        scene.command(&["preview"]).expect(0);
        if own == "true" {
            assert_eq!(service(&scene, "backend"), whole, "nothing at all has changed");
        }
        // Main, as it is.
        scene
            .file("slipway.yml", manifest)
            .file("app/main.py", "print('hello')\n")
            .file("site/dist/index.html", "live");
        event(&mut scene, "push", &json!({}));
        scene.input("preview_service", "").command(&["release"]).expect(0);
        assert_eq!((comparable(&scene, "backend"), comparable(&scene, "frontend")), before, "own: {own}");
    }
}

#[test]
fn closing_removes_both_forms_without_anything_built() {
    let mut scene = asked();
    scene.command(&["preview"]).expect(0);
    scene.input("preview_service", "false");
    scene.command(&["preview"]).expect(0);
    scene.input("preview_service", "");
    // What the steps before would have built is not there on `closed`.
    std::fs::remove_dir_all(scene.workspace().join("site/dist")).unwrap();
    std::fs::remove_dir_all(scene.workspace().join("app")).unwrap();
    preview::event(&mut scene, "closed", "o/r");
    let run = scene.command(&["preview"]).expect(0);
    insta::assert_snapshot!("both_forms", run.log());
    assert!(!exists(&scene, "backend-pr-7") && !exists(&scene, "frontend-pr-7"));
    assert!(preview::traffic(&scene, "backend").iter().all(|(_, _, tag)| tag.is_none()));
}

#[test]
fn a_part_that_the_manifest_does_not_name_any_more_goes_too() {
    let mut scene = asked();
    scene.command(&["preview"]).expect(0);
    scene.file("slipway.yml", "services:\n  backend: { source: app }\n");
    preview::event(&mut scene, "closed", "o/r");
    scene.command(&["preview"]).expect(0);
    assert!(!exists(&scene, "frontend-pr-7"));
}

#[test]
fn each_run_removes_what_closed_pull_requests_have_left() {
    let mut scene = asked();
    scene.command(&["preview"]).expect(0);
    scene.input("preview_service", "false");
    scene.command(&["preview"]).expect(0);
    scene.input("preview_service", "");
    let head = "4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e";
    scene.cloud.world(|world| {
        let repository = world.github.repository("o/r");
        repository.add_pull(9, "next", head);
        repository.add_pull(11, "other", "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e");
        repository.pulls.get_mut(&7).unwrap().closed = true;
    });
    // A run of another one, while the `closed` of the first never came.
    let says = json!({"pull_request": {"number": 11, "head": {"ref": "other", "sha": "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e", "repo": {"full_name": "o/r"}}}});
    event(&mut scene, "pull_request", &says);
    scene.variable("GITHUB_REF", "refs/pull/11/merge");
    scene.command(&["preview"]).expect(0).says("Pull request #7 is closed: its preview goes");
    assert!(!exists(&scene, "backend-pr-7") && exists(&scene, "backend-pr-11"));
    assert!(preview::traffic(&scene, "backend").iter().all(|(_, _, tag)| tag.is_none()));
    assert_eq!(preview::page(&scene, "pr-7"), None);
    // One that is open stays.
    let says =
        json!({"pull_request": {"number": 9, "head": {"ref": "next", "sha": head, "repo": {"full_name": "o/r"}}}});
    event(&mut scene, "pull_request", &says);
    scene.variable("GITHUB_REF", "refs/pull/9/merge");
    scene.command(&["preview"]).expect(0).does_not_say("its preview goes");
    assert!(exists(&scene, "backend-pr-11") && exists(&scene, "backend-pr-9"));
}

#[test]
fn a_pull_request_that_is_closed_while_its_preview_is_made_keeps_none() {
    let scene = asked();
    let going = crate::interrupted::reach_command(&scene, &["preview"], "run.projects.locations.services.create", 0);
    scene.cloud.world(|world| world.github.repository("o/r").pulls.get_mut(&7).unwrap().closed = true);
    let run = going.finish();
    assert_eq!(run.code, 0, "{}", run.log());
    run.says("Pull request #7 was closed meanwhile").does_not_say("GitHub could not be told");
    assert_eq!(run.outputs["result"], "removed");
    assert!(!exists(&scene, "backend-pr-7"));
    assert_eq!(preview::page(&scene, "pr-7"), None);
    // The removal has ended the deployment of this run as well; nobody calls it a success afterwards.
    let said: Vec<String> = scene.cloud.world(|world| {
        let all = &world.github.repository("o/r").deployments;
        all.iter().flat_map(|one| one.statuses.last()).map(|status| status.state.clone()).collect()
    });
    assert!(said.iter().all(|state| state == "inactive"), "{said:?}");
}

#[test]
fn a_removal_that_failed_is_not_called_one() {
    let mut scene = asked();
    scene.command(&["preview"]).expect(0);
    preview::event(&mut scene, "closed", "o/r");
    // Which site is meant must be asked now, and is not told.
    let manifest = std::fs::read_to_string(scene.workspace().join("slipway.yml")).unwrap();
    scene.file("slipway.yml", manifest.replace(", site: harbour-dev", ""));
    let refused = Fault::next("firebasehosting.projects.sites.list", Action::status(403));
    scene.cloud.world(|world| world.faults.push(refused));
    let run = scene.command(&["preview"]);
    assert_ne!(run.code, 0, "{}", run.log());
    assert!(!run.summary().contains("is removed"), "{}", run.summary());
    assert_ne!(run.outputs.get("result").map(String::as_str), Some("removed"));
}
