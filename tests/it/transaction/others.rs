//! Two runs on one service: each ends as if it had been alone, or says what is live.

use std::time::Duration;

use fakecloud::{Access, Action, Fault};

use super::{config, note};
use crate::interrupted::reach;
use crate::rollout::{ill, next_answers, record, revisions, running, set_traffic, traffic};
use crate::support::{Run, SHA, Scene};

const NEWER: &str = "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e";
const PATCH: &str = "run.projects.locations.services.patch";

/// What makes the other run no canary.
const NO_CANARY: [(&str, &str); 3] =
    [("INPUT_STRATEGY", ""), ("INPUT_CANARY_STEPS", ""), ("INPUT_CANARY_INTERVAL", "")];

/// A canary of the first of two steps that hangs there until the faults are cleared.
fn canary() -> Scene {
    let mut scene = running();
    scene.input("strategy", "canary").input("canary_steps", "25,100").input("canary_interval", "1s");
    scene
}

#[test]
fn a_candidate_in_the_middle_of_a_canary_leaves_it_alone() {
    let scene = canary();
    // The canary's second question to its candidate is answered late: it stands at 25 % then.
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("site.request", Action::Slow(Duration::from_secs(6))).skip(1));
    });
    let going = reach(&scene, "site.request", 1);
    let there = revisions(&scene);
    let at_25 = record(&scene);
    let arguments = ["deploy", "--no-traffic", "--tag", "pr-1", "--env-vars", "OTHER: 1"];
    let other = scene.start_beside(&NO_CANARY, &arguments).finish();
    assert_eq!(other.code, 0, "{}", other.log());
    let waits = other.outputs["revision"].clone();
    let expected = [
        (there[0].clone(), 75, String::new()),
        (there[1].clone(), 25, traffic(&scene)[1].2.clone()),
        (waits.clone(), 0, "pr-1".to_owned()),
    ];
    assert_eq!(traffic(&scene), expected);
    assert_eq!(record(&scene), at_25, "the other's record is as it was");
    scene.cloud.world(|world| world.faults.clear());
    let run = going.finish();
    assert_eq!(run.code, 0, "{}", run.log());
    let serving: Vec<_> = traffic(&scene).into_iter().filter(|share| share.1 > 0).collect();
    // Its revision is not the newest any more, so following the latest would be sending requests to what waits.
    assert_eq!(serving, [(there[1].clone(), 100, String::new())]);
    assert!(traffic(&scene).contains(&(waits, 0, "pr-1".to_owned())));
    assert_eq!(note(&scene, "serving")["followed_latest"], true, "the next deploy follows again");
    let mut scene = scene;
    scene.input("strategy", "").input("canary_steps", "").input("canary_interval", "").run().expect(0);
    assert_eq!(traffic(&scene)[0], ("latest".to_owned(), 100, String::new()));
}

#[test]
fn two_candidates_at_once_end_as_if_each_had_been_alone() {
    let scene = running();
    let start = |tag: &'static str| {
        scene.start(&[
            "deploy",
            "--no-traffic",
            "--tag",
            tag,
            "--env-vars",
            if tag == "pr-1" { "A: 1" } else { "B: 1" },
        ])
    };
    let (one, two) = (start("pr-1"), start("pr-2"));
    let runs: Vec<Run> = [one, two].into_iter().map(crate::support::Running::finish).collect();
    for run in &runs {
        assert_eq!(run.code, 0, "{}", run.log());
    }
    let first = revisions(&scene)[0].clone();
    let mut there = traffic(&scene);
    there.sort();
    let mut expected = vec![
        (first, 100, String::new()),
        (runs[0].outputs["revision"].clone(), 0, "pr-1".to_owned()),
        (runs[1].outputs["revision"].clone(), 0, "pr-2".to_owned()),
    ];
    expected.sort();
    assert_eq!(there, expected);
    for (run, own) in runs.iter().zip(["A", "B"]) {
        assert_eq!(super::variables(&scene, &run.outputs["revision"]), [own], "neither inherits the other's");
    }
}

