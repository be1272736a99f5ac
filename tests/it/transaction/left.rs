//! What a run, or a person, meets that another one left: nothing of it is lost, and nothing is taken for what it is not.

use std::time::Duration;

use fakecloud::{Action, Fault};

use super::{config, note};
use crate::interrupted::{reach, reach_command};
use crate::rollout::{ill, next_answers, record, revisions, running, traffic};
use crate::support::Scene;

const NEWER: &str = "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e";
const PATCH: &str = "run.projects.locations.services.patch";

/// Whether everybody may call the service.
fn is_open(scene: &Scene) -> bool {
    scene.cloud.world(|world| {
        let bindings = &world.service("us-central1", "web").unwrap().policy.bindings;
        bindings.iter().any(|binding| binding.members.iter().any(|member| member == "allUsers"))
    })
}

/// Kills a deploy of ingress `internal-and-cloud-load-balancing` after it has moved all traffic, before it said so.
fn killed_after_the_last_step(scene: &mut Scene) {
    scene.input("ingress", "internal-and-cloud-load-balancing").input("env_vars", "NEXT: 1");
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(PATCH, Action::Hang).skip(1)));
    let run = reach(scene, PATCH, 1);
    run.signal("KILL");
    assert_eq!(run.finish().code, 137);
    scene.cloud.world(|world| world.faults.clear());
}

#[test]
fn an_allocation_that_a_person_names_takes_back_what_a_killed_rollout_changed() {
    let mut scene = running();
    let first = revisions(&scene)[0].clone();
    let before = config(&scene)["ingress"].clone();
    scene.input("health_path", "/health");
    killed_after_the_last_step(&mut scene);
    assert_ne!(config(&scene)["ingress"], before);
    assert!(record(&scene).is_some());
    for name in ["source", "env_vars", "allow_unauthenticated", "ingress"] {
        scene.input(name, "");
    }
    scene.input("traffic", &format!("{first}=100")).run().expect(0);
    assert_eq!((config(&scene)["ingress"].clone(), record(&scene)), (before, None));
    assert!(traffic(&scene).contains(&(first, 100, String::new())), "{:?}", traffic(&scene));
}

#[test]
fn what_a_killed_rollout_brought_halfway_does_not_serve_already() {
    let mut scene = running();
    scene.input("changed_paths", "app").variable("GITHUB_SHA", NEWER).input("health_path", "/health");
    killed_after_the_last_step(&mut scene);
    let next = scene.variable("GITHUB_RUN_ATTEMPT", "2").run().expect(0);
    next.says("was left unfinished");
    assert_eq!(next.outputs["result"], "deployed");
    assert_eq!(record(&scene), None);
    scene.run().expect(0).says("serves already");
}

#[test]
fn a_canary_that_was_held_brings_its_settings_when_it_is_promoted() {
    let mut scene = running();
    scene.input("strategy", "canary").input("canary_steps", "25,100").input("canary_interval", "1s");
    scene.input("on_unknown", "hold").input("max_error_rate", "5%");
    scene.input("ingress", "internal-and-cloud-load-balancing");
    let held = scene.run();
    assert_eq!(held.code, 9, "{}", held.log());
    let tag = traffic(&scene).into_iter().find(|share| share.1 == 25).expect("it stands at 25 %").2;
    assert_eq!(config(&scene)["ingress"], "INGRESS_TRAFFIC_ALL");
    for name in
        ["source", "env_vars", "allow_unauthenticated", "strategy", "canary_steps", "canary_interval", "on_unknown"]
    {
        scene.input(name, "");
    }
    scene.input("max_error_rate", "").input("ingress", "");
    scene.command(&["promote", "--tag", &tag]).expect(0);
    assert_eq!(config(&scene)["ingress"], "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER");
    assert_eq!(record(&scene), None);
}

#[test]
fn a_candidate_that_waits_outlives_previews_and_deploys_that_fail() {
    let mut scene = running();
    let waits = scene.input("no_traffic", "true").run().expect(0);
    let (revision, tag) = (waits.outputs["revision"].clone(), traffic(&scene).last().unwrap().2.clone());
    let stands = |scene: &Scene| traffic(scene).contains(&(revision.clone(), 0, tag.clone()));
    scene.input("tag", "pr-7").input("env_vars", "PREVIEW: 1").run().expect(0);
    assert!(stands(&scene), "{:?}", traffic(&scene));
    scene.input("no_traffic", "").input("tag", "").input("env_vars", "ILL: 1").input("health_path", "/health");
    next_answers(&scene, ill());
    scene.input("health_timeout", "1s").run().expect(9);
    assert!(stands(&scene), "{:?}", traffic(&scene));
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let run = scene.command(&["promote", "--tag", &tag]).expect(0);
    assert_eq!(run.outputs["revision"], revision);
}

