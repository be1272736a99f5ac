//! From a terminal: the same settings as flags, help that is complete.

use std::process::Command;

use crate::support::Scene;

fn slipway(arguments: &[&str], directory: &std::path::Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_slipway"))
        .args(arguments)
        .env_clear()
        .env("SLIPWAY_PACE", "0")
        .current_dir(directory)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn flags_do_what_inputs_do() {
    let mut scene = Scene::new();
    scene.variable("GITHUB_ACTIONS", "").variable("GITHUB_SHA", "");
    scene.input("service", "").input("source", "");
    let run = scene
        .command(&[
            "deploy",
            "--service",
            "web",
            "--source",
            "app",
            "--env-vars",
            "A=1",
            "--env-vars",
            "B=2",
            "--allow-unauthenticated",
        ])
        .expect(0);
    run.says("Deployed web").does_not_say("::group::");
    scene.cloud.world(|world| {
        let env = &world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["env"];
        assert_eq!(env.as_array().unwrap().len(), 2);
        assert!(world.digest_of("gcr.io/harbour-dev/web:latest").is_some());
    });
    assert!(run.outputs["revision"].starts_with("web-local-"), "{:?}", run.outputs["revision"]);
    scene
        .command(&["plan", "--service", "web", "--source", "app", "--env-vars", "A=2"])
        .expect(0)
        .says("~ env A = ••• (changed)")
        .says("Nothing was changed");
}

#[test]
fn an_action_names_its_command_and_an_input_called_args_stays_an_input() {
    let mut scene = Scene::new();
    scene.input("args", "--workers 2");
    // What the runner starts for `args: [deploy]`; without it, it would start `slipway --workers 2`.
    scene.command(&["deploy"]).expect(0);
    scene.cloud.world(|world| {
        let container = &world.service("us-central1", "web").unwrap().config["template"]["containers"][0];
        assert_eq!(container["args"], serde_json::json!(["--workers", "2"]));
    });
}

#[test]
fn help_names_every_setting() {
    let (code, out, err) = slipway(&["deploy", "--help"], std::path::Path::new("."));
    assert_eq!((code, err.as_str()), (0, ""));
    // Names of another action's steps are for steps alone.
    let own = |input: &&slipway::inputs::spec::Input| input.group != slipway::inputs::spec::InputGroup::Moved;
    for input in slipway::inputs::spec::DEPLOY.iter().filter(own) {
        assert!(out.contains(&format!("--{}", input.name.replace('_', "-"))), "{}", input.name);
    }
    let (_, out, _) = slipway(&["job", "--help"], std::path::Path::new("."));
    for input in slipway::inputs::spec::JOB.iter().filter(own) {
        assert!(out.contains(&format!("--{}", input.name.replace('_', "-"))), "{}", input.name);
    }
    let (code, _, err) = slipway(&["deploy", "--servcie", "x"], std::path::Path::new("."));
    assert_eq!(code, 2);
    assert!(err.contains("--service"), "{err}");
    let (code, out, _) = slipway(&["--version"], std::path::Path::new("."));
    assert_eq!((code, out.as_str()), (0, concat!("slipway ", env!("CARGO_PKG_VERSION"), "\n")));
}
