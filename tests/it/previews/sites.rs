//! A site's preview by the number of a pull request: the same questions as for a preview of a manifest.

use serde_json::json;

use super::event;
use crate::github::{USUAL, with_github};
use crate::hosting::{self, SITE};
use crate::preview::HEAD;
use crate::support::{SHA, Scene};

/// A site whose preview is asked for by number, with the head checked out.
fn named() -> Scene {
    let mut scene = hosting::scene();
    with_github(&mut scene, USUAL, &[]);
    scene.input("channel", "").input("pull_request", "7").file(".git/HEAD", HEAD);
    event(&mut scene, "workflow_dispatch", &json!({}));
    scene
}

fn channels(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.hosting_site(SITE).unwrap().channels.keys().cloned().collect())
}

fn comes_from(scene: &Scene, repository: Option<&str>) {
    scene.cloud.world(|world| {
        let pull = world.github.repository("o/r").pulls.get_mut(&7).unwrap();
        pull.head_repository = repository.map(str::to_owned);
    });
}

#[test]
fn whose_it_is_is_asked_whatever_the_channel_is_called() {
    let mut table = String::new();
    for (name, forks, channels) in [
        ("issue_comment", "", ["", "staging", "live"].as_slice()),
        ("issue_comment", "approved", &[""]),
        ("merge_group", "", &["staging"]),
        ("workflow_dispatch", "", &[""]),
    ] {
        for from in [Some("o/r"), Some("stranger/r"), None] {
            for channel in channels {
                let mut scene = named();
                event(&mut scene, name, &json!({"issue": {"number": 7}}));
                comes_from(&scene, from);
                scene.input("channel", channel).input("allow_forks", forks);
                let run = scene.command(&["hosting"]);
                let came = match run.code {
                    0 if run.log().contains("By hand:") => "made, by hand, with a warning",
                    0 => "made",
                    2 if run.log().contains("* allow_forks:") => "refused",
                    _ => panic!("{}", run.log()),
                };
                let from = from.unwrap_or("deleted");
                table.push_str(&format!("{name:18} {forks:9} {from:11} {channel:8} {came}\n"));
                let google = scene.calls().into_iter().filter(|call| !call.starts_with("github.")).count();
                assert_eq!(google == 0, run.code == 2, "{table}");
            }
        }
    }
    insta::assert_snapshot!("sites", table);
}

#[test]
fn what_is_checked_out_is_the_head_and_is_recorded() {
    let mut scene = named();
    scene.input("environment", "previews");
    scene.file(".git/HEAD", SHA);
    let run = scene.command(&["hosting"]).expect(2);
    run.says(&format!("`{SHA}` is checked out, and the head of pull request #7 is `{HEAD}`"));
    run.says("check out `ref: refs/pull/7/head`");
    assert!(channels(&scene).iter().all(|name| name == "live"));
    // A merge of it, which GitHub knows.
    let merge = "3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e";
    scene.cloud.world(|world| world.github.repository("o/r").add_commit("merged", merge, &[SHA, HEAD], &[]));
    scene.file(".git/HEAD", merge);
    let run = scene.command(&["hosting"]).expect(0);
    assert_eq!(run.report()["commit"], HEAD);
    assert_eq!(run.report()["built_commit"], merge);
    assert!(run.summary().contains(&format!("| Built from | `{merge}` |")), "{}", run.summary());
    assert_eq!(scene.cloud.world(|world| world.github.repository("o/r").deployments[0].sha.clone()), HEAD);
    scene.file(".git/HEAD", HEAD);
    scene.command(&["hosting"]).expect(0).does_not_say("[warning]");
}

#[test]
fn a_site_is_no_preview_of_a_pull_request_that_is_over() {
    let mut scene = named();
    scene.cloud.world(|world| world.github.repository("o/r").pulls.get_mut(&7).unwrap().closed = true);
    for channel in ["", "staging"] {
        scene.input("channel", channel);
        scene.command(&["hosting"]).expect(2).says("pull request #7 is closed, and no new preview is made of it");
    }
    // What was merged may go live.
    scene.input("channel", "live").file(".git/HEAD", SHA);
    scene.command(&["hosting"]).expect(0);
}

#[test]
fn a_preview_by_its_own_event_says_when_it_shows_something_else() {
    const SAYS: &str = "the preview shows the former";
    let mut scene = named();
    scene.input("pull_request", "");
    for (name, there, says) in [
        ("pull_request", SHA, false),
        ("pull_request_target", HEAD, false),
        ("pull_request_target", SHA, true),
        ("pull_request_review", "3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e3e", true),
    ] {
        event(&mut scene, name, &super::about(Some("o/r")));
        scene.file(".git/HEAD", there);
        let run = scene.command(&["hosting"]).expect(0);
        assert_eq!(run.log().contains(SAYS), says, "{name} {there}: {}", run.log());
    }
    // What goes live is no preview of it.
    scene.input("channel", "live");
    scene.command(&["hosting"]).expect(0).does_not_say(SAYS);
}

#[test]
fn what_is_only_played_asks_github_nothing() {
    let scene = named();
    scene.command(&["hosting", "--local"]).expect(0);
    assert!(scene.calls().is_empty(), "{:?}", scene.calls());
}
