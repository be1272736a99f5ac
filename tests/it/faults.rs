//! Faults of the network and of Google: what may be repeated is, what may not is looked up first.

use fakecloud::{Action, Fault, QuotaWindow};

use crate::support::Scene;

const CREATE: &str = "cloudbuild.projects.locations.builds.create";
const PATCH: &str = "run.projects.locations.services.patch";
const GET: &str = "cloudbuild.projects.locations.builds.get";

fn scene_with(faults: impl IntoIterator<Item = Fault>) -> Scene {
    let scene = Scene::new();
    scene.cloud.world(|world| world.faults.extend(faults));
    scene
}

#[test]
fn a_lost_reply_to_the_submission_makes_no_second_build() {
    for action in [Action::Reset, Action::Truncate, Action::status(503), Action::Html(502), Action::Garbage] {
        let name = format!("{action:?}");
        let scene = scene_with([Fault::lost_reply(CREATE, action)]);
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
        run.says("looking for the build by its tag").says("Found it");
        assert_eq!(scene.cloud.world(|world| world.count("build created")), 1, "{name}");
        assert_eq!(scene.cloud.calls(CREATE).len(), 1, "{name}");
    }
}

#[test]
fn a_submission_that_never_arrived_is_sent_again() {
    for action in [Action::Reset, Action::status(503), Action::status(500)] {
        let name = format!("{action:?}");
        let scene = scene_with([Fault::next(CREATE, action)]);
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
        assert_eq!(scene.cloud.world(|world| world.count("build created")), 1, "{name}");
        assert_eq!(
            scene.cloud.calls("cloudbuild.projects.locations.builds.list").len(),
            4,
            "{name}: two looks, one for doubles, and one at how long the last builds took"
        );
    }
}

#[test]
fn a_submission_that_is_refused_is_not_repeated() {
    let scene = scene_with([Fault::next(CREATE, Action::status(400))]);
    scene.run().expect(6);
    assert_eq!(scene.cloud.calls(CREATE).len(), 1);
}

#[test]
fn a_quota_is_waited_for_as_long_as_google_says() {
    let scene = scene_with([Fault::next(CREATE, Action::retry_after(429, "7"))]);
    scene.run().expect(0);
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 1);

    let scene = scene_with([Fault::next(CREATE, Action::status(429)).times(Fault::FOREVER)]);
    let run = scene.run().expect(5);
    insta::assert_snapshot!("quota_used_up", run.failure());
    assert_eq!(scene.cloud.calls(CREATE).len(), 5);
}

#[test]
fn a_quota_on_looks_never_fails_a_good_build() {
    let scene = Scene::new();
    scene.cloud.world(|world| {
        world.poll_quota = Some(QuotaWindow::new(1, 3));
        world.build_logs = fakecloud::LogReads::Status(403);
    });
    scene.run().expect(0).says("is SUCCESS");

    let scene = scene_with([Fault::next(GET, Action::retry_after(429, "9")).times(3)]);
    scene.run().expect(0);
}

#[test]
fn no_passing_trouble_with_a_look_fails_a_good_build() {
    for action in [
        Action::status(404),
        Action::status(500),
        Action::Html(502),
        Action::Reset,
        Action::Truncate,
        Action::Garbage,
        Action::Empty,
        Action::status(403),
        Action::status(401),
    ] {
        let name = format!("{action:?}");
        let scene = scene_with([Fault::next(GET, action)]);
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
        assert_eq!(scene.cloud.world(|world| world.count("build created")), 1, "{name}");
    }
}

#[test]
fn a_build_that_vanished_is_given_up_after_a_while() {
    let scene = scene_with([Fault::next(GET, Action::status(404)).times(Fault::FOREVER)]);
    let run = scene.run();
    assert_eq!(run.code, 8, "{}", run.log());
    run.says("can no longer be watched");
}

#[test]
fn a_lost_reply_to_the_deploy_makes_no_second_revision() {
    for action in [Action::Reset, Action::Truncate, Action::status(503), Action::Garbage, Action::status(409)] {
        let name = format!("{action:?}");
        let scene = scene_with([Fault::lost_reply(PATCH, action)]);
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
        run.says("the write had arrived");
        assert_eq!(scene.cloud.world(|world| world.count("revision created")), 1, "{name}");
        assert_eq!(scene.cloud.calls(PATCH).len(), 1, "{name}");
    }
    let scene = scene_with([Fault::next(PATCH, Action::Reset)]);
    scene.run().expect(0);
    assert_eq!(scene.cloud.world(|world| world.count("revision created")), 1);
}

#[test]
fn waiting_for_the_deploy_survives_trouble() {
    for action in [Action::status(503), Action::Reset, Action::status(404), Action::status(429), Action::Garbage] {
        let name = format!("{action:?}");
        let scene = scene_with([Fault::next("run.projects.locations.operations.wait", action).times(2)]);
        let run = scene.run();
        assert_eq!(run.code, 0, "{name}\n{}", run.log());
    }
    // Refused for good, the service itself is asked.
    let scene =
        scene_with([Fault::next("run.projects.locations.operations.wait", Action::status(403)).times(Fault::FOREVER)]);
    scene.run().expect(0);
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let scene = scene_with([Fault::next(
        "run.projects.locations.services.get",
        Action::Redirect("http://127.0.0.1:9/steal".into()),
    )]);
    let run = scene.run();
    assert_ne!(run.code, 0);
    run.says("a redirect to http://127.0.0.1:9/steal, which is not followed");
}

#[test]
fn reads_are_repeated_through_trouble() {
    for call in [
        "run.projects.locations.services.get",
        "storage.buckets.get",
        "cloudbuild.projects.locations.getDefaultServiceAccount",
        "storage.buckets.insert",
    ] {
        for action in [Action::status(503), Action::Reset, Action::Truncate, Action::Html(502)] {
            let name = format!("{call} {action:?}");
            let scene = scene_with([Fault::next(call, action)]);
            let run = scene.run();
            assert_eq!(run.code, 0, "{name}\n{}", run.log());
        }
    }
    let scene =
        scene_with([Fault::next("run.projects.locations.services.get", Action::status(503)).times(Fault::FOREVER)]);
    let run = scene.run().expect(7);
    run.says("5 attempts");
}

#[test]
fn a_lost_reply_to_the_bucket_finds_it_ours() {
    let scene = scene_with([Fault::lost_reply("storage.buckets.insert", Action::Reset)]);
    scene.run().expect(0);
    assert_eq!(scene.cloud.world(|world| world.count("bucket created")), 1);
}
