//! Releases that do not hold: what was shown before is back, exactly, and the reader is told what is true.

use std::time::{Duration, Instant};

use fakecloud::{Action, Fault, World};

use super::{ROLE, SITE, count, scene, shown, version};
use crate::support::{Running, Scene};

const RELEASE: &str = "firebasehosting.projects.sites.channels.releases.create";

/// A site that has been released once, and whose next version is ill.
fn ill_next() -> Scene {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "ill").input("health_timeout", "10s");
    scene.cloud.world(|world| world.break_site(SITE, 2, 500));
    scene
}

#[test]
fn a_failed_check_brings_back_what_was_there() {
    let scene = ill_next();
    let before = version(&scene, "live");
    let run = scene.command(&["hosting"]).expect(9);
    insta::assert_snapshot!("failed_check", run.failure());
    insta::assert_snapshot!("failed_check_summary", run.summary());
    assert_eq!(version(&scene, "live"), before);
    assert_eq!(shown(&scene, "live")["/index.html"], "<h1>Harbour</h1>\n");
    let kinds = scene.cloud.world(|world| {
        let live = world.hosting_site(SITE).unwrap().channel("live").unwrap();
        live.releases.iter().map(|release| release.kind.to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(kinds, ["DEPLOY", "DEPLOY", "ROLLBACK"], "one release of ours, and the way back");
    assert_eq!(run.outputs["result"], "failed");
    assert_eq!(run.report()["sites"][0]["end"], "restored");
}

#[test]
fn a_first_release_that_fails_shows_nothing_again() {
    let mut scene = scene();
    scene.input("health_timeout", "5s");
    scene.cloud.world(|world| world.break_site(SITE, 1, 500));
    let run = scene.command(&["hosting"]).expect(9);
    run.says("shows nothing again");
    let last = scene.cloud.world(|world| {
        let live = world.hosting_site(SITE).unwrap().channel("live").unwrap();
        live.current().map(|release| release.kind.to_owned())
    });
    assert_eq!(last.as_deref(), Some("SITE_DISABLE"));
}

#[test]
fn a_preview_that_fails_stays_for_a_look() {
    let mut scene = scene();
    scene.input("channel", "look").input("health_path", "/missing").input("health_timeout", "5s");
    let run = scene.command(&["hosting"]).expect(9);
    run.says("a preview stays for a look").says("last answer 404");
    assert_eq!(shown(&scene, "look").len(), 3);
}

#[test]
fn what_cannot_be_put_back_is_said_loudest() {
    let scene = ill_next();
    scene.cloud.world(|world| world.faults.push(Fault::next(RELEASE, Action::status(403)).skip(1)));
    let run = scene.command(&["hosting"]).expect(10);
    insta::assert_snapshot!("stuck", run.failure());
    assert_eq!(shown(&scene, "live")["/index.html"], "ill");
}

#[test]
fn somebody_elses_release_is_left_alone() {
    let scene = ill_next();
    // The look before going back takes long enough for another release to come.
    const LOOK: &str = "firebasehosting.projects.sites.channels.get";
    let slow = Fault::next(LOOK, Action::Slow(Duration::from_secs(2))).skip(2);
    scene.cloud.world(|world| world.faults.push(slow));
    let running = reach(&scene, LOOK, 2);
    let other =
        scene.cloud.world(|world| world.publish(SITE, "live", &[("/index.html", "theirs")], serde_json::json!({})));
    let run = running.finish().expect(9);
    run.says("another release came after this one");
    assert_eq!(version(&scene, "live"), Some(other));
}

#[test]
fn a_missing_permission_is_told_with_the_grant() {
    let mut scene = scene();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "firebasehosting.sites.update"));
    let run = scene.command(&["hosting"]).expect(4);
    insta::assert_snapshot!("permission", run.failure());
    assert_eq!(count(&scene, "version created"), 0);
    // Where the question itself cannot be asked, Google's 403 says nothing; the command is the same.
    scene.cloud.world(|world| {
        let asks = "cloudresourcemanager.projects.testIamPermissions";
        world.faults.push(Fault::next(asks, Action::status(403)));
    });
    let run = scene.command(&["hosting"]).expect(4);
    run.says(&format!("--role={ROLE}"));
    scene.input("dry_run", "true");
}

#[test]
fn the_five_roles_alone_are_told_what_lacks() {
    let mut scene = Scene::new();
    scene.input("service", "").input("source", "").input("channel", "live").input("public", "app");
    let run = scene.command(&["hosting"]).expect(4);
    run.says("gcloud projects add-iam-policy-binding harbour-dev").says(ROLE);
}

#[test]
fn a_site_that_is_not_there_is_told_with_those_that_are() {
    let mut scene = scene();
    scene.input("site", "harbour-prod");
    let run = scene.command(&["hosting"]).expect(2);
    run.says("There is no site `harbour-prod` in project `harbour-dev`").says("It has `harbour-dev`");
    scene.input("channel", "preview");
    scene.command(&["hosting"]).expect(2).says("There is no site `harbour-prod`");
}

/// Where a release can be cut off: the call, and how many of its kind come before.
const POINTS: [(&str, u32); 6] = [
    ("firebasehosting.projects.sites.versions.create", 0),
    ("firebasehosting.upload.file", 0),
    ("firebasehosting.projects.sites.versions.patch", 0),
    (RELEASE, 0),
    ("firebasehosting.projects.sites.channels.get", 1),
    ("hosting.request", 0),
];

/// A second release that hangs at a point.
fn hanging(call: &'static str, skip: u32, after: bool) -> Scene {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "second");
    let fault = if after { Fault::lost_reply(call, Action::Hang) } else { Fault::next(call, Action::Hang) };
    scene.cloud.world(|world| world.faults.push(fault.skip(skip)));
    scene
}

fn reach<'a>(scene: &'a Scene, call: &str, skip: u32) -> Running<'a> {
    let seen = scene.cloud.calls(call).len();
    let running = scene.start(&["hosting"]);
    let wanted = seen + skip as usize + 1;
    let begun = Instant::now();
    while scene.cloud.calls(call).len() < wanted {
        assert!(begun.elapsed() < Duration::from_secs(20), "{call} never came");
        std::thread::yield_now();
    }
    running
}