#[test]
fn after_a_preview_a_direct_deploy_serves_and_the_service_follows_its_latest_revision_again() {
    let mut scene = running();
    scene.input("no_traffic", "true").input("tag", "pr-7").input("env_vars", "PREVIEW: 1").run().expect(0);
    let preview = traffic(&scene).into_iter().find(|share| share.2 == "pr-7").unwrap();
    scene.input("no_traffic", "").input("tag", "").input("env_vars", "DIRECT: 1").input("strategy", "direct");
    scene.run().expect(0);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new()), preview]);
    assert_eq!(note(&scene, "serving")["followed_latest"], false);
}

#[test]
fn a_direct_deploy_waits_for_a_rollout_and_writes_over_none_that_was_left() {
    let mut scene = running();
    scene.input("health_path", "/health");
    killed_after_the_last_step(&mut scene);
    let there = (config(&scene), traffic(&scene));
    let direct = scene.input("strategy", "direct").variable("GITHUB_RUN_ATTEMPT", "2").run().expect(2);
    direct.says("was left unfinished on service `web`").says("slipway rollback --service=web");
    assert_eq!((config(&scene), traffic(&scene)), there);
}

#[test]
fn a_name_without_room_for_a_tag_is_gone_back_by_and_never_waits() {
    let mut scene = Scene::new();
    let name = "w".repeat(44);
    scene.input("service", &name).run().expect(0);
    let first = revisions(&scene)[0].clone();
    scene.input("env_vars", "NEXT: 1").run().expect(0).says("leaves no room for a traffic tag");
    let live = |scene: &Scene| {
        scene.cloud.world(|world| {
            let serving = &world.service("us-central1", &name).unwrap().serving;
            serving.iter().find(|share| share.percent == 100).map(|share| share.revision.clone())
        })
    };
    let second = live(&scene);
    scene.input("no_traffic", "true").input("env_vars", "WAITS: 1");
    scene.run().expect(2).says("leaves no room for a traffic tag").says("Name a tag of up to 2 characters (`tag`)");
    assert_eq!(live(&scene), second);
    for name in ["source", "env_vars", "no_traffic"] {
        scene.input(name, "");
    }
    scene.command(&["rollback"]).expect(0);
    assert_eq!(live(&scene), Some(first));
}

#[test]
fn going_back_is_decided_again_where_the_service_has_changed_meanwhile() {
    let mut scene = running();
    scene.input("env_vars", "NEXT: 1").run().expect(0);
    let first = revisions(&scene)[0].clone();
    let beside = [("INPUT_SOURCE", "app")];
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    scene.cloud.world(|world| {
        world
            .faults
            .push(Fault::next("run.projects.locations.services.revisions.get", Action::Slow(Duration::from_secs(6))));
    });
    let going = reach_command(&scene, &["rollback"], "run.projects.locations.services.revisions.get", 0);
    let other = ["deploy", "--no-traffic", "--tag", "pr-1", "--env-vars", "OTHER: 1"];
    let preview = scene.start_beside(&beside, &other).finish();
    assert_eq!(preview.code, 0, "{}", preview.log());
    let run = going.finish();
    assert_eq!(run.code, 0, "{}", run.log());
    let there = traffic(&scene);
    assert!(there.contains(&(preview.outputs["revision"].clone(), 0, "pr-1".to_owned())), "{there:?}");
    assert!(there.contains(&(first, 100, String::new())), "{there:?}");
}

