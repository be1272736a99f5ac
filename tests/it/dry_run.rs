//! Looking before leaping: what would change, values masked, nothing written.

use crate::support::Scene;

#[test]
fn a_dry_run_shows_the_change_and_makes_none() {
    let mut scene = Scene::new();
    scene.input("env_vars", "LEVEL: info\nTOKEN: hunter2-hunter2").input("memory", "512Mi");
    scene.run().expect(0);
    let effects = scene.cloud.world(|world| world.effects.len());
    scene
        .input("env_vars", "LEVEL: debug\nNEW: x")
        .input("memory", "1Gi")
        .input("dry_run", "true")
        .input("health_path", "/health");
    let run = scene.run().expect(0);
    insta::assert_snapshot!("dry_run_log", run.log());
    insta::assert_snapshot!("dry_run_summary", run.summary());
    for text in [&run.stdout, &run.summary, &run.outputs["report"]] {
        assert!(!text.contains("hunter2") && !text.contains("debug"), "{text}");
    }
    assert_eq!(run.outputs["result"], "planned");
    assert_eq!(run.report()["changes"].as_array().unwrap().len(), 5, "{}", run.report()["changes"]);
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects, "something was changed");
}

#[test]
fn a_dry_run_hears_what_google_would_refuse() {
    let mut scene = Scene::new();
    scene
        .input("dry_run", "true")
        .input("labels", "goog-x: y")
        .input("runtime_service_account", "ghost@harbour-dev.iam.gserviceaccount.com");
    let run = scene.run();
    assert_ne!(run.code, 0, "{}", run.log());
    run.says("Cloud Run would not take service `web` like this");
    scene.cloud.world(|world| assert!(world.effects.is_empty()));
}

#[test]
fn a_plan_of_a_new_service_needs_nothing_to_exist() {
    let mut scene = Scene::new();
    scene.input("dry_run", "true");
    scene.run().expect(0).says("+ image").says("Nothing was changed");
    scene.cloud.world(|world| assert!(world.effects.is_empty()));
}
