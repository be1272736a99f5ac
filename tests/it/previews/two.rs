//! Two runs at once: each ends as if it had been alone, and the newer commit of one pull request stays.

use std::time::Duration;

use fakecloud::{Action, Fault};
use serde_json::json;

use super::{asked, exists, service};
use crate::interrupted::reach_command;
use crate::preview::{HEAD, serving};
use crate::support::{Run, Running, SHA};

const OTHER: &str = "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";
const NEWER: &str = "6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e";
const CREATE: &str = "run.projects.locations.services.create";
const PATCH: &str = "run.projects.locations.services.patch";

#[test]
fn two_pull_requests_at_once_end_as_if_each_had_been_alone() {
    let mut scene = asked();
    scene.cloud.world(|world| world.github.repository("o/r").add_pull(8, "other", OTHER).closed = false);
    let head = json!({"ref": "other", "sha": OTHER, "repo": {"full_name": "o/r"}});
    scene.file("other.json", json!({"pull_request": {"number": 8, "head": head}}).to_string());
    let event = scene.workspace().join("other.json");
    let before = (service(&scene, "backend"), service(&scene, "frontend"));
    let variables =
        [("GITHUB_EVENT_PATH", event.to_str().unwrap()), ("GITHUB_REF", "refs/pull/8/merge"), ("GITHUB_RUN_ID", "78")];
    let one = scene.start(&["preview"]);
    let two = scene.start_beside(&variables, &["preview"]);
    for run in [one, two].into_iter().map(Running::finish).collect::<Vec<Run>>() {
        assert_eq!(run.code, 0, "{}", run.log());
    }
    assert!(["backend-pr-7", "frontend-pr-7", "backend-pr-8", "frontend-pr-8"].iter().all(|name| exists(&scene, name)));
    assert_eq!((service(&scene, "backend"), service(&scene, "frontend")), before);
}

#[test]
fn a_preview_during_a_deploy_starts_from_what_serves_and_leaves_it_alone() {
    let mut scene = asked();
    scene.input("service", "backend").input("source", "app").input("timeout", "99s").input("health_path", "/health");
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Slow(Duration::from_secs(6)))));
    let deploy = reach_command(&scene, &["deploy"], "site.request", 0);
    let going = service(&scene, "backend");
    assert_eq!(going["config"]["template"]["timeout"], "99s");
    let without = [("INPUT_SERVICE", ""), ("INPUT_SOURCE", ""), ("INPUT_TIMEOUT", ""), ("INPUT_HEALTH_PATH", "")];
    let run = scene.start_beside(&without, &["preview"]).finish();
    assert_eq!(run.code, 0, "{}", run.log());
    assert_eq!(service(&scene, "backend"), going);
    assert_ne!(service(&scene, "backend-pr-7")["config"]["template"]["timeout"], "99s");
    let deployed = deploy.finish();
    assert_eq!(deployed.code, 0, "{}", deployed.log());
    assert_eq!(serving(&scene, "backend")[0].0, deployed.outputs["revision"]);
}

#[test]
fn the_same_number_twice_ends_with_its_preview() {
    let scene = asked();
    let one = scene.start(&["preview"]);
    let two = scene.start_beside(&[("GITHUB_RUN_ID", "78")], &["preview"]);
    for run in [one, two].into_iter().map(Running::finish).collect::<Vec<Run>>() {
        assert_eq!(run.code, 0, "{}", run.log());
    }
    let template = service(&scene, "backend-pr-7")["config"]["template"].clone();
    assert_eq!(template["labels"]["commit-sha"], HEAD);
}

/// An older push whose build takes longer is not put in the place of the newer one.
#[test]
fn an_older_push_gives_way_to_the_newer_one() {
    for own in ["true", "false"] {
        let mut scene = asked();
        scene.input("preview_service", own);
        scene.file("slipway.yml", "services:\n  backend: { source: app, allow_unauthenticated: true }\n");
        let write = if own == "true" { CREATE } else { PATCH };
        scene.cloud.world(|world| world.faults.push(Fault::next(write, Action::Slow(Duration::from_secs(8)))));
        let old = reach_command(&scene, &["preview"], write, 0);
        // The next push comes, and its preview is there first.
        scene.cloud.world(|world| {
            let repository = world.github.repository("o/r");
            repository.add_commit("feature", NEWER, &[HEAD], &[]);
            repository.pulls.get_mut(&7).unwrap().head_sha = NEWER.into();
        });
        let head = json!({"ref": "feature", "sha": NEWER, "repo": {"full_name": "o/r"}});
        let path = scene.workspace().join("newer.json");
        std::fs::write(&path, json!({"pull_request": {"number": 7, "head": head}}).to_string()).unwrap();
        let variables = [("GITHUB_EVENT_PATH", path.to_str().unwrap()), ("GITHUB_RUN_ID", "78")];
        let run = scene.start_beside(&variables, &["preview"]).finish_lenient();
        assert_eq!(run.code, 0, "{}", run.log());
        let comment = crate::github::comments(&scene);
        let late = old.finish_lenient();
        assert_eq!(late.code, 11, "{}", late.log());
        late.says(&format!("shows a newer commit by now: `{NEWER}`"));
        assert_eq!(crate::github::comments(&scene), comment, "the newer run's comment stays");
        let name = if own == "true" { "backend-pr-7" } else { "backend" };
        if own == "true" {
            assert_eq!(service(&scene, name)["config"]["template"]["labels"]["commit-sha"], NEWER);
        }
        assert_ne!(NEWER, SHA);
    }
}
