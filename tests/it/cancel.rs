//! Cancelled at every step: the build is told, everything known is written, the post step finishes
//! what was left.

use std::time::{Duration, Instant};

use fakecloud::{Action, BuildScript, Fault, Outcome};

use crate::support::Scene;

/// A run that is waiting for an answer to `call`, which never comes.
fn hanging(call: &'static str) -> Scene {
    let mut scene = Scene::new();
    scene.input("health_path", "/health").input("allow_unauthenticated", "true");
    scene.cloud.world(|world| world.faults.push(Fault::next(call, Action::Hang)));
    scene
}

#[test]
fn at_each_step_a_signal_ends_the_run_in_time() {
    for (call, build_may_run) in [
        ("oauth2.token", false),
        ("run.projects.locations.services.get", false),
        ("storage.buckets.insert", false),
        ("storage.objects.insert", false),
        ("cloudbuild.projects.locations.builds.get", true),
        ("run.projects.locations.services.patch", false),
        ("run.projects.locations.operations.wait", false),
        ("run.projects.locations.services.setIamPolicy", false),
        ("site.request", false),
    ] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let scene = hanging(call);
            let running = scene.start(&[]);
            running.until(call);
            let begun = Instant::now();
            running.signal(signal);
            let run = running.finish();
            let took = begun.elapsed();
            assert_eq!(run.code, code, "{call} {signal}\n{}", run.log());
            assert!(took < Duration::from_secs(6), "{call} {signal}: {took:?}");
            assert_eq!(run.outputs["result"], "cancelled", "{call}");
            assert!(run.summary.contains("was cancelled"), "{call}");
            run.says("Cancelled by SIG");
            scene.cloud.world(|world| {
                let running = world.builds.iter().filter(|build| !build.is_over()).count();
                assert_eq!(running, 0, "{call}: a build goes on");
                assert_eq!(world.count("build cancelled"), usize::from(build_may_run), "{call}");
            });
        }
    }
}

#[test]
fn a_build_that_runs_is_cancelled_within_three_seconds() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
    let running = scene.start(&[]);
    running.until("storage.objects.get?alt=media");
    let begun = Instant::now();
    running.signal("INT");
    assert!(
        scene
            .cloud
            .wait_for(|request| request.is("cloudbuild.projects.locations.builds.cancel"), Duration::from_secs(3))
    );
    let run = running.finish().expect(130);
    assert!(begun.elapsed() < Duration::from_secs(6));
    insta::assert_snapshot!("cancelled_summary", run.summary());
    assert_eq!(run.report()["build"]["status"], "CANCELLED");
    assert_eq!(run.state["build_over"], "true");
    scene.post(&run).expect(0).says("there is nothing left to end");
    assert_eq!(scene.cloud.calls("cloudbuild.projects.locations.builds.cancel").len(), 1);
}

#[test]
fn a_submission_whose_reply_is_out_is_found_and_cancelled() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| {
        world.faults.push(Fault::lost_reply("cloudbuild.projects.locations.builds.create", Action::Hang))
    });
    let running = scene.start(&[]);
    running.until("cloudbuild.projects.locations.builds.create");
    assert!(scene.cloud.wait_for(
        |request| request.is("cloudbuild.projects.locations.builds.create") && request.effect,
        Duration::from_secs(5)
    ));
    running.signal("TERM");
    running.finish().expect(143).says("is cancelled");
    scene.cloud.world(|world| assert_eq!(world.count("build cancelled"), 1));
}

#[test]
fn the_post_step_finishes_what_a_killed_run_left() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
    let running = scene.start(&[]);
    running.until("storage.objects.get?alt=media");
    running.signal("KILL");
    let run = running.finish();
    assert_eq!(run.code, 137);
    assert!(run.state.contains_key("build_id") && !run.state.contains_key("build_over"));
    scene.post(&run).expect(0).says("Cancelled what the run left behind");
    scene.cloud.world(|world| assert_eq!(world.last_build().unwrap().status(), "CANCELLED"));
    scene.post(&run).expect(0);
}

#[test]
fn the_post_step_finds_a_build_whose_id_was_never_known() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| {
        world.faults.push(Fault::lost_reply("cloudbuild.projects.locations.builds.create", Action::Hang))
    });
    let running = scene.start(&[]);
    assert!(scene.cloud.wait_for(
        |request| request.is("cloudbuild.projects.locations.builds.create") && request.effect,
        Duration::from_secs(20)
    ));
    running.signal("KILL");
    let run = running.finish();
    assert!(run.state.contains_key("build_tag") && !run.state.contains_key("build_id"));
    scene.post(&run).expect(0).says("Cancelled what the run left behind");
    scene.cloud.world(|world| assert_eq!(world.count("build cancelled"), 1));
}

#[test]
fn the_post_step_of_a_run_that_began_nothing_does_nothing() {
    let mut scene = Scene::new();
    scene.input("service", "NOT A NAME");
    let run = scene.run().expect(2);
    scene.post(&run).expect(0).says("Nothing was begun");
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_cancel_that_google_refuses_is_handed_to_the_post_step() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| {
        world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds));
        world.faults.push(Fault::next("cloudbuild.projects.locations.builds.cancel", Action::status(503)).times(2));
    });
    let running = scene.start(&[]);
    running.until("storage.objects.get?alt=media");
    running.signal("INT");
    let run = running.finish().expect(130);
    assert!(!run.state.contains_key("build_over"));
    scene.post(&run).expect(0).says("Cancelled what the run left behind");
}
