//! Revisions that do not come up: Google's enum, its sentence, the container's lines, the cure.

use fakecloud::{Action, Fault, RevisionOutcome, RevisionScript, Trouble, World};

use crate::support::Scene;

#[test]
fn a_container_that_does_not_listen_is_explained_and_the_old_one_serves() {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| {
        let log = vec!["Traceback (most recent call last):".into(), "KeyError: 'DATABASE_URL'".into()];
        world
            .next_revisions
            .push_back(RevisionScript { log, ..RevisionScript::ending(RevisionOutcome::DoesNotListen) });
    });
    scene.input("env_vars", "A: 1").input("allow_unauthenticated", "true");
    let run = scene.run().expect(8);
    insta::assert_snapshot!("does_not_listen", run.failure());
    run.says("HEALTH_CHECK_CONTAINER_ERROR").says("roles/logging.viewer").does_not_say("KeyError");
    scene.cloud.world(|world| {
        let service = world.service("us-central1", "web").unwrap();
        let first = world.revisions[0].name.rsplit('/').next().unwrap();
        assert_eq!(service.serving[0].revision, first, "what served goes on serving");
        assert_eq!(world.count("iam changed"), 0, "a service is not opened for a revision that does not run");
    });
    assert_eq!(run.outputs["result"], "failed");
    assert!(run.outputs.contains_key("image") && run.outputs.contains_key("revision"));
}

#[test]
fn the_containers_lines_are_shown_to_those_who_may_read_them() {
    let mut scene = Scene::deployed();
    scene.cloud.world(|world| {
        world.grant("harbour-dev", World::DEPLOYER, "roles/logging.viewer");
        let log = vec!["Traceback (most recent call last):".into(), "KeyError: 'DATABASE_URL'".into()];
        world
            .next_revisions
            .push_back(RevisionScript { log, ..RevisionScript::ending(RevisionOutcome::DoesNotListen) });
    });
    scene.input("env_vars", "A: 1");
    let run = scene.run().expect(8);
    run.says("│ KeyError: 'DATABASE_URL'").does_not_say("roles/logging.viewer");
    assert!(run.summary.contains("KeyError: 'DATABASE_URL'"));
}

#[test]
fn a_first_deploy_that_fails_can_be_repeated() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::DoesNotListen)));
    let run = scene.run().expect(8);
    run.says("which is not ready: it serves nobody");
    scene.run().expect(0).says("Deployed web");
    scene.cloud.world(|world| assert_eq!(world.count("service created"), 1));
}

#[test]
fn every_reason_has_its_cure() {
    for (outcome, says) in [
        (RevisionOutcome::ProbeFails, "`startupProbe`"),
        (RevisionOutcome::WrongArchitecture, "--platform=linux/amd64"),
        (RevisionOutcome::Internal, "did not become ready"),
    ] {
        let scene = Scene::new();
        let name = format!("{outcome:?}");
        scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::ending(outcome)));
        let run = scene.run();
        assert_eq!(run.code, 8, "{name}\n{}", run.log());
        run.says(says);
    }
}

/// A revision that fails with this sentence and no reason word at all.
fn failing(sentence: &str, log: &[&str]) -> RevisionScript {
    let trouble = Trouble { reason: None, revision_reason: None, message: sentence.to_owned(), code: 9 };
    let log = log.iter().map(|line| (*line).to_owned()).collect();
    RevisionScript { log, ..RevisionScript::ending(RevisionOutcome::Fails(trouble)) }
}

const DID_NOT_LISTEN: &str = "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout.";

#[test]
fn a_sentence_without_a_reason_word_has_its_cure_and_no_log_is_advised_that_cannot_tell() {
    for (sentence, says, log) in [
        (DID_NOT_LISTEN, "must listen on 0.0.0.0 and the port in $PORT (8080)", true),
        ("Memory limit of 512 MiB exceeded with 516 MiB used.", "Give it more `memory`", false),
        ("Image 'gcr.io/harbour-dev/web:nope' not found.", "Check the image's name", false),
        ("Max instances must be set to 20 or fewer to set the requested total CPU.", "`max_instances: 20`", false),
        (
            "VPC connector projects/p/locations/r/connectors/c does not exist, or Cloud Run does not have permission to use it.",
            "Check `vpc_connector`",
            false,
        ),
        ("Something nobody has seen.", "Cloud Run refused it", true),
    ] {
        let scene = Scene::new();
        scene.cloud.world(|world| world.next_revisions.push_back(failing(sentence, &[])));
        let run = scene.run().expect(8);
        run.says(says).says(sentence);
        assert_eq!(run.log().contains("log may say more"), log, "{sentence}\n{}", run.log());
        assert_eq!(run.log().contains("roles/logging.viewer"), log, "{sentence}\n{}", run.log());
    }
}

#[test]
fn a_containers_last_words_are_nearer_to_the_cause_than_that_it_did_not_listen() {
    for (line, says) in [
        (
            "terminated: Application failed to start: failed to load /srv/app: exec format error",
            "--platform=linux/amd64",
        ),
        ("Memory limit of 512 MiB exceeded with 530 MiB used.", "Give it more `memory`"),
        ("error finding executable \"uvicorn\" in PATH", "check `command` and `args`"),
    ] {
        let scene = Scene::new();
        scene.cloud.world(|world| {
            world.grant("harbour-dev", World::DEPLOYER, "roles/logging.viewer");
            world.next_revisions.push_back(failing(DID_NOT_LISTEN, &["starting", line]));
        });
        scene.run().expect(8).says(says).does_not_say("must listen on");
    }
}

