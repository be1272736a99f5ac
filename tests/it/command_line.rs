//! From a terminal: the same settings as flags, help that is complete, the embedded cloud.

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
    for input in slipway::inputs::spec::DEPLOY {
        assert!(out.contains(&format!("--{}", input.name.replace('_', "-"))), "{}", input.name);
    }
    let (_, out, _) = slipway(&["job", "--help"], std::path::Path::new("."));
    for input in slipway::inputs::spec::JOB {
        assert!(out.contains(&format!("--{}", input.name.replace('_', "-"))), "{}", input.name);
    }
    let (code, _, err) = slipway(&["deploy", "--servcie", "x"], std::path::Path::new("."));
    assert_eq!(code, 2);
    assert!(err.contains("--service"), "{err}");
    let (code, out, _) = slipway(&["--version"], std::path::Path::new("."));
    assert_eq!((code, out.as_str()), (0, concat!("slipway ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn any_source_can_be_tried_on_the_embedded_cloud() {
    let mut scene = Scene::new();
    scene.file("mine/Dockerfile", "FROM scratch\nCOPY x /\n").file("mine/x", "1");
    let (code, out, err) = slipway(
        &["deploy", "--local", "--service", "mine", "--source", "mine", "--health-path", "/"],
        &scene.workspace(),
    );
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("This is the embedded cloud") && out.contains("Deployed mine"), "{out}");
    let (code, out, _) =
        slipway(&["deploy", "--local", "--service", "mine", "--source", "nowhere"], &scene.workspace());
    assert_eq!(code, 2, "{out}");
}

#[test]
fn the_demonstration_of_a_rollout_goes_there_and_back() {
    let (code, out, err) = slipway(&["demo", "rollout"], std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for says in ["== 2. A bad candidate", "serves as before", "== 3. A good candidate", "Rolled back sample-backend"] {
        assert!(out.contains(says), "{says}: {out}");
    }
}

#[test]
fn the_demonstration_of_the_day_after_finds_what_is_in_the_way() {
    let (code, out, err) = slipway(&["demo", "operations"], std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for said in [
        "in the way of a deploy",
        "--role=roles/artifactregistry.createOnPushWriter",
        "3. The owner has run the script",
        "xychart-beta",
        "latency p95",
        "GET /api/berths: connection pool exhausted",
        "Secret `session-key` is rotated",
    ] {
        assert!(out.contains(said), "{said}\n{out}");
    }
}

#[test]
fn the_demonstration_ships_the_sample() {
    let (code, out, err) = slipway(&["demo"], std::path::Path::new(env!("CARGO_MANIFEST_DIR")));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for text in [
        "This is the embedded cloud",
        "The release of `staging` is out: `backend`, `frontend`",
        "## ✅ The release of `staging` is out",
        "/health  ->  200 {\"status\":\"ok\"",
        "/  ->  200 <title>Harbour</title>",
        "/berths  ->  200 <title>Berths</title>",
        "/quay  ->  301 location: /berths",
        "/nowhere  ->  404 <title>Not here</title>",
        "~ backend: env ENVIRONMENT = ••• (changed)",
        "Nothing was changed",
    ] {
        assert!(out.contains(text), "{text}\n{out}");
    }
}
