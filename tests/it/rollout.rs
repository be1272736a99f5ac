//! Nobody meets a bad revision: candidate first, then the traffic, and back when anything fails.

use fakecloud::{Action, Fault, Page, RevisionScript, Site, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

/// A service that runs, with a health check, and a change to be deployed to it.
pub fn running() -> Scene {
    let mut scene = Scene::new();
    scene.input("allow_unauthenticated", "true").input("health_path", "/health");
    scene.run().expect(0);
    scene.input("env_vars", "CHANGED: 1").input("health_timeout", "10s");
    scene
}

pub fn next_answers(scene: &Scene, site: Site) {
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::answering(site)));
}

pub fn ill() -> Site {
    Site::healthy().with("/health", Page::text(500, "database is gone"))
}

/// Who is to serve, as the service says: revision (or `latest`), percent, tag.
pub fn traffic(scene: &Scene) -> Vec<(String, u64, String)> {
    scene.cloud.world(|world| {
        let config = &world.service("us-central1", "web").unwrap().config;
        let targets = config.get("traffic").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |target: &Value, key: &str| target[key].as_str().unwrap_or_default().to_owned();
        let name = |target: &Value| match text(target, "revision") {
            name if name.is_empty() => "latest".to_owned(),
            name => name,
        };
        targets
            .iter()
            .map(|target| (name(target), target["percent"].as_u64().unwrap_or(0), text(target, "tag")))
            .collect()
    })
}

/// The revisions so far, oldest first.
pub fn revisions(scene: &Scene) -> Vec<String> {
    scene.cloud.world(|world| world.revisions.iter().map(|revision| revision.name.clone()).collect())
}

/// Runs while ten visitors come every millisecond.
fn among_visitors(scene: &Scene) -> Run {
    use std::sync::mpsc::RecvTimeoutError;
    let (over, waiting) = std::sync::mpsc::channel::<()>();
    let cloud = &scene.cloud;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while waiting.recv_timeout(std::time::Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
                cloud.visit("web", 10);
            }
        });
        let run = scene.run();
        drop(over);
        run
    })
}

/// Puts the service's traffic where a story begins.
pub fn set_traffic(scene: &Scene, shares: &[(&str, u64, &str)]) {
    let targets: Vec<Value> = shares
        .iter()
        .map(|(revision, percent, tag)| {
            let mut target = json!({});
            match *revision {
                "latest" => target["type"] = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST".into(),
                name => {
                    target["type"] = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION".into();
                    target["revision"] = name.into();
                }
            }
            if *percent > 0 {
                target["percent"] = (*percent).into();
            }
            if !tag.is_empty() {
                target["tag"] = (*tag).into();
            }
            target
        })
        .collect();
    scene.cloud.world(|world| {
        let newest = world.revisions.last().unwrap().name.clone();
        let name = world.services.keys().next().unwrap().clone();
        let service = world.services.get_mut(&name).unwrap();
        service.config.insert("traffic".into(), targets.into());
        service.serving = shares
            .iter()
            .map(|(revision, percent, tag)| fakecloud::Share {
                revision: if *revision == "latest" { newest.clone() } else { (*revision).to_owned() },
                latest: *revision == "latest",
                percent: *percent,
                tag: (!tag.is_empty()).then(|| (*tag).to_owned()),
            })
            .collect();
    });
}

/// The rollout's record on the service, when one is there.
pub fn record(scene: &Scene) -> Option<String> {
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        service.config.get("annotations")?.get("slipway.dev/rollout")?.as_str().map(str::to_owned)
    })
}

/// The laws that hold after every run: nothing of the rollout is left, and nobody met the new revision.
fn as_before(scene: &Scene, before: &[(String, u64, String)], run: &Run) {
    assert_eq!(traffic(scene), before, "{}", run.log());
    assert_eq!(record(scene), None, "{}", run.log());
    run.says("serves as before");
}

