//! Who receives the requests and where the tags stand, by hand: nothing is deployed.

use crate::rollout::{record, revisions, running, set_traffic, traffic};
use crate::support::Scene;

/// Two revisions, the second of which serves, and no deploy to come.
fn two() -> (Scene, Vec<String>) {
    let mut scene = running();
    scene.run().expect(0);
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let there = revisions(&scene);
    (scene, there)
}

fn line(revision: &str, percent: u64, tag: &str) -> (String, u64, String) {
    (revision.to_owned(), percent, tag.to_owned())
}

#[test]
fn tags_come_move_and_go_and_nobody_meets_another_revision() {
    let (mut scene, there) = two();
    let (old, new) = (there[0].as_str(), there[1].as_str());
    set_traffic(&scene, &[("latest", 100, ""), (old, 0, "gone")]);
    scene.input("traffic_tags", &format!("old: {old}\nlive: latest\ngone: null"));
    let plan = scene.command(&["deploy", "--dry-run"]).expect(0);
    plan.says(&format!("100 % `{new}` (latest) (tag `live`), 0 % `{old}` (tag `old`)"));
    assert_eq!(traffic(&scene), [line("latest", 100, ""), line(old, 0, "gone")]);
    let run = scene.run().expect(0);
    assert_eq!(run.outputs["result"], "moved");
    assert_eq!(traffic(&scene), [line("latest", 100, "live"), line(old, 0, "old")]);
    scene.input("traffic_tags", &format!("old={new}")).run().expect(0);
    assert_eq!(traffic(&scene), [line("latest", 100, "live"), line(new, 0, "old")], "moved");
    scene.input("traffic_tags_update_strategy", "overwrite").input("traffic_tags", "{}").run().expect(0);
    assert_eq!(traffic(&scene), [line("latest", 100, "")]);
    scene.cloud.world(|world| assert_eq!(world.revisions.len(), 2));
}

#[test]
fn tags_stand_before_requests_move_and_what_is_missing_to_a_hundred_stays() {
    let (mut scene, there) = two();
    set_traffic(&scene, &[(&there[1], 100, "")]);
    scene.input("traffic_tags", &format!("back: {}", there[0])).input("tag_traffic", "back=10").run().expect(0);
    assert_eq!(traffic(&scene), [line(&there[0], 10, "back"), line(&there[1], 90, "")]);
    scene.input("traffic_tags", "").input("tag_traffic", "").input("traffic", &format!("{}=40", there[1]));
    scene.run().expect(0);
    assert_eq!(traffic(&scene), [line(&there[1], 40, ""), line(&there[0], 60, "back")]);
    scene.input("traffic", &format!("{}=40, back=20", there[1]));
    scene.run().expect(2).says("the percents add up to 60, and no other revision serves that could keep the rest");
    assert_eq!(traffic(&scene), [line(&there[1], 40, ""), line(&there[0], 60, "back")]);
}

#[test]
fn the_tag_of_a_rollout_that_goes_on_is_left_to_it() {
    let mut scene = running();
    scene.input("strategy", "canary").input("canary_steps", "10, 100").input("canary_interval", "1m");
    scene.input("max_error_rate", "5%").run().expect(9);
    let (before, held) = (traffic(&scene), record(&scene));
    assert!(held.is_some(), "it holds at its first step");
    let tag = before.iter().find(|(_, percent, _)| *percent == 10).expect("the candidate").2.clone();
    for name in
        ["source", "env_vars", "allow_unauthenticated", "strategy", "canary_steps", "canary_interval", "max_error_rate"]
    {
        scene.input(name, "");
    }
    scene.input("traffic_tags", &format!("{tag}: null"));
    scene.run().expect(2).says("is the one of a rollout that is not over").says("slipway rollback --service=web");
    assert_eq!((traffic(&scene), record(&scene)), (before, held.clone()));
    scene.input("traffic_tags", "mine: latest").run().expect(0);
    assert_eq!(record(&scene), held, "another tag is no business of the rollout's");
}

#[test]
fn what_cannot_be_is_told_before_anything_is_asked() {
    let (mut scene, _) = two();
    for (tags, says) in [
        ("Old: latest", "traffic_tags, line 1: `Old` is no traffic tag; write small letters"),
        ("old: Web_1", "write `TAG: REVISION`, `TAG: latest`, or `TAG: null` to take it away"),
        ("old: web-1\nold: web-2", "traffic_tags, line 2: `old` is given twice (first in line 1)"),
    ] {
        let run = scene.input("traffic_tags", tags).run().expect(2);
        run.says(says);
    }
    scene.input("traffic_tags", "old: latest").input("regions", "us-central1, europe-west1");
    scene.run().expect(2).says("`traffic_tags` moves the traffic of one region");
    scene.input("regions", "").input("source", "app").run().expect(2).says("it moves traffic without deploying");
    scene.input("source", "").input("traffic_tags", "").input("traffic_tags_update_strategy", "overwrite");
    scene.input("image", "gcr.io/p/i").run().expect(2).says("it is about `traffic_tags`");
}