#[test]
fn a_candidate_that_fails_in_the_middle_of_a_canary_takes_its_own_tag_away_and_nothing_else() {
    let scene = canary();
    scene.cloud.world(|world| {
        world.faults.push(Fault::next("site.request", Action::Slow(Duration::from_secs(6))).skip(1));
    });
    let going = reach(&scene, "site.request", 1);
    let before = traffic(&scene);
    next_answers(&scene, ill());
    let other = ["deploy", "--no-traffic", "--tag", "pr-1", "--health-timeout", "1s"];
    let run = scene.start_beside(&NO_CANARY, &other).finish_lenient();
    assert_eq!(run.code, 9, "{}", run.log());
    assert_eq!(traffic(&scene), before);
    assert_eq!(going.finish().code, 0);
}

/// The record of a run that goes on is not taken for a dead run's.
#[test]
fn a_deploy_waits_for_a_rollout_that_goes_on() {
    let mut scene = running();
    scene.variable("SLIPWAY_PACE", "0.01");
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Slow(Duration::from_secs(2)))));
    let slow = reach(&scene, "site.request", 0);
    let variables = [("GITHUB_RUN_ID", "78"), ("GITHUB_SHA", NEWER)];
    let newer = scene.start_beside(&variables, &["deploy", "--env-vars", "NEWER: 1"]).finish();
    let run = slow.finish();
    assert_eq!((run.code, newer.code), (0, 0), "{}\n{}", run.log(), newer.log());
    newer.says("The run `https://github.com/o/r/actions/runs/77` is rolling out").does_not_say("was left unfinished");
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    scene.cloud.world(|world| {
        assert_eq!(world.service("us-central1", "web").unwrap().serving[0].revision, newer.outputs["revision"]);
    });
}

#[test]
fn a_record_is_taken_over_at_once_where_github_says_that_its_run_is_over() {
    for (status, attempt, says) in [("completed", 1, true), ("in_progress", 2, true), ("in_progress", 1, false)] {
        let mut scene = running();
        let token = scene.cloud.world(|world| {
            world.github.add_repository("o/r").add_run(77).status = "in_progress".to_owned();
            world.github.add_token("o/r", &[("contents", Access::Read), ("actions", Access::Read)])
        });
        scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
        scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Hang)));
        let running = reach(&scene, "site.request", 0);
        running.signal("KILL");
        assert_eq!(running.finish().code, 137);
        scene.cloud.world(|world| {
            world.faults.clear();
            let run = world.github.repository("o/r").add_run(77);
            (run.status, run.attempt) = (status.to_owned(), attempt);
        });
        let next = scene.variable("GITHUB_RUN_ID", "78").run().expect(0);
        next.says("was left unfinished");
        let waited = next.stdout.contains("waiting for its end");
        assert_eq!(waited, !says, "{status} {attempt}: {}", next.log());
    }
    // A later attempt of the same run begins when the earlier one is over.
    let mut scene = running();
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::Hang)));
    let running = reach(&scene, "site.request", 0);
    running.signal("KILL");
    assert_eq!(running.finish().code, 137);
    scene.cloud.world(|world| world.faults.clear());
    let next = scene.variable("GITHUB_RUN_ATTEMPT", "2").run().expect(0);
    next.says("was left unfinished").does_not_say("waiting for its end");
}

#[test]
fn a_rollout_that_goes_on_for_long_is_not_waited_for_and_the_run_says_what_is_live() {
    let mut scene = canary();
    scene.input("canary_interval", "2h").variable("SLIPWAY_PACE", "0.001");
    // The step of two hours has begun when its candidate is asked for the second time.
    let slow = reach(&scene, "site.request", 1);
    let variables = [("SLIPWAY_PACE", "0"), ("GITHUB_RUN_ID", "78"), ("GITHUB_SHA", NEWER)];
    let newer = scene.start_beside(&variables, &["deploy", "--env-vars", "NEWER: 1"]).finish_lenient();
    assert_eq!(newer.code, 11, "{}", newer.log());
    newer.says("has been rolling out revision").says("is being rolled out").says(&format!("`{NEWER}`"));
    newer.says("Nothing was changed on service `web`");
    slow.signal("TERM");
    assert_eq!(slow.finish_lenient().code, 143);
}

