//! Step by step: the gates hold, fail, or cannot say.

use fakecloud::Snapshot;

use crate::rollout::{ill, next_answers, record, revisions, running, traffic};
use crate::support::{Run, Scene};

/// A service that runs, a change to be deployed to it by a canary, and a revision name that is known
/// beforehand, so that its metrics can be.
fn canary() -> (Scene, String) {
    let mut scene = running();
    scene.input("strategy", "canary").input("canary_interval", "5m").input("suffix", "next");
    (scene, "web-next".to_owned())
}

fn metrics(scene: &Scene, revision: &str, snapshots: &[Snapshot]) {
    scene.cloud.world(|world| {
        let metrics = world.metrics("web", revision);
        let (first, others) = snapshots.split_first().unwrap();
        metrics.set(first.clone());
        for snapshot in others {
            metrics.then(snapshot.clone());
        }
    });
}

fn good() -> Snapshot {
    Snapshot::new(&[("2xx", 1000), ("5xx", 2)], &[120.0, 200.0])
}

/// Percents the new revision got, in the order they were written.
fn steps(run: &Run) -> Vec<u64> {
    let report = run.report();
    report["rollout"]["steps"].as_array().unwrap().iter().map(|step| step["percent"].as_u64().unwrap()).collect()
}

#[test]
fn a_canary_that_holds_gets_everything_step_by_step() {
    let (mut scene, revision) = canary();
    metrics(&scene, &revision, &[good()]);
    let run = scene.input("max_error_rate", "5%").input("max_latency_p95", "2s").run().expect(0);
    insta::assert_snapshot!("canary_summary_part", {
        let summary = run.summary();
        summary[summary.find("### Rollout").unwrap()..summary.find("### Traffic").unwrap()].to_owned()
    });
    assert_eq!(steps(&run), [5, 25, 50, 100]);
    // Each move is told when it happens, before what it is watched for.
    let log = run.log();
    for percent in [5, 25, 50] {
        let moved =
            log.find(&format!("Now revision `web-next` receives {percent} % of the requests; it is watched for 5m"));
        let held = log.find(&format!("Shift: {percent} % for 5m"));
        assert!(moved.is_some() && moved < held, "{percent}\n{log}");
    }
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    assert_eq!(record(&scene), None);
    let written: Vec<Vec<u64>> = scene
        .cloud
        .calls("run.projects.locations.services.patch")
        .iter()
        .filter(|request| request.query("updateMask").is_some_and(|mask| !mask.contains("template")))
        .map(|request| {
            let traffic = request.json()["traffic"].as_array().unwrap().clone();
            traffic.iter().map(|target| target["percent"].as_u64().unwrap_or(0)).collect()
        })
        .collect();
    assert_eq!(written, [vec![95, 5], vec![75, 25], vec![50, 50], vec![100], vec![100]]);
}

#[test]
fn errors_stop_a_canary_and_take_it_back() {
    let (mut scene, revision) = canary();
    let before = traffic(&scene).len();
    let bad = Snapshot::new(&[("2xx", 90), ("5xx", 10)], &[100.0]);
    // Good for the whole first step (eleven looks in five minutes), bad in the second.
    metrics(&scene, &revision, &[vec![good(); 13], vec![bad]].concat());
    let run = scene.input("max_error_rate", "5%").run().expect(9);
    assert_eq!(steps(&run), [5, 25]);
    insta::assert_snapshot!("canary_errors", run.failure());
    assert_eq!((traffic(&scene).len(), record(&scene)), (before, None));
    assert_eq!(traffic(&scene)[0], (revisions(&scene)[0].clone(), 100, String::new()));
}

#[test]
fn latency_stops_a_canary() {
    let (mut scene, revision) = canary();
    let slow = Snapshot::new(&[("2xx", 500)], &vec![3000.0; 500]);
    metrics(&scene, &revision, &[vec![good(); 13], vec![slow]].concat());
    let run = scene.input("max_latency_p95", "2s").run().expect(9);
    run.says("does not hold at 25 %: p95 3000 ms (at most 2000 ms)").says("serves as before");
    assert_eq!(steps(&run), [5, 25]);
}