#[test]
fn a_service_that_was_opened_by_a_run_which_ended_meanwhile_stays_open() {
    let mut scene = Scene::new();
    scene.run().expect(0);
    assert!(!is_open(&scene));
    let token = scene.cloud.world(|world| {
        world.github.add_repository("o/r").add_run(77).status = "in_progress".to_owned();
        world.github.add_token("o/r", &[("contents", fakecloud::Access::Read), ("actions", fakecloud::Access::Read)])
    });
    scene.variable("GITHUB_API_URL", &scene.cloud.github_url()).input("github_token", &token);
    scene.input("health_path", "/health").variable("SLIPWAY_PACE", "0.01");
    // The one that opens it stands between its last step and the grant.
    scene.cloud.world(|world| {
        world
            .faults
            .push(Fault::next("run.projects.locations.services.setIamPolicy", Action::Slow(Duration::from_secs(4))));
    });
    let variables = [("INPUT_ALLOW_UNAUTHENTICATED", "true")];
    let opening = scene.start_beside(&variables, &["deploy", "--env-vars", "OPENS: 1"]);
    opening.until("run.projects.locations.services.setIamPolicy");
    // The other one reads the service now, and builds until the first is over.
    scene.cloud.world(|world| {
        world
            .faults
            .push(Fault::next("cloudbuild.projects.locations.builds.create", Action::Slow(Duration::from_secs(8))));
    });
    let variables = [("GITHUB_RUN_ID", "78"), ("GITHUB_SHA", NEWER)];
    let building = scene.start_beside(&variables, &["deploy", "--env-vars", "NEWER: 1"]);
    assert_eq!(opening.finish().code, 0);
    scene.cloud.world(|world| world.github.repository("o/r").add_run(77).status = "completed".to_owned());
    let run = building.finish();
    assert_eq!(run.code, 0, "{}", run.log());
    assert!(is_open(&scene));
    run.does_not_say("was left unfinished");
}

#[test]
fn a_region_that_is_new_is_deployed_where_the_others_serve_the_commit_already() {
    let mut scene = Scene::new();
    scene.input("regions", "us-central1, europe-west1").input("changed_paths", "app");
    scene.run().expect(0);
    let run = scene.run().expect(0);
    assert_eq!(run.outputs["result"], "unchanged");
    let run = scene.input("regions", "us-central1, asia-east1").run().expect(0);
    assert_eq!(run.outputs["result"], "deployed");
    scene.cloud.world(|world| assert!(world.service("asia-east1", "web").is_some()));
}

/// With `rollback_on_failure: false` nothing goes back that a killed run reached; what nobody tried is no reach.
#[test]
fn what_a_killed_run_reached_stays_where_nothing_is_to_go_back() {
    for (reached, patches) in [(0, 1), (50, 2)] {
        let mut scene = running();
        let first = revisions(&scene)[0].clone();
        scene.input("rollback_on_failure", "false").input("strategy", "canary");
        scene.input("canary_steps", "50,100").input("canary_interval", "1s");
        scene.cloud.world(|world| world.faults.push(Fault::next(PATCH, Action::Hang).skip(patches)));
        let killed = reach(&scene, PATCH, patches);
        killed.signal("KILL");
        let run = killed.finish();
        scene.cloud.world(|world| world.faults.clear());
        let before = traffic(&scene);
        assert!(before.iter().any(|share| share.0 == first && share.1 == 100 - reached), "{before:?}");
        scene.post(&run).expect(0).does_not_say("Put back what the run left");
        assert_eq!(traffic(&scene), before, "{reached} % stays");
        assert!(record(&scene).is_some(), "and so does what the next run goes on from");
        // It does: from what was good, not from what was reached.
        scene
            .input("strategy", "")
            .input("canary_steps", "")
            .input("canary_interval", "")
            .input("env_vars", "OTHER: 1");
        let next = scene.variable("GITHUB_RUN_ATTEMPT", "2").run().expect(0);
        next.says("was left unfinished");
        assert_eq!(record(&scene), None);
        let serves = next.outputs["revision"].clone();
        assert_eq!(super::variables(&scene, &serves), ["OTHER"], "the killed one's are not inherited");
        // Where going back is wanted, the post step does it.
        let mut scene = running();
        scene.input("strategy", "canary").input("canary_steps", "50,100").input("canary_interval", "1s");
        let first = revisions(&scene)[0].clone();
        scene.cloud.world(|world| world.faults.push(Fault::next(PATCH, Action::Hang).skip(patches)));
        let killed = reach(&scene, PATCH, patches);
        killed.signal("KILL");
        let run = killed.finish();
        scene.cloud.world(|world| world.faults.clear());
        scene.post(&run).expect(0).says("Put back what the run left");
        assert_eq!(traffic(&scene), [(first, 100, String::new())]);
    }
}