#[test]
fn a_good_candidate_is_asked_first_and_then_gets_everything() {
    let scene = running();
    let run = scene.run().expect(0);
    insta::assert_snapshot!("candidate_log", run.log().split("✓ Build").nth(1).unwrap());
    assert_eq!(
        traffic(&scene),
        [("latest".to_owned(), 100, String::new())],
        "it follows its latest revision as before"
    );
    assert_eq!(record(&scene), None);
    let revisions = revisions(&scene);
    assert_eq!(run.outputs["previous_revision"], revisions[0]);
    let journal = scene.cloud.journal();
    let at = |what: &dyn Fn(&fakecloud::Recorded) -> bool| journal.iter().rposition(what).unwrap();
    let patches: Vec<usize> =
        (0..journal.len()).filter(|index| journal[*index].is("run.projects.locations.services.patch")).collect();
    let asked: Vec<usize> = (0..journal.len()).filter(|index| journal[*index].is("site.request")).collect();
    let [_, deploy, shift, finish] = patches[..] else { panic!("{patches:?}") };
    let [.., candidate, public] = asked[..] else { panic!("{asked:?}") };
    assert!(deploy < candidate && candidate < shift && shift < public && public < finish);
    assert!(at(&|request| request.is("run.projects.locations.services.patch")) == finish);
    scene.cloud.world(|world| assert_eq!(world.tagged_requests_of(&revisions[1]), 1));
    run.says("answered, as its answer says");
}

#[test]
fn rounds_must_pass_in_a_row() {
    let mut scene = running();
    // Two rounds pass, the third does not, and then three must pass again.
    scene.cloud.world(|world| world.faults.push(Fault::next("site.request", Action::status(500)).skip(2)));
    scene.input("health_successes", "3").input("health_timeout", "2m");
    let run = scene.run().expect(0);
    run.says("1 of 1 checks passed 3 times in a row");
    let new = run.outputs["revision"].clone();
    // The round that was answered with 500 never reached the revision.
    scene.cloud.world(|world| assert_eq!((world.tagged_requests_of(&new), world.requests_of(&new)), (5, 3)));
}

#[test]
fn a_bad_candidate_never_serves_anybody() {
    let scene = running();
    next_answers(&scene, ill());
    let run = among_visitors(&scene).expect(9);
    insta::assert_snapshot!("bad_candidate", run.failure());
    insta::assert_snapshot!("bad_candidate_summary", run.summary());
    let revisions = revisions(&scene);
    assert_eq!(traffic(&scene), [(revisions[0].clone(), 100, String::new())]);
    assert_eq!(record(&scene), None);
    assert!(scene.cloud.visit("web", 100).iter().all(|status| *status == 200));
    scene.cloud.world(|world| {
        assert_eq!(world.requests_of(&revisions[1]), 0, "no visitor met it");
        assert!(world.tagged_requests_of(&revisions[1]) > 0, "it was asked at its own address");
        assert!(world.requests_of(&revisions[0]) >= 100);
    });
    assert_eq!(run.report()["rollout"]["end"], "restored");
    // The next good deploy follows the latest revision again, as the service did before all this.
    scene.run().expect(0);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
}

