//! What did not serve is not inherited.

use fakecloud::{RevisionOutcome, RevisionScript};
use serde_json::json;

use super::{config, note, variables};
use crate::rollout::{ill, next_answers, revisions, running, traffic};
use crate::support::Scene;

/// What a revision was given.
fn memory(scene: &Scene, revision: &str) -> String {
    scene.cloud.world(|world| {
        let found = world.revisions.iter().find(|known| known.name == revision).unwrap();
        found.template["containers"][0]["resources"]["limits"]["memory"].as_str().unwrap().to_owned()
    })
}

#[test]
fn a_failed_deploy_leaves_nothing_to_the_next_one() {
    let mut scene = running();
    let at_first = memory(&scene, &revisions(&scene)[0]);
    next_answers(&scene, ill());
    scene.input("memory", "4Gi").input("env_vars", "FEATURE: on").run().expect(9);
    scene.input("memory", "").input("env_vars", "OTHER: 1");
    let plan = scene.command(&["plan"]).expect(0);
    plan.says("It starts from revision").does_not_say("FEATURE").does_not_say("memory");
    let run = scene.run().expect(0);
    let serves = run.outputs["revision"].clone();
    assert_eq!((memory(&scene, &serves), variables(&scene, &serves)), (at_first, vec!["OTHER".to_owned()]));
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    assert_eq!(note(&scene, "unpromoted")["revisions"], json!([revisions(&scene)[1]]), "the failed one stays noted");
}

#[test]
fn a_revision_that_never_started_is_not_started_from_either() {
    for strategy in ["candidate", "direct"] {
        let mut scene = running();
        scene.cloud.world(|world| {
            world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
        });
        scene.input("strategy", strategy).input("command", "nonsense").run().expect(8);
        scene.input("command", "").input("env_vars", "OTHER: 1").run().expect(0);
        let template = config(&scene)["template"].clone();
        assert_eq!(template["containers"][0].get("command"), None, "{strategy}: {template}");
    }
}

#[test]
fn a_candidate_that_waits_is_not_started_from_until_it_is_promoted() {
    let mut scene = running();
    scene.input("no_traffic", "true").input("tag", "next").input("env_vars", "FEATURE: on").run().expect(0);
    let waits = revisions(&scene)[1].clone();
    scene.input("no_traffic", "").input("tag", "").input("env_vars", "OTHER: 1");
    let run = scene.run().expect(0);
    assert_eq!(variables(&scene, &run.outputs["revision"]), ["OTHER"]);
    // The tag stays where it is, and what waits can still be promoted; the next deploy starts from it then.
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let promoted = scene.command(&["promote", "--tag", "next"]).expect(0);
    assert_eq!(promoted.outputs["revision"], waits);
    scene.input("source", "app").input("env_vars", "THIRD: 1");
    let run = scene.run().expect(0);
    assert_eq!(variables(&scene, &run.outputs["revision"]), ["OTHER", "THIRD"], "the template was promoted before");
}

#[test]
fn a_template_that_another_tool_changed_is_respected() {
    let mut scene = running();
    next_answers(&scene, ill());
    scene.input("env_vars", "FEATURE: on").run().expect(9);
    // Somebody mends it by hand: another revision, of a name that the other tool chose.
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        let template = service.config.get_mut("template").unwrap();
        template["revision"] = "web-00007-abc".into();
        template["containers"][0]["env"] = json!([{"name": "BY_HAND", "value": "1"}]);
    });
    let run = scene.input("env_vars", "OTHER: 1").run().expect(0);
    assert_eq!(variables(&scene, &run.outputs["revision"]), ["BY_HAND", "OTHER"]);
}

/// A revision does not show whether its health checks were switched off.
#[test]
fn what_a_revision_does_not_show_is_not_lost() {
    let mut scene = running();
    scene.cloud.world(|world| {
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config.get_mut("template").unwrap()["healthCheckDisabled"] = true.into();
    });
    for failing in [true, true, false] {
        if failing {
            next_answers(&scene, ill());
        }
        scene.input("env_vars", "X: 1").run().expect(if failing { 9 } else { 0 });
        assert_eq!(config(&scene)["template"]["healthCheckDisabled"], true);
    }
    assert_eq!(note(&scene, "unpromoted")["hidden"], json!({}), "the service's own template shows it again");
}

#[test]
fn a_worker_pool_does_not_inherit_what_never_started() {
    let mut scene = Scene::new();
    scene.input("kind", "worker-pool").input("instances", "1").run().expect(0);
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
    });
    scene.input("env_vars", "FEATURE: on").run().expect(8);
    let run = scene.input("env_vars", "OTHER: 1").run().expect(0);
    assert_eq!(variables(&scene, &run.outputs["revision"]), ["OTHER"]);
}

#[test]
fn a_migration_stands_where_what_serves_stands() {
    let mut scene = running();
    next_answers(&scene, ill());
    scene.input("env_vars", "FEATURE: on").run().expect(9);
    scene.input("env_vars", "OTHER: 1").input("pre_deploy_job", "command: migrate\n").run().expect(0);
    scene.cloud.world(|world| {
        let job = world.jobs.values().next().unwrap();
        let env = job.config["template"]["template"]["containers"][0]["env"].as_array().unwrap();
        let names: Vec<&str> = env.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["OTHER"]);
    });
}

/// A revision that failed, or waits, gets no request without being named.
#[test]
fn what_was_never_promoted_is_never_sent_requests_unasked() {
    let mut scene = running();
    scene.run().expect(0);
    next_answers(&scene, ill());
    scene.input("env_vars", "BAD: 1").run().expect(9);
    let there = revisions(&scene);
    for name in ["source", "env_vars", "allow_unauthenticated", "health_path", "health_timeout"] {
        scene.input(name, "");
    }
    scene
        .input("traffic", "latest")
        .run()
        .expect(2)
        .says("was never promoted")
        .says(&format!("`traffic: {}=100`", there[2]));
    scene.input("traffic", &format!("{}=100", there[0])).run().expect(0);
    // The newest ready one before the one that serves; here there is none but the one that failed.
    scene.input("traffic", "").command(&["rollback"]).expect(0);
    assert_eq!(traffic(&scene)[0].0, there[1], "what served before");
    scene.input("traffic", &format!("{}=100", there[2])).run().expect(0);
    assert_eq!(traffic(&scene)[0].0, there[2], "named");
    scene.input("traffic", "latest").run().expect(0);
}
