//! The incident the product was born from: the build succeeds and its log cannot be read.

use fakecloud::LogReads;

use crate::support::Scene;

#[test]
fn a_log_that_may_not_be_read_does_not_fail_a_good_build() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.build_logs = LogReads::Status(403));
    let run = scene.run().expect(0);
    insta::assert_snapshot!("incident_log", run.log());
    run.says("The build's log cannot be shown").says("Deployed web");
    assert_eq!(run.outputs["result"], "deployed");
    assert!(run.summary.contains("The build's log cannot be shown"), "{}", run.summary);
    assert!(run.report()["build"]["log_missing"].as_str().unwrap().contains("403"));
    assert_eq!(scene.cloud.calls("storage.objects.get?alt=media").len(), 1, "a refusal is final");
    assert_eq!(scene.cloud.world(|world| world.last_build().unwrap().status().to_owned()), "SUCCESS");
}

#[test]
fn no_trouble_with_the_log_changes_the_verdict() {
    for reads in
        [LogReads::Status(404), LogReads::Status(429), LogReads::Status(500), LogReads::Status(503), LogReads::Reset]
    {
        let scene = Scene::new();
        scene.cloud.world(|world| world.build_logs = reads);
        let run = scene.run();
        assert_eq!(run.code, 0, "{reads:?}\n{}", run.log());
        run.says("is SUCCESS");
        let looks = scene.cloud.calls("cloudbuild.projects.locations.builds.get").len();
        assert!(looks <= 8, "{reads:?}: {looks} looks");
    }
}

#[test]
fn a_log_that_ignores_ranges_is_shown_once() {
    let scene = Scene::new();
    scene.cloud.world(|world| world.ignore_ranges = true);
    let run = scene.run().expect(0);
    assert_eq!(run.stdout.matches("starting build").count(), 1, "{}", run.stdout);
    assert_eq!(run.stdout.matches("│ DONE").count(), 1);
}