#[test]
fn what_was_there_is_back_exactly_whatever_it_was() {
    let mut scene = running();
    for value in ["2", "3"] {
        scene.input("env_vars", &format!("CHANGED: {value}")).run().expect(0);
    }
    let there = revisions(&scene);
    let [a, b, c] = [&there[0], &there[1], &there[2]].map(String::as_str);
    let allocations: Vec<Vec<(&str, u64, &str)>> = vec![
        vec![(a, 100, "")],
        vec![(b, 100, "")],
        vec![(c, 100, "")],
        vec![(a, 100, "stable")],
        vec![(a, 90, ""), (b, 10, "")],
        vec![(a, 90, ""), (b, 10, "canary")],
        vec![(a, 50, ""), (b, 25, ""), (c, 25, "")],
        vec![(a, 34, "x"), (b, 33, "y"), (c, 33, "z")],
        vec![(a, 1, ""), (b, 99, "")],
        vec![(a, 100, ""), (b, 0, "pr-1")],
        vec![(a, 100, ""), (b, 0, "pr-1"), (c, 0, "pr-2")],
        vec![(b, 0, "pr-1"), (a, 100, "")],
        vec![(a, 100, "one"), (a, 0, "two")],
        vec![(c, 60, "c1"), (b, 40, "c2")],
        vec![(a, 10, ""), (b, 20, ""), (c, 70, "")],
        vec![(a, 99, ""), (c, 1, "one-percent")],
        vec![(a, 5, "a"), (b, 25, ""), (c, 70, "c")],
        vec![(c, 100, "live"), (b, 0, "last"), (a, 0, "first")],
        vec![(b, 67, ""), (a, 33, "")],
        vec![(a, 0, "x"), (b, 0, "y"), (c, 100, "")],
    ];
    let mut number = 10;
    for allocation in &allocations {
        for late in [false, true] {
            set_traffic(&scene, allocation);
            let before = traffic(&scene);
            if late {
                // The candidate passes, and the public address does not any more.
                scene.cloud.world(|world| {
                    world.faults.push(Fault::next("site.request", Action::status(500)).skip(1).times(3))
                });
                scene.input("health_timeout", "2s");
            } else {
                next_answers(&scene, ill());
            }
            number += 1;
            let writes = scene.cloud.calls("run.projects.locations.services.patch").len();
            let run = scene.input("env_vars", &format!("CHANGED: {number}")).run().expect(9);
            as_before(&scene, &before, &run);
            let writes = scene.cloud.calls("run.projects.locations.services.patch").len() - writes;
            assert_eq!(writes, if late { 3 } else { 2 }, "one write to go back");
            scene.cloud.world(|world| world.faults.clear());
        }
    }
    // Following the latest revision cannot be kept while the latest is bad: what serves is the same.
    for shares in
        [vec![("latest", 100, "")], vec![("latest", 80, ""), (a, 20, "")], vec![(a, 70, ""), ("latest", 30, "next")]]
    {
        scene.input("env_vars", &format!("CHANGED: {number}")).input("strategy", "direct").run();
        number += 1;
        set_traffic(&scene, &shares);
        let newest = revisions(&scene).last().unwrap().clone();
        next_answers(&scene, ill());
        scene.input("strategy", "").input("env_vars", &format!("CHANGED: {number}"));
        let run = scene.run().expect(9);
        number += 1;
        let expected: Vec<(String, u64, String)> = shares
            .iter()
            .map(|(name, percent, tag)| {
                ((if *name == "latest" { newest.as_str() } else { name }).to_owned(), *percent, (*tag).to_owned())
            })
            .collect();
        as_before(&scene, &expected, &run);
    }
}

#[test]
fn a_rollback_that_fails_says_what_to_type() {
    let scene = running();
    next_answers(&scene, ill());
    scene.cloud.world(|world| {
        // The deploy itself is the first write; whatever would go back is refused.
        world.faults.push(Fault::next("run.projects.locations.services.patch", Action::status(403)).skip(1));
    });
    let run = scene.run().expect(10);
    insta::assert_snapshot!("rollback_fails", run.failure());
    run.says(
        "Put the traffic back by hand: slipway rollback --service=web --region=us-central1 --project-id=harbour-dev",
    );
    assert_eq!(run.report()["rollout"]["end"], "stuck");
    assert!(record(&scene).is_some(), "the next run can still put it back");
    let first = revisions(&scene)[0].clone();
    scene.run().expect(0).says("was left unfinished").says(&first);
    assert_eq!(record(&scene), None);
}

