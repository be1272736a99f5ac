//! What everybody meets is not shipped from another repository's pull request, whichever command ships it.

use serde_json::{Value, json};

use super::{about, event};
use crate::hosting;
use crate::preview::{HEAD, scene};
use crate::support::{SHA, Scene};

/// A fork's pull request, merged or not.
fn foreign(merged: bool) -> Value {
    let mut says = about(Some("stranger/r"));
    says["action"] = "closed".into();
    says["pull_request"]["merged"] = merged.into();
    says["pull_request"]["merge_commit_sha"] = SHA.into();
    says
}

/// The commands that ship, each with what it needs, and nothing deployed yet.
fn shipping() -> Vec<(&'static str, Scene)> {
    let mut release = scene();
    release.variable("GITHUB_EVENT_PATH", "").variable("GITHUB_REF", "refs/heads/main");
    let mut site = hosting::scene();
    site.input("channel", "live");
    let mut job = Scene::new();
    job.input("service", "").input("job", "nightly");
    vec![("deploy", Scene::new()), ("release", release), ("hosting", site), ("job", job)]
}

#[test]
fn a_forks_pull_request_ships_nothing() {
    let mut told = String::new();
    for (command, mut scene) in shipping() {
        for name in ["pull_request_target", "pull_request"] {
            event(&mut scene, name, &about(Some("stranger/r")));
            scene.file(".git/HEAD", HEAD);
            let since = scene.calls().len();
            let run = scene.command(&[command]).expect(2);
            assert_eq!(scene.calls().len(), since, "{command} on {name}: nothing is sent");
            if name == "pull_request_target" {
                told.push_str(&run.failure());
            }
        }
        scene.input("allow_forks", "approved");
        scene.command(&[command]).expect(0);
    }
    insta::assert_snapshot!("foreign", told);
}

#[test]
fn what_was_merged_and_is_checked_out_is_shipped_as_always() {
    for (command, mut scene) in shipping() {
        event(&mut scene, "pull_request_target", &foreign(true));
        // The fork's own commit is still the fork's.
        scene.file(".git/HEAD", HEAD);
        scene.command(&[command]).expect(2).says("pull request #7 comes from `stranger/r`");
        scene.file(".git/HEAD", SHA);
        scene.command(&[command]).expect(0);
        event(&mut scene, "pull_request_target", &foreign(false));
        scene.command(&[command]).expect(2);
    }
}

#[test]
fn what_a_forks_workflow_started_ships_this_repositorys_commit_alone() {
    for (command, mut scene) in shipping() {
        let says = json!({"workflow_run": {"head_repository": {"full_name": "stranger/r"}, "head_sha": HEAD}});
        event(&mut scene, "workflow_run", &says);
        scene.file(".git/HEAD", HEAD);
        scene.command(&[command]).expect(2).says("a workflow of `stranger/r` started this run");
        // A deleted fork is no better known.
        event(&mut scene, "workflow_run", &json!({"workflow_run": {"head_repository": null, "head_sha": HEAD}}));
        scene
            .command(&[command])
            .expect(2)
            .says("a workflow of a repository that is not there any more started this run");
        scene.file(".git/HEAD", SHA);
        scene.command(&[command]).expect(0);
    }
}
