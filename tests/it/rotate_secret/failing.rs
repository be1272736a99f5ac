//! Rotations that fail, or are refused before they begin: the service reads what it read.

use fakecloud::{Action, Fault, RevisionOutcome, RevisionScript, World};

use super::{
    ADD, DISABLE, LIST, ROLE, SECRET, TEST, asked, count, enabled, fault, rotate, scene, scene_of, serving, template,
    works,
};
use crate::rollout::{ill, next_answers, record, revisions, set_traffic};
use crate::support::Scene;

#[test]
fn a_pin_that_fails_makes_no_version() {
    let scene = scene_of("DB_PASSWORD: db-password:latest");
    let old = serving(&scene).0;
    next_answers(&scene, ill());
    let run = rotate(&scene).expect(9);
    assert_eq!((count(&scene, "secret version added"), serving(&scene).0), (0, old));
    assert_eq!(asked(&template(&scene)), ["latest"], "the template is as before");
    assert_eq!(run.outputs["secret_version"], "");
}

#[test]
fn a_service_that_does_not_answer_with_it_keeps_what_it_read() {
    let scene = scene();
    let (old, template_before) = (serving(&scene).0, template(&scene));
    next_answers(&scene, ill());
    let run = rotate(&scene).expect(9);
    insta::assert_snapshot!("ill", run.failure());
    assert_eq!((serving(&scene).0, enabled(&scene), works(&scene)), (old.clone(), vec![3], true));
    // The next deploy starts from the template that served, and finds no version that is disabled.
    let mut then = template(&scene);
    then["revision"] = template_before["revision"].clone();
    assert_eq!(then, template_before);
    assert_eq!((record(&scene), run.outputs["disabled_versions"].as_str()), (None, "4"));
    assert_eq!(run.outputs["secret_version"], "");
    run.says("Service `web` serves as before");
    run.says("Version 4 is disabled: it was made by this run, and nothing reads it");
    // The note of what was replaced went back too: nothing will ever disable what serves.
    let mut scene = scene;
    scene.input("grace", "0");
    rotate(&scene).expect(0);
    assert_eq!((enabled(&scene), serving(&scene).1), (vec![5], vec!["5".to_owned()]));
}

#[test]
fn a_revision_that_does_not_start_with_it_keeps_what_it_read() {
    let scene = scene();
    let old = serving(&scene).0;
    scene.cloud.world(|world| {
        world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen));
    });
    let run = rotate(&scene).expect(8);
    assert_eq!((serving(&scene).0, enabled(&scene)), (old, vec![3]));
    assert_eq!(asked(&template(&scene)), ["3"]);
    run.says("Version 4 is disabled");
}

#[test]
fn a_runtime_account_that_may_not_read_it_is_told() {
    let scene = scene();
    scene.cloud.world(|world| {
        let secret = world.secret_mut(SECRET).unwrap();
        secret.policy.revoke("roles/secretmanager.secretAccessor", &format!("serviceAccount:{}", World::COMPUTE));
    });
    let run = rotate(&scene);
    assert_ne!(run.code, 0);
    run.says("roles/secretmanager.secretAccessor");
    assert_eq!(enabled(&scene), [3]);
}

#[test]
fn what_would_stop_it_halfway_is_found_before_anything_is_changed() {
    type Case = (&'static str, fn(&mut Scene), i32, &'static [&'static str]);
    let grant = "gcloud secrets add-iam-policy-binding db-password --project=harbour-dev --member=serviceAccount:deployer@harbour-dev.iam.gserviceaccount.com --role=roles/secretmanager.secretVersionManager";
    let cases: [Case; 9] = [
        (
            "no role",
            |scene| {
                scene.cloud.world(|world| {
                    let secret = world.secret_mut(SECRET).unwrap();
                    secret.policy.revoke(ROLE, &format!("serviceAccount:{}", World::DEPLOYER));
                });
            },
            4,
            &["may not rotate secret `db-password`: it lacks `secretmanager.versions.list`", "ROLE"],
        ),
        (
            "no add",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.add")),
            4,
            &["it lacks `secretmanager.versions.add`", "ROLE"],
        ),
        (
            "no list",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.list")),
            4,
            &["it lacks `secretmanager.versions.list`", "ROLE"],
        ),
        (
            "no disable",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "secretmanager.versions.disable")),
            4,
            &["it lacks `secretmanager.versions.disable`", "ROLE"],
        ),
        (
            "no update of the service",
            |scene| scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.services.update")),
            4,
            &["`run.services.update`"],
        ),
        (
            "no such secret",
            |scene| {
                scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, ROLE));
                scene.input("secret", "other");
            },
            2,
            &["There is no secret `other` in project `harbour-dev`"],
        ),
        (
            "a secret that it does not read",
            |scene| {
                scene.cloud.world(|world| {
                    world.add_secret(World::PROJECT, "other", "x");
                    world.grant(World::PROJECT, World::DEPLOYER, ROLE);
                });
                scene.input("secret", "other");
            },
            2,
            &["Service `web` does not read secret `other`", "db-password"],
        ),
        (
            "no such service",
            |scene| {
                scene.input("service", "nothing");
            },
            2,
            &["There is no service `nothing`"],
        ),
        (
            "a split",
            |scene| {
                scene.input("env_vars", "A: b").input("source", "app").input("secret", "");
                scene.run().expect(0);
                scene.input("env_vars", "").input("source", "").input("secret", SECRET);
                let names = revisions(scene);
                set_traffic(scene, &[(&names[0], 50, ""), (&names[1], 50, "")]);
            },
            8,
            &["The traffic of service `web` is split"],
        ),
    ];
    for (name, change, code, says) in cases {
        let mut scene = scene();
        change(&mut scene);
        let run = rotate(&scene);
        assert_eq!(run.code, code, "{name}\n{}", run.log());
        for text in says {
            run.says(if *text == "ROLE" { grant } else { text });
        }
        assert_eq!(count(&scene, "secret version added") + count(&scene, "secret version disabled"), 0, "{name}");
    }
}

