//! Builds that come to nothing: each is told apart and says what to do.

use fakecloud::{BuildScript, Outcome, World};

use crate::support::Scene;

fn failing(outcome: Outcome) -> Scene {
    let scene = Scene::new();
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(outcome)));
    scene
}

fn nothing_was_deployed(scene: &Scene) {
    scene.cloud.world(|world| {
        assert_eq!(world.count("service created"), 0);
        assert_eq!(world.count("revision created"), 0);
    });
}

#[test]
fn a_failing_step_is_shown_with_its_last_lines() {
    let lines = (1..=40)
        .map(|n| format!("test {n} of 40"))
        .chain(["FAILED tests/test_api.py::test_health".to_owned()])
        .collect();
    let scene = failing(Outcome::StepFails { step: 0, exit: 3, lines });
    let run = scene.run().expect(6);
    insta::assert_snapshot!("failing_step", run.failure());
    insta::assert_snapshot!("failing_step_summary", run.summary());
    run.says("step `build` failed with exit code 3").says("FAILED tests/test_api.py::test_health");
    assert_eq!(run.outputs["result"], "failed");
    assert!(run.outputs.contains_key("build_id") && run.outputs.contains_key("build_url"));
    assert!(!run.outputs.contains_key("image"));
    nothing_was_deployed(&scene);
}

#[test]
fn a_bad_dockerfile_fails_the_build_and_is_quoted() {
    let mut scene = Scene::new();
    scene.file("app/Dockerfile", "FROM python:3.13-slim\nCOPY missing.py .\n");
    let run = scene.run().expect(6);
    insta::assert_snapshot!("bad_dockerfile", run.failure());
    run.says("failed to compute cache key: \"/missing.py\" not found: not found");
    nothing_was_deployed(&scene);
}

#[test]
fn every_other_end_has_its_class_and_its_cure() {
    for (outcome, code, says, hint) in [
        (Outcome::InternalError, 7, "with an error of its own", "Run again"),
        (Outcome::Timeout, 6, "ran longer than its 1200 s", "build_timeout"),
        (Outcome::Expired, 7, "waited longer than 1200 s for a machine", "concurrency:"),
        (Outcome::CancelledByOther, 7, "was cancelled by somebody else", "history"),
        (Outcome::PushNotAuthorized, 6, "may not be pushed to `gcr.io/harbour-dev/web`", "roles/artifactregistry"),
        (Outcome::PushFailed, 6, "could not be pushed", "roles/artifactregistry"),
        (Outcome::FetchSourceFailed, 6, "could not read the source", "roles/storage.objectViewer"),
        (Outcome::SuccessWithoutDigest, 6, "is SUCCESS, but there is no image to deploy", "known digest"),
    ] {
        let name = format!("{outcome:?}");
        let scene = failing(outcome);
        let run = scene.run();
        assert_eq!(run.code, code, "{name}\n{}", run.log());
        run.says(says).says(hint);
        nothing_was_deployed(&scene);
    }
}

#[test]
fn a_build_account_without_rights_is_named_with_the_grant() {
    let scene = Scene::new();
    scene.cloud.world(World::compute_account_may_not_build);
    let run = scene.run().expect(6);
    insta::assert_snapshot!("build_account_may_not_push", run.failure());
    run.says("Letting `123456789012-compute@developer.gserviceaccount.com` use bucket");
    scene.cloud.world(|world| {
        let bucket = &world.buckets["harbour-dev-slipway-us-central1"];
        assert!(
            bucket.policy.holds("roles/storage.objectAdmin", &format!("serviceAccount:{}", World::COMPUTE)),
            "our own bucket was opened to it"
        );
    });
    nothing_was_deployed(&scene);
}

#[test]
fn a_refused_push_is_answered_by_where_it_went() {
    for (image, hint) in [
        ("", "--role=roles/artifactregistry.createOnPushWriter"),
        ("eu.gcr.io/harbour-dev/web", "--role=roles/artifactregistry.createOnPushWriter"),
        (
            "us-central1-docker.pkg.dev/harbour-dev/apps/web",
            "gcloud artifacts repositories create apps --repository-format=docker --location=us-central1",
        ),
        (
            "us-central1-docker.pkg.dev/harbour-dev/apps/web",
            "gcloud artifacts repositories add-iam-policy-binding apps --location=us-central1 --project=harbour-dev",
        ),
        (
            "gcr.io/elsewhere/web",
            "Have an owner of project elsewhere grant roles/artifactregistry.createOnPushWriter on the project",
        ),
        ("registry.example.com/web", "its registry is none of Google's"),
    ] {
        let mut scene = failing(Outcome::PushNotAuthorized);
        scene.input("image", image);
        let run = scene.run().expect(6);
        run.says(hint);
        assert_eq!(run.stdout.contains("artifactregistry.writer"), image.contains("apps"), "{image}");
    }
}

#[test]
fn a_grant_on_our_bucket_is_waited_for_as_long_as_google_says() {
    let scene = |lag| {
        let scene = Scene::new();
        scene.cloud.world(|world| {
            world.compute_account_may_not_build();
            world.grant(World::PROJECT, World::COMPUTE, "roles/artifactregistry.createOnPushWriter");
            world.bucket_policy_lag = lag;
        });
        scene
    };
    // Eight minutes, at pauses of up to 20 seconds; a minute would have been far too short.
    let mut late = scene(25);
    late.input("health_path", "/health").input("health_timeout", "30s");
    let run = late.run().expect(0);
    run.says("the build is submitted again for up to 10m");
    let submitted = late.cloud.calls("cloudbuild.projects.locations.builds.create").len();
    assert!((26..=27).contains(&submitted), "{submitted}");
    // It may have reached Cloud Build, and not the machine that fetches the source.
    let twice = scene(2);
    twice.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::FetchSourceFailed)));
    let run = twice.run().expect(0);
    run.says("The source could not be read yet; submitting again");
    assert_eq!(run.state["build_over"], "true");
    let run = scene(1000).run().expect(6);
    insta::assert_snapshot!("grant_never_arrives", run.failure());
    run.says("A grant takes 2 minutes to arrive");
}

#[test]
fn a_word_of_tomorrow_and_an_approval_are_waited_for() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        world
            .next_builds
            .push_back(BuildScript { unknown_status: Some(("REHEARSING".into(), 2)), ..BuildScript::default() });
    });
    scene.run().expect(0).says("REHEARSING");

    let scene = failing(Outcome::PendingApproval);
    scene.cloud.world(|world| world.build_logs = fakecloud::LogReads::Status(404));
    let run = scene.run();
    run.says("waits for an approval").says("Stopped watching build");
    assert_eq!(run.code, 12, "{}", run.log());
}

#[test]
fn a_build_that_never_ends_is_watched_to_the_limit_and_no_longer() {
    let mut scene = failing(Outcome::NeverEnds);
    scene.input("build_timeout", "10m");
    let run = scene.run().expect(12);
    insta::assert_snapshot!("never_ending_build", run.failure());
    let looks = scene.cloud.calls("cloudbuild.projects.locations.builds.get").len();
    // Ten minutes of work, ten of queue, two of slack: 22 minutes.
    assert!(looks <= 88, "{looks} looks in 22 minutes are more than four a minute");
}