#[test]
fn a_tag_that_stays_is_a_warning_with_its_cure() {
    let mut scene = running();
    scene.cloud.world(|world| {
        // The deploy, the shift, and then the end of the rollout.
        world.faults.push(Fault::next("run.projects.locations.services.patch", Action::status(403)).skip(2));
    });
    let run = scene.run().expect(0);
    run.says("could not be removed");
    let revision = run.outputs["revision"].clone();
    assert!(run.outputs["result"] == "deployed" && record(&scene).is_some());
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    scene.input("traffic", &format!("{revision}=100")).run().expect(0);
    assert_eq!(record(&scene), None);
}

#[test]
fn going_back_can_be_switched_off() {
    let mut scene = running();
    next_answers(&scene, ill());
    let run = scene.input("rollback_on_failure", "false").run().expect(9);
    run.says("was left as it is").says("rollback_on_failure: false");
    assert_eq!(run.report()["rollout"]["end"], "left");
    assert_eq!(traffic(&scene).len(), 2, "the candidate keeps its tag");
    scene.cloud.world(|world| assert_eq!(world.requests_of(&world.revisions[1].name.clone()), 0));
}

#[test]
fn a_candidate_can_wait_without_traffic_and_be_promoted() {
    let mut scene = running();
    scene.input("no_traffic", "true").input("tag", "next");
    let run = scene.run().expect(0);
    assert_eq!(run.outputs["result"], "candidate");
    let there = revisions(&scene);
    assert_eq!(traffic(&scene), [(there[0].clone(), 100, String::new()), (there[1].clone(), 0, "next".to_owned())]);
    assert_eq!(record(&scene), None);
    for name in ["no_traffic", "source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let run = scene.command(&["promote"]).expect(0);
    run.says("Promoted the candidate of web");
    assert_eq!(traffic(&scene)[0].1, 100);
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 2, "nothing was deployed");
    scene.input("tag", "nobody");
    scene.command(&["promote"]).expect(2).says("has no revision with tag");
}

#[test]
fn the_tag_of_a_run_does_not_outlive_the_next_rollout() {
    let mut scene = running();
    scene.input("no_traffic", "true").run().expect(0);
    let tag = traffic(&scene)[1].2.clone();
    assert!(tag.starts_with('c') && tag.len() == 8, "{tag}");
    // Another candidate takes the place of the first.
    scene.input("env_vars", "CHANGED: 2").run().expect(0);
    let tags: Vec<String> = traffic(&scene).into_iter().map(|share| share.2).filter(|tag| !tag.is_empty()).collect();
    assert!(tags.len() == 1 && tags[0] != tag, "{tags:?}");
    // Promoted by its tag, it gets everything, and the tag goes.
    for name in ["no_traffic", "source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    scene.command(&["promote", "--tag", &tags[0]]).expect(0);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
}

#[test]
fn a_first_deploy_cannot_wait_without_traffic() {
    let mut scene = Scene::new();
    scene.input("no_traffic", "true").run().expect(2).says("serves nothing yet");
    scene.cloud.world(|world| assert_eq!(world.services.len(), 0));
}

#[test]
fn what_serves_elsewhere_is_promoted_by_digest() {
    let mut scene = running();
    let first = scene.run().expect(0);
    for name in ["source", "env_vars"] {
        scene.input(name, "");
    }
    scene.input("service", "web-production").input("from_service", "web");
    let run = scene.command(&["promote"]).expect(0);
    assert_eq!(run.outputs["digest"], first.outputs["digest"]);
    scene.cloud.world(|world| {
        assert_eq!(world.count("build created"), 2, "nothing was built again");
        let production = world.service("us-central1", "web-production").unwrap();
        assert_eq!(production.config["template"]["containers"][0]["image"], first.outputs["image"]);
    });
    // An unhealthy source has nothing to promote.
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::ending(fakecloud::RevisionOutcome::DoesNotListen));
    });
    scene.input("service", "web").input("from_service", "").input("source", "app").input("env_vars", "BAD: 1");
    scene.run().expect(8);
    for name in ["source", "env_vars"] {
        scene.input(name, "");
    }
    scene.input("service", "web-production").input("from_service", "web");
    scene.command(&["promote"]).expect(8).says("Nothing is promoted").says("is not healthy");
}