#[test]
fn a_refusal_that_the_preflight_could_not_foresee_names_the_role() {
    let scene = scene();
    fault(&scene, Fault::next(TEST, Action::status(403)));
    fault(&scene, Fault::next(ADD, Action::status(403)));
    let run = rotate(&scene).expect(4);
    run.says("Could not add a version to secret `db-password`").says("gcloud secrets add-iam-policy-binding");
    assert_eq!(enabled(&scene), [3]);
}

#[test]
fn inputs_that_are_wrong_are_told_together() {
    let mut scene = scene();
    let asked = scene.cloud.journal().len();
    scene.input("secret", "a b").input("service", "").input("grace", "soon").input("strategy", "direct");
    scene.input("value", "very-secret-value").input("length", "20").input("secret_max_age", "1d");
    let run = rotate(&scene).expect(2);
    for text in [
        "service: it was not given",
        "secret: `a b` does not fit",
        "grace: `soon` does not fit",
        "strategy: `direct` would send requests to a revision that nobody has tried",
        "length: the value is given, and not made of chance",
        "secret_max_age: every run makes a new version",
    ] {
        run.says(text);
    }
    run.does_not_say("very-secret-value");
    scene.input("value", "").input("length", "5").input("alphabet", "aa").input("service", "web");
    let run = rotate(&scene).expect(2);
    run.says("alphabet: `aa` does not fit");
    scene.input("alphabet", "");
    rotate(&scene).expect(2).says("length: 5 characters out of 62 are 30 bits, which can be guessed");
    assert_eq!(scene.cloud.journal().len(), asked);
}

#[test]
fn a_lost_answer_to_adding_a_version_leaves_one_version() {
    for lost in [false, true] {
        let scene = scene();
        let strike = if lost { Fault::lost_reply(ADD, Action::Reset) } else { Fault::next(ADD, Action::Reset) };
        fault(&scene, strike);
        let run = rotate(&scene).expect(0);
        assert_eq!((count(&scene, "secret version added"), serving(&scene).1), (1, vec!["4".to_owned()]), "{lost}");
        assert_eq!(scene.cloud.calls(ADD).len(), if lost { 1 } else { 2 });
        assert_eq!(run.outputs["secret_version"], "4");
    }
    // Where nobody may look, nothing is asked for again, and the reader is told.
    let scene = scene();
    fault(&scene, Fault::lost_reply(ADD, Action::Reset));
    fault(&scene, Fault::next(LIST, Action::status(403)).skip(2));
    let run = scene.start(&["rotate-secret"]).finish_lenient();
    assert_ne!(run.code, 0);
    run.says("A version of `db-password` may be left over").says("gcloud secrets versions list db-password");
    assert!(works(&scene));
}

#[test]
fn a_version_that_cannot_be_disabled_is_red_and_named() {
    let mut scene = scene();
    scene.input("grace", "0");
    fault(&scene, Fault::next(DISABLE, Action::status(403)));
    let run = rotate(&scene).expect(4);
    run.says("Version 3 of `db-password` could not be disabled");
    run.says("gcloud secrets versions disable 3 --secret=db-password --project=harbour-dev");
    assert_eq!((run.outputs["left_versions"].as_str(), serving(&scene).1), ("3", vec!["4".to_owned()]));
    assert_eq!(run.outputs["secret_version"], "4");
    // Its etag is another one: somebody changed it meanwhile, and that is looked at.
    let changed = super::scene();
    fault(&changed, Fault::lost_reply(DISABLE, Action::Reset));
    let mut changed = changed;
    changed.input("grace", "0");
    rotate(&changed).expect(0);
    assert_eq!(enabled(&changed), [4]);
}

#[test]
fn a_way_back_that_is_refused_is_tried_again_by_the_post_step() {
    let scene = scene();
    let old = serving(&scene).0;
    // All traffic has moved when the service stops answering, and then it cannot be moved back.
    fault(&scene, Fault::next("site.request", Action::status(500)).skip(1).times(Fault::FOREVER));
    fault(&scene, Fault::next("run.projects.locations.services.patch", Action::status(403)).skip(2));
    let run = rotate(&scene).expect(10);
    assert_ne!(serving(&scene).0, old);
    assert!(!run.state.contains_key("rollout_over"), "{:?}", run.state);
    scene.cloud.world(|world| world.faults.clear());
    scene.post(&run).expect(0).says("Put back what the run left");
    assert_eq!((serving(&scene).0, record(&scene)), (old, None));
}