#[test]
fn a_version_that_is_disabled_or_not_there_is_named_with_its_command() {
    for (version, says) in [
        ("2", "gcloud secrets versions list db-password --project=harbour-dev"),
        ("1", "gcloud secrets versions enable 1 --secret=db-password --project=harbour-dev"),
    ] {
        let mut scene = Scene::new();
        scene.cloud.world(|world| {
            world.add_secret("harbour-dev", "db-password", "x");
            world.share_secret("harbour-dev", "db-password", World::COMPUTE);
            "DISABLED".clone_into(&mut world.secret_mut("db-password").unwrap().versions[0].state);
        });
        scene.input("secrets", &format!("DB: db-password:{version}")).input("secret_max_age", "0");
        scene.run().expect(8).says(says).does_not_say("add-iam-policy-binding").does_not_say("log may say more");
    }
}

#[test]
fn a_write_that_google_refuses_by_a_sentence_has_the_same_cure() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        let sentence = "Max instances must be set to 20 or fewer to set the requested total CPU.";
        let body = serde_json::json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": sentence}});
        let action = Action::Status(400, Some(body), Vec::new());
        world.faults.push(Fault::next("run.projects.locations.services.patch", action));
    });
    scene.run().expect(8).says("`max_instances: 20`");
    // Whoever deploys is asked whether it may read the image, where Google asks that.
    let scene = Scene::new();
    scene.cloud.world(|world| {
        let sentence = "User must have permission to read the image, us-docker.pkg.dev/harbour-dev/app/web:1. Ensure that the provided container image URL is correct and that the above account has permission to access the image.";
        let body = serde_json::json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": sentence}});
        let action = Action::Status(403, Some(body), Vec::new());
        world.faults.push(Fault::next("run.projects.locations.services.patch", action));
    });
    let run = scene.run().expect(4);
    run.says("gcloud artifacts repositories add-iam-policy-binding app --location=us --project=harbour-dev");
    run.says(&format!("--member=serviceAccount:{} --role=roles/artifactregistry.reader", World::DEPLOYER));
}

#[test]
fn the_doctor_has_the_cure_of_the_deploy() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.next_revisions.push_back(failing("Memory limit of 512 MiB exceeded with 516 MiB used.", &[]))
    });
    scene.run().expect(8).says("Give it more `memory`");
    scene.input("source", "");
    scene.command(&["doctor"]).says("it took more memory than it has").says("Give it more `memory`");
}

#[test]
fn a_secret_that_the_service_may_not_read_is_named_with_the_grant() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db-password", "x");
    });
    scene.input("secrets", "DB: db-password:latest");
    let run = scene.run().expect(8);
    insta::assert_snapshot!("secret_not_readable", run.failure());
    run.says("gcloud secrets add-iam-policy-binding db-password").says(World::COMPUTE);
}

#[test]
fn an_image_that_is_not_there_is_told() {
    let mut scene = Scene::new();
    scene.input("source", "").input("image", "gcr.io/harbour-dev/nowhere:v1");
    scene.run().expect(8).says("the image is not there");
}

#[test]
fn a_deploy_that_never_settles_is_watched_to_a_limit() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.next_revisions.push_back(RevisionScript::ending(RevisionOutcome::NeverEnds)));
    let run = scene.run().expect(12);
    run.says("Stopped watching service `web` after 600 s")
        .says("slipway logs --service=web --region=us-central1")
        .says("gcloud run revisions describe");
}

#[test]
fn an_organisation_that_forbids_public_services_is_told_with_the_way_round() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.home().members_restricted = true);
    scene.input("allow_unauthenticated", "true");
    let run = scene.run();
    assert_ne!(run.code, 0);
    insta::assert_snapshot!("public_forbidden", run.failure());
    run.says("`invoker_iam_check: false`").says("is ready and receives 100 % of the requests");
}

#[test]
fn opening_and_closing_touch_nothing_else() {
    let mut scene = Scene::new();
    scene.input("allow_unauthenticated", "true");
    scene.run().expect(0).says("everybody is let in").does_not_say("it is private");
    scene.run().expect(0).says("everybody may call it already");
    scene.cloud.world(|world| {
        assert_eq!(world.count("iam changed"), 1, "nothing is written that is so already");
        let name = world.services.keys().next().unwrap().clone();
        let policy = &mut world.services.get_mut(&name).unwrap().policy;
        policy.grant("roles/run.invoker", "user:a@b.example");
        policy.grant("roles/run.viewer", "allUsers");
    });
    scene.input("allow_unauthenticated", "false");
    scene.run().expect(0).says("nobody may call it without a grant now");
    scene.cloud.world(|world| {
        let policy = &world.service("us-central1", "web").unwrap().policy;
        assert!(!policy.holds("roles/run.invoker", "allUsers"));
        assert!(policy.holds("roles/run.invoker", "user:a@b.example") && policy.holds("roles/run.viewer", "allUsers"));
    });
    scene.input("allow_unauthenticated", "");
    scene.run().expect(0);
    scene.cloud.world(|world| assert_eq!(world.count("iam changed"), 2, "absent input touches nothing"));
}