#[test]
fn traffic_moves_without_deploying() {
    let mut scene = running();
    scene.run().expect(0);
    let there = revisions(&scene);
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let split = format!("{}=30, {}=70", there[0], there[1]);
    let run = scene.input("revision_traffic", &split).run().expect(0);
    assert_eq!(run.outputs["result"], "moved");
    assert_eq!(traffic(&scene), [(there[0].clone(), 30, String::new()), (there[1].clone(), 70, String::new())]);
    // A name that is a tag means the tag; it stays where it is.
    set_traffic(&scene, &[(&there[1], 100, ""), (&there[0], 0, "old")]);
    scene.input("revision_traffic", "").input("traffic", &format!("old=10\n{}=90", there[1])).run().expect(0);
    assert_eq!(traffic(&scene), [(there[0].clone(), 10, "old".to_owned()), (there[1].clone(), 90, String::new())]);
    set_traffic(&scene, &[(&there[1], 100, "")]);
    scene.input("traffic", "latest").run().expect(0);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
    scene.input("source", "app").run().expect(2).says("it moves traffic without deploying");
    scene.cloud.world(|world| assert_eq!(world.revisions.len(), 2));
}

#[test]
fn rolling_back_returns_to_what_served_before_and_shows_its_plan() {
    let mut scene = running();
    scene.run().expect(0);
    let there = revisions(&scene);
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    let plan = scene.command(&["rollback", "--dry-run"]).expect(0);
    insta::assert_snapshot!("rollback_plan", plan.log());
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())], "a plan changes nothing");
    let run = scene.command(&["rollback"]).expect(0);
    insta::assert_snapshot!("rollback_log", run.log());
    assert_eq!(run.outputs["result"], "rolled_back");
    assert_eq!(traffic(&scene), [(there[0].clone(), 100, String::new())]);
    // Once more goes forward again; a name goes where it says.
    scene.command(&["rollback"]).expect(0);
    assert_eq!(traffic(&scene)[0].0, "latest", "which is {}", there[1]);
    scene.command(&["rollback", "--to-revision", &there[0]]).expect(0);
    assert_eq!(traffic(&scene)[0].0, there[0]);
    scene.command(&["rollback", "--to-revision", "web-nothing"]).expect(2).says("has no revision `web-nothing`");
    // After a rollback the next deploy takes the traffic, and follows the latest again.
    scene.input("source", "app").input("env_vars", "MENDED: 1").run().expect(0);
    assert_eq!(traffic(&scene), [("latest".to_owned(), 100, String::new())]);
}

#[test]
fn a_rollback_to_a_revision_that_is_ill_is_taken_back() {
    let mut scene = Scene::new();
    scene.input("allow_unauthenticated", "true");
    next_answers(&scene, ill());
    scene.run().expect(0);
    scene.input("env_vars", "CHANGED: 1").run().expect(0);
    let there = revisions(&scene);
    for name in ["source", "env_vars", "allow_unauthenticated"] {
        scene.input(name, "");
    }
    scene.input("health_path", "/health").input("health_timeout", "5s");
    let run = scene.command(&["rollback"]).expect(9);
    assert_eq!(traffic(&scene), [(there[1].clone(), 100, String::new())], "{}", run.log());
    assert_eq!(record(&scene), None);
}

#[test]
fn old_revisions_go_and_the_needed_ones_stay() {
    let mut scene = running();
    for value in ["2", "3", "4", "5"] {
        scene.input("env_vars", &format!("CHANGED: {value}")).run().expect(0);
    }
    let there = revisions(&scene);
    set_traffic(&scene, &[("latest", 100, ""), (&there[0], 0, "keep")]);
    scene.input("env_vars", "CHANGED: 6").input("prune_revisions", "1").run().expect(0).says("3 old revisions deleted");
    let gone: Vec<String> = scene.cloud.world(|world| {
        let deleted = world.effects.iter().filter(|effect| effect.what == "revision deleted");
        deleted.map(|effect| effect.object.clone()).collect()
    });
    let expected = [&there[3], &there[2], &there[1]].map(String::clone);
    assert_eq!(gone, expected, "the tagged one, the newest idle one and what serves stay");
}