#[test]
fn an_older_commit_that_builds_for_longer_does_not_take_the_traffic_from_a_newer_one() {
    const OLDER: &str = "0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e";
    const CREATE: &str = "cloudbuild.projects.locations.builds.create";
    for strategy in ["candidate", "direct"] {
        let mut scene = running();
        let token = scene.cloud.world(|world| {
            let repository = world.github.add_repository("o/r");
            repository.add_commit("develop", SHA, &[], &["a"]);
            repository.add_commit("develop", OLDER, &[SHA], &["a"]);
            repository.add_commit("develop", NEWER, &[OLDER], &["a"]);
            world.faults.push(Fault::next(CREATE, Action::Slow(Duration::from_secs(4))));
            world.github.add_token("o/r", &[("contents", Access::Read), ("actions", Access::Read)])
        });
        scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
        scene.input("strategy", strategy).variable("GITHUB_SHA", OLDER);
        // The older commit's build goes on while the newer one is deployed.
        let older = reach(&scene, CREATE, 0);
        let image = config(&scene)["template"]["containers"][0]["image"].as_str().unwrap().to_owned();
        let variables = [("GITHUB_SHA", NEWER), ("GITHUB_RUN_ID", "78"), ("INPUT_SOURCE", "")];
        let newer = scene.start_beside(&variables, &["deploy", "--image", &image, "--env-vars", "NEWER: 1"]);
        let newer = newer.finish_lenient();
        assert_eq!(newer.code, 0, "{}", newer.log());
        let serves = traffic(&scene);
        let run = older.finish();
        assert_eq!(run.code, 11, "{strategy}: {}", run.log());
        run.says("deciding again from what it is now").says("A newer commit serves already");
        assert_eq!(traffic(&scene), serves, "{strategy}");
        assert_eq!(run.outputs["result"], "superseded");
    }
}

#[test]
fn a_tag_that_followed_the_latest_revision_follows_it_again() {
    let mut scene = running();
    let first = revisions(&scene)[0].clone();
    set_traffic(&scene, &[("latest", 100, "live"), ("latest", 0, "newest"), (&first, 0, "old")]);
    scene.run().expect(0);
    let tag = |scene: &Scene, wanted: &str| traffic(scene).into_iter().find(|share| share.2 == wanted).unwrap().0;
    assert_eq!(traffic(&scene).iter().find(|share| share.1 == 100).unwrap().0, "latest");
    assert_eq!(
        (tag(&scene, "live"), tag(&scene, "newest"), tag(&scene, "old")),
        ("latest".into(), "latest".into(), first)
    );
    // After a deploy that failed they stand on what serves, and follow again with the next one that ends well.
    next_answers(&scene, ill());
    scene.input("env_vars", "BAD: 1").run().expect(9);
    let serves = revisions(&scene)[1].clone();
    assert_eq!((tag(&scene, "live"), tag(&scene, "newest")), (serves.clone(), serves));
    scene.input("env_vars", "GOOD: 1").run().expect(0);
    assert_eq!((tag(&scene, "live"), tag(&scene, "newest")), ("latest".into(), "latest".into()));
}

#[test]
fn a_rollback_that_could_not_be_carried_out_is_tried_again_and_says_what_it_knows() {
    let scene = running();
    let first = revisions(&scene)[0].clone();
    next_answers(&scene, ill());
    scene.cloud.world(|world| {
        world.faults.push(Fault::next(PATCH, Action::status(403)).skip(1));
        // After the write that was refused, nothing can be read either.
        world.faults.push(
            Fault::next("run.projects.locations.services.get", Action::status(403)).skip(5).times(Fault::FOREVER),
        );
    });
    let run = scene.start(&[]).finish_lenient();
    assert_eq!(run.code, 10, "{}", run.log());
    run.says("What service `web` serves now is not known: it could not be read");
    assert!(!run.state.contains_key("rollout_over"));
    scene.cloud.world(|world| world.faults.clear());
    scene.post(&run).expect(0).says("Put back what the run left in us-central1: the traffic is as before");
    assert_eq!(traffic(&scene), [(first, 100, String::new())]);
    assert_eq!(record(&scene), None);
}
