//! Lost replies and passing trouble: one version, one release, whatever the network does.

use fakecloud::{Action, Fault};

use super::{SITE, count, scene, shown};

const CALLS: [&str; 7] = [
    "firebasehosting.projects.sites.versions.create",
    "firebasehosting.projects.sites.versions.populateFiles",
    "firebasehosting.upload.file",
    "firebasehosting.projects.sites.versions.patch",
    "firebasehosting.projects.sites.channels.create",
    "firebasehosting.projects.sites.channels.releases.create",
    "firebasehosting.projects.sites.channels.get",
];

fn actions() -> [Action; 5] {
    [Action::Reset, Action::Truncate, Action::status(503), Action::Html(502), Action::Garbage]
}

#[test]
fn a_lost_reply_never_makes_a_second_of_anything() {
    for call in CALLS {
        for action in actions() {
            let name = format!("{call} {action:?}");
            let mut scene = scene();
            scene.input("channel", "preview");
            scene.cloud.world(|world| world.faults.push(Fault::lost_reply(call, action)));
            let run = scene.command(&["hosting"]);
            assert_eq!(run.code, 0, "{name}\n{}", run.log());
            assert_eq!(shown(&scene, "preview").len(), 3, "{name}");
            for effect in ["version created", "version finalized", "channel created", "release created"] {
                assert_eq!(count(&scene, effect), 1, "{name}: {effect}");
            }
        }
    }
}

#[test]
fn what_never_arrived_is_sent_again() {
    for call in CALLS {
        for action in [Action::Reset, Action::status(500), Action::status(503)] {
            let name = format!("{call} {action:?}");
            let mut scene = scene();
            scene.input("channel", "preview");
            scene.cloud.world(|world| world.faults.push(Fault::next(call, action)));
            let run = scene.command(&["hosting"]);
            assert_eq!(run.code, 0, "{name}\n{}", run.log());
            assert_eq!(count(&scene, "release created"), 1, "{name}");
        }
    }
}

/// A thousand runs with random faults, a quarter of them in each of four tests that run side by side.
const RUNS: u32 = 250;

#[test]
fn one_release_in_each_of_a_thousand_seeded_runs_first_quarter() {
    one_release_in_each_run(7);
}

#[test]
fn one_release_in_each_of_a_thousand_seeded_runs_second_quarter() {
    one_release_in_each_run(11);
}

#[test]
fn one_release_in_each_of_a_thousand_seeded_runs_third_quarter() {
    one_release_in_each_run(13);
}

#[test]
fn one_release_in_each_of_a_thousand_seeded_runs_last_quarter() {
    one_release_in_each_run(17);
}

fn one_release_in_each_run(seed: u64) {
    // A small generator of our own: the same runs every time.
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut scene = scene();
    let mut released = 0_u32;
    for number in 0..RUNS {
        scene.file("dist/index.html", format!("run {number}"));
        let faults: Vec<Fault> = (0..next(4))
            .map(|_| {
                let call = CALLS[next(7) as usize];
                let action = actions()[next(5) as usize].clone();
                if next(2) == 0 { Fault::next(call, action) } else { Fault::lost_reply(call, action) }
            })
            .collect();
        scene.cloud.world(|world| world.faults = faults);
        let before = count(&scene, "release created");
        let run = scene.start(&["hosting"]).finish_lenient();
        let made = count(&scene, "release created") - before;
        // Faults that met nobody say nothing: the next run begins without them.
        scene.cloud.world(|world| world.faults.clear());
        let text = shown(&scene, "live").get("/index.html").cloned();
        match run.code {
            0 => {
                released += 1;
                assert_eq!(made, 1, "seed {seed}, run {number}\n{}", run.log());
                assert_eq!(text, Some(format!("run {number}")), "{}", run.log());
            }
            // What was there stays, or is back.
            _ => assert_ne!(
                text,
                Some(format!("run {number}")),
                "seed {seed}, run {number} failed and shows\n{}",
                run.log()
            ),
        }
    }
    assert!(released > RUNS * 95 / 100, "only {released} of {RUNS} runs went through");
    let unfinished = scene.cloud.world(|world| {
        let site = world.hosting_site(SITE).unwrap();
        site.versions.iter().filter(|one| one.finalized.is_none() && one.deleted.is_none()).count()
    });
    assert!(unfinished <= (RUNS - released) as usize, "{unfinished} versions are left unfinished");
}

const LOOK: &str = "firebasehosting.projects.sites.channels.get";

#[test]
fn a_release_that_is_not_seen_once_is_green() {
    for channel in ["live", "preview"] {
        for action in [Action::status(404), Action::status(403), Action::status(400)] {
            let mut scene = scene();
            scene.command(&["hosting"]).expect(0);
            scene.file("dist/index.html", "new").input("channel", channel);
            let first = if channel == "live" { 1 } else { 2 };
            scene.cloud.world(|world| world.faults.push(Fault::next(LOOK, action.clone()).skip(first)));
            let run = scene.command(&["hosting"]).expect(0);
            run.does_not_say("another release came after this one");
            assert_eq!(shown(&scene, channel)["/index.html"], "new", "{channel} {action:?}");
        }
    }
}

#[test]
fn a_channel_that_stays_unseen_is_never_called_overtaken() {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    scene.file("dist/index.html", "new");
    scene.cloud.world(|world| world.faults.push(Fault::next(LOOK, Action::status(404)).skip(1).times(4)));
    let run = scene.command(&["hosting"]).expect(7);
    run.says("Could not read back what channel `live` of site `harbour-dev` shows");
    run.does_not_say("Nothing needs to be done").does_not_say("another release came after this one");
    assert_eq!(shown(&scene, "live")["/index.html"], "<h1>Harbour</h1>\n", "what was there is back");
}

#[test]
fn a_look_that_comes_too_early_is_no_other_release() {
    let mut scene = scene();
    scene.command(&["hosting"]).expect(0);
    let name = |scene: &crate::support::Scene| {
        scene.cloud.world(|world| {
            let site = world.hosting_site(SITE).unwrap();
            let (live, version) = (site.channel("live").unwrap(), site.shown_on("live").unwrap());
            let release = live.current().unwrap();
            let base = format!("projects/harbour-dev/sites/{SITE}");
            serde_json::json!({"name": format!("{base}/channels/live"), "url": live.url, "release": {
                "name": format!("{base}/channels/live/releases/{}", release.id), "type": release.kind,
                "releaseTime": release.time, "version": {"name": format!("{base}/versions/{}", version.id)},
            }})
        })
    };
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let early = |scene: &crate::support::Scene| Action::Raw(200, json.clone(), name(scene).to_string().into_bytes());
    // As it was before the release, once: looked at again.
    scene.file("dist/index.html", "second");
    let fault = Fault::next(LOOK, early(&scene)).skip(1);
    scene.cloud.world(|world| world.faults.push(fault));
    scene.command(&["hosting"]).expect(0);
    assert_eq!(shown(&scene, "live")["/index.html"], "second");
    // As it was before, to the end of all looks: red, and put back for certain.
    scene.file("dist/index.html", "third");
    let fault = Fault::next(LOOK, early(&scene)).skip(1).times(8);
    scene.cloud.world(|world| world.faults.push(fault));
    let run = scene.command(&["hosting"]).expect(8);
    run.says("although Google has taken release").does_not_say("another release came after this one");
    assert_eq!(shown(&scene, "live")["/index.html"], "second");
}
