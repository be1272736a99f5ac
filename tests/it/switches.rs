//! One step, switched by one input: what means nothing then is named and does not stop it.

use crate::support::Scene;

#[test]
fn monitoring_is_switched_by_its_state() {
    let mut scene = crate::monitoring::scene();
    scene.input("error_rate", "5%").input("latency_p95", "2s").input("uptime_path", "/health");
    scene.command(&["monitoring"]).expect(0);
    scene.input("state", "absent");
    let run = scene.command(&["monitoring"]).expect(0);
    run.says("No effect here: `error_rate`, `latency_p95`, `uptime_path`");
    run.says("because `state: absent` removes what is there");
    assert_eq!(run.outputs["result"], "removed");
}

#[test]
fn logs_are_switched_by_the_build() {
    let mut scene = Scene::new();
    scene.run().expect(0);
    scene
        .input("source", "")
        .input("build", "latest")
        .input("since", "2h")
        .input("tail", "50")
        .input("region", "us-central1");
    let run = scene.command(&["logs"]).expect(0);
    run.says("No effect here: `region`, `since`, `tail`, because `build` shows the whole log of a build");
    let id = scene.cloud.world(|world| world.builds[0].id.clone());
    scene.input("build", &id);
    scene
        .command(&["logs"])
        .expect(0)
        .says("No effect here: `service`, because `build` says already whose log is shown");
}

#[test]
fn a_rollout_is_switched_by_its_strategy_or_stopped_at_the_candidate() {
    let mut scene = crate::rollout::running();
    scene.input("canary_steps", "50,100").input("canary_interval", "1s").input("strategy", "direct");
    let run = scene.run().expect(0);
    run.says("No effect here: `canary_steps`, `canary_interval`, because `strategy` asks for no canary");
    scene.file("app/main.py", "print('three')\n").input("strategy", "canary").input("no_traffic", "true");
    let run = scene.run().expect(0);
    run.says("No effect here: `strategy`, `canary_steps`, `canary_interval`, because `no_traffic` moves no traffic");
    assert_eq!(run.outputs["result"], "candidate");
    // Without a word on the strategy it is a mistake still: nobody would get the canary that was meant.
    scene.input("strategy", "").input("no_traffic", "");
    scene.run().expect(2).says("canary_steps: it is about the steps of a canary");
}

#[test]
fn wrong_inputs_write_a_report_too() {
    let mut scene = Scene::new();
    scene.input("memory", "lots");
    let run = scene.run().expect(2);
    let report = run.report();
    assert_eq!((&report["exit_code"], &report["failure"]["class"]), (&2.into(), &"config".into()));
    assert!(report["failure"]["evidence"][0].as_str().unwrap().starts_with("memory: "), "{report}");
    assert_eq!(report["now"][0], "Nothing was sent to Google");
    for command in [
        "job",
        "release",
        "hosting",
        "preview",
        "doctor",
        "status",
        "logs",
        "monitoring",
        "rotate-key",
        "rotate-secret",
    ] {
        let run = Scene::new().input("service", "No Name").input("no_such_input", "x").command(&[command]);
        assert_eq!(run.report()["exit_code"], 2, "{command}\n{}", run.log());
    }
}

#[test]
fn on_a_terminal_inputs_are_flags() {
    let wrong = &["deploy", "--service", "web", "--source", "app", "--memory", "lots", "--max-error-rate", "5%"];
    let mut scene = Scene::new();
    scene.variable("GITHUB_ACTIONS", "").input("service", "").input("source", "");
    let run = scene.command(wrong).expect(2);
    run.says("--memory: ").says("--max-error-rate: it is about the steps of a canary; add `--strategy=canary`");
    scene.variable("GITHUB_ACTIONS", "true");
    scene.command(wrong).expect(2).says("max_error_rate: it is about the steps of a canary; add `strategy: canary`");
}