#[test]
fn metrics_that_fall_silent_stop_a_canary() {
    let (mut scene, revision) = canary();
    metrics(&scene, &revision, &[vec![good(); 13], vec![Snapshot::default()]].concat());
    let run = scene.input("max_error_rate", "5%").run().expect(9);
    run.says("holds at 25 % is not known: Cloud Monitoring has no data");
    assert_eq!(steps(&run), [5, 25]);
    assert_eq!((traffic(&scene)[0].1, traffic(&scene)[1].1), (75, 25), "held where it was");
}

#[test]
fn what_is_not_known_never_moves_traffic_by_itself() {
    // No data at all; too few requests; metrics that may not be read.
    for (name, snapshot) in [("no data", None), ("too few", Some(Snapshot::new(&[("2xx", 3)], &[1.0])))] {
        let (mut scene, revision) = canary();
        if let Some(snapshot) = snapshot {
            metrics(&scene, &revision, &[snapshot]);
        }
        let run = scene.input("max_error_rate", "5%").run().expect(9);
        assert_eq!(steps(&run), [5], "{name}");
        assert_eq!(run.report()["rollout"]["end"], "left", "{name}");
        let words = traffic(&scene);
        assert_eq!((words[0].1, words[1].1), (95, 5), "{name}: held at the step that was reached");
        run.says("is not known").says("slipway promote").says("slipway rollback");
        assert!(record(&scene).is_some(), "what served before is still written down");
        // Both ways out that the hint names: on, and back.
        let tag = traffic(&scene)[1].2.clone();
        let (served, way): (&str, Vec<&str>) = match name {
            "no data" => ("latest", vec!["promote", "--tag", &tag]),
            _ => (&revisions(&scene)[0].clone(), vec!["rollback"]),
        };
        for input in
            ["source", "env_vars", "allow_unauthenticated", "strategy", "canary_interval", "suffix", "max_error_rate"]
        {
            scene.input(input, "");
        }
        scene.command(&way).expect(0);
        assert_eq!(traffic(&scene), [(served.to_owned(), 100, String::new())], "{name}");
        assert_eq!(record(&scene), None, "{name}");
    }
    let (mut scene, _) = canary();
    let run = scene.input("max_error_rate", "5%").input("on_unknown", "rollback").run().expect(9);
    run.says("serves as before");
    assert_eq!(traffic(&scene)[0].1, 100);
    let (mut scene, _) = canary();
    let run = scene.input("max_error_rate", "5%").input("on_unknown", "continue").run().expect(0);
    assert_eq!(steps(&run), [5, 25, 50, 100]);
    run.says("going on, as `on_unknown: continue` says");
    let (mut scene, _) = canary();
    scene.cloud.world(|world| world.deny(fakecloud::World::DEPLOYER, "monitoring.timeSeries.list"));
    scene.input("max_error_rate", "5%").run().expect(9).says("its metrics cannot be read");
}

#[test]
fn metrics_that_come_late_are_waited_for() {
    let (mut scene, revision) = canary();
    metrics(&scene, &revision, &[good()]);
    scene.cloud.world(|world| world.metrics("web", "web-next").lag = 3);
    scene.input("max_error_rate", "5%").run().expect(0);
}

#[test]
fn checks_hold_between_the_steps() {
    let (mut scene, _) = canary();
    // The candidate passes once, at the first step it does not.
    scene.cloud.world(|world| {
        world.faults.push(
            fakecloud::Fault::next("site.request", fakecloud::Action::status(500))
                .skip(1)
                .times(fakecloud::Fault::FOREVER),
        );
    });
    scene.input("health_timeout", "3s");
    let run = scene.run().expect(9);
    run.says("does not hold at 5 %").says("serves as before");
    scene.cloud.world(|world| world.faults.clear());
    next_answers(&scene, ill());
    scene.input("suffix", "other").run().expect(9);
    assert_eq!(scene.cloud.world(|world| world.requests_of("web-other")), 0);
}

#[test]
fn mistakes_in_the_rollout_are_told_together() {
    let mut scene = Scene::new();
    scene
        .input("strategy", "bluegreen")
        .input("canary_steps", "50,25")
        .input("max_error_rate", "5")
        .input("on_unknown", "wait")
        .input("tag", "No")
        .input("prune_revisions", "-1");
    let run = scene.run().expect(2);
    for name in ["strategy", "canary_steps", "max_error_rate", "on_unknown", "tag", "prune_revisions"] {
        run.says(&format!("* {name}: "));
    }
    assert_eq!(scene.cloud.journal().len(), 0);
}