#[test]
fn a_service_name_without_room_for_a_tag_is_deployed_directly() {
    let mut scene = Scene::new();
    scene.input("service", &format!("s{}", "x".repeat(44)));
    scene.run().expect(0);
    scene.input("env_vars", "A: 1").run().expect(0).says("leaves no room for a traffic tag");
}

#[test]
fn five_roles_are_enough_for_a_rollout() {
    let scene = running();
    scene.cloud.world(|world| {
        let roles: Vec<&str> = vec![
            "roles/cloudbuild.builds.editor",
            "roles/run.admin",
            "roles/storage.admin",
            "roles/iam.serviceAccountUser",
            "roles/secretmanager.secretAccessor",
        ];
        let member = format!("serviceAccount:{}", World::DEPLOYER);
        let held: Vec<String> = world
            .home()
            .policy
            .bindings
            .iter()
            .filter(|binding| binding.members.contains(&member))
            .map(|binding| binding.role.clone())
            .collect();
        assert!(held.iter().all(|role| roles.contains(&role.as_str())), "{held:?}");
    });
    scene.run().expect(0);
}

/// A thousand bad candidates with random illnesses, faults and settings; the seed is in every message.
#[test]
fn a_thousand_bad_candidates_never_serve_anybody() {
    let threads: Vec<_> = (0..4_u64)
        .map(|lane| std::thread::spawn(move || (0..10).for_each(|part| bad_candidates(lane * 10 + part, 25))))
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn bad_candidates(seed: u64, runs: usize) {
    // Knuth's MMIX generator: the same runs for the same seed, everywhere.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut scene = Scene::new();
    scene.input("allow_unauthenticated", "true").input("health_path", "/health").input("health_timeout", "3s");
    scene.run().expect(0);
    let image = scene.cloud.world(|world| {
        world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["image"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    scene.input("source", "").input("image", &image);
    let before = revisions(&scene)[0].clone();
    for run in 0..runs {
        let page = match random(4) {
            0 => Page::text(500, "database is gone"),
            1 => Page::text(404, "not here"),
            2 => Page::Reset,
            _ => Page::text(301, ""),
        };
        next_answers(&scene, Site::healthy().with("/health", page));
        let calls = [
            "run.projects.locations.services.get",
            "run.projects.locations.services.patch",
            "run.projects.locations.operations.wait",
            "run.projects.locations.services.revisions.get",
        ];
        let call = calls[random(calls.len())];
        let fault = match random(4) {
            0 => Some(Fault::next(call, Action::status(503))),
            1 => Some(Fault::lost_reply(call, Action::Reset)),
            2 => Some(Fault::next(call, Action::status(429))),
            _ => None,
        };
        scene.cloud.world(|world| world.faults = fault.into_iter().collect());
        let strategy = ["candidate", "canary"][random(2)];
        scene.input("strategy", strategy).input("env_vars", &format!("RUN: {run}"));
        let ended = among_visitors(&scene);
        let context = format!("seed {seed}, run {run}\n{}", ended.log());
        assert!([7, 9].contains(&ended.code), "{context}");
        assert_eq!(traffic(&scene), [(before.clone(), 100, String::new())], "{context}");
        assert_eq!(record(&scene), None, "{context}");
    }
    let bad = revisions(&scene);
    scene.cloud.world(|world| {
        for revision in &bad[1..] {
            assert_eq!(world.requests_of(revision), 0, "seed {seed}: {revision} served somebody");
        }
        assert!(bad.len() > runs / 2, "seed {seed}: hardly any candidate was made");
    });
}