/// Versions that are neither shown nor were, and not deleted.
fn unseen(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| {
        let site = world.hosting_site(SITE).unwrap();
        let shown: Vec<String> = site
            .channels
            .values()
            .flat_map(|channel| channel.releases.iter().filter_map(|one| one.version.clone()))
            .collect();
        let left = site.versions.iter().filter(|version| version.deleted.is_none());
        let left = left.filter(|version| !shown.iter().any(|name| name.ends_with(&version.id)));
        left.map(|version| format!("{} {:?}", version.id, version.status)).collect()
    })
}

#[test]
fn a_cancelled_release_leaves_what_was_there() {
    for (call, skip) in POINTS {
        for after in [false, true] {
            if after && call == "hosting.request" {
                continue;
            }
            let scene = hanging(call, skip, after);
            let before = version(&scene, "live");
            let running = reach(&scene, call, skip);
            running.signal("TERM");
            let run = running.finish().expect(143);
            let context = format!("{call} {skip} after={after}\n{}", run.log());
            assert_eq!(version(&scene, "live"), before, "{context}");
            // A version whose very creation was interrupted is removed by Hosting itself.
            if call != "firebasehosting.projects.sites.versions.create" {
                assert_eq!(unseen(&scene), Vec::<String>::new(), "{context}");
            }
        }
    }
}

#[test]
fn a_killed_release_is_ended_by_the_post_stage() {
    let mut table = String::from("point | after the kill | after the post stage\n");
    for (call, skip) in POINTS {
        let scene = hanging(call, skip, true);
        let before = version(&scene, "live");
        let running = reach(&scene, call, skip);
        // The effect is there when the reply hangs.
        running.signal("KILL");
        let killed = running.finish().expect(137);
        let text = shown(&scene, "live")["/index.html"].trim().to_owned();
        let post = scene.post(&killed).expect(0);
        let then = shown(&scene, "live")["/index.html"].trim().to_owned();
        let left = if unseen(&scene).is_empty() { "nothing left" } else { "a version that vanishes by itself" };
        table.push_str(&format!("{call} {skip} | {text} | {then}, {left}\n"));
        assert_eq!(version(&scene, "live"), before, "{call}\n{}", post.log());
    }
    insta::assert_snapshot!("killed_at_each_point", table);
}

#[test]
fn the_post_stage_of_a_good_release_changes_nothing() {
    let scene = scene();
    let run = scene.command(&["hosting"]).expect(0);
    let before = scene.cloud.world(|world| world.effects.len());
    scene.post(&run).expect(0).says("is over; there is nothing left to end");
    assert_eq!(scene.cloud.world(|world| world.effects.len()), before);
}
