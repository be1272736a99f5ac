//! The embedded cloud, as people try it (`--local`, `slipway demo`): nothing claims what was not done.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::listener::Listener;
use crate::support::{Scene, runner};

/// What a command line printed, and what it wrote for the runner.
struct Tried {
    code: i32,
    out: String,
    result: String,
    report: Value,
    outputs: std::collections::BTreeMap<String, String>,
    summary: String,
}

/// Runs a command line on the embedded cloud, with an environment that leads to a GitHub of ours.
fn slipway(arguments: &[&str], directory: &Path, github: &str) -> Tried {
    let files = std::env::temp_dir().join(format!("slipway-embedded-{}-{:p}", std::process::id(), arguments));
    std::fs::create_dir_all(&files).unwrap();
    for name in ["output", "summary"] {
        std::fs::write(files.join(name), "").unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_slipway"))
        .args(arguments)
        .env_clear()
        .envs([("SLIPWAY_PACE", "0"), ("GITHUB_API_URL", github), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "7")])
        .env("GITHUB_SHA", crate::support::SHA)
        .env("GITHUB_OUTPUT", files.join("output"))
        .env("GITHUB_STEP_SUMMARY", files.join("summary"))
        .current_dir(directory)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let outputs = runner::pairs(&std::fs::read_to_string(files.join("output")).unwrap());
    let summary = std::fs::read_to_string(files.join("summary")).unwrap();
    std::fs::remove_dir_all(&files).unwrap();
    let text = |name: &str| outputs.get(name).cloned().unwrap_or_default();
    Tried {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        result: text("result"),
        report: serde_json::from_str(&text("report")).unwrap_or_default(),
        outputs,
        summary,
    }
}

/// Steps that are really done on one machine: what is read here, and what of a site is kept and served here.
const DONE_HERE: [&str; 7] = ["Package", "Files", "Upload", "Finalize", "Channel", "Release", "Verify"];

/// What a run on the embedded cloud must never say.
fn claims_nothing(tried: &Tried) {
    for line in tried.out.lines().filter_map(|line| line.strip_prefix("✓ ")) {
        let parts: Vec<&str> = line.split(": ").collect();
        assert!(parts.iter().take(2).any(|part| DONE_HERE.contains(part)), "{line:?} was not done\n{}", tried.out);
    }
    for claim in ["is SUCCESS", "is pushed", "naming to", "FETCHSOURCE", "Its page", "; its log: "] {
        assert!(!tried.out.contains(claim), "{claim:?} was not done\n{}", tried.out);
    }
    for name in ["build_id", "build_url", "image", "digest", "execution", "log_url"] {
        assert!(!tried.outputs.contains_key(name), "{name} is of nothing that is there");
    }
    if tried.code == 0 && tried.result != "planned" {
        assert_eq!(tried.result, "simulated", "{}", tried.out);
        assert_eq!(tried.report["result"], "simulated");
        assert!(tried.summary.starts_with("## 🧪 Simulated: "), "{}", tried.summary);
        assert!(tried.out.contains("\nSimulated: "), "{}", tried.out);
    }
    assert_eq!(tried.report["simulated"], true);
    for step in tried.report["steps"].as_array().into_iter().flatten() {
        let name = step["name"].as_str().unwrap();
        assert!(step["result"] != "done" || DONE_HERE.contains(&name), "{step}");
    }
}

fn checks(tried: &Tried) -> Vec<(String, String, bool)> {
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let all = tried.report["checks"].as_array().unwrap().iter();
    all.map(|check| (text(check, "request"), text(check, "result"), check["passed"].as_bool().unwrap())).collect()
}

/// A source, a site with a rewrite to a service, and a manifest of both.
fn workspace() -> Scene {
    let mut scene = Scene::new();
    scene.file("mine/Dockerfile", "FROM scratch\nCOPY x /\nCMD [\"/x\"]\n").file("mine/x", "1");
    let rewrite = r#"{"source": "/api/**", "run": {"serviceId": "mine"}}"#;
    scene.file("site/firebase.json", format!("{{\"hosting\": {{\"public\": \"out\", \"rewrites\": [{rewrite}]}}}}"));
    scene.file("site/out/index.html", "<title>Hello</title>");
    scene
        .file("plain/firebase.json", "{\"hosting\": {\"public\": \".\"}}")
        .file("plain/index.html", "<title>Hello</title>");
    scene.file(
        "slipway.yml",
        "services:\n  back: {service: mine, source: mine, allow_unauthenticated: true, health_path: /health}\n\
         hosting:\n  front: {entry_point: site, health_path: /, checks: [GET /api/1 200]}\n",
    );
    scene
}

const DEPLOY: [&str; 6] = ["deploy", "--local", "--service", "mine", "--source", "mine"];

#[test]
fn a_deploy_says_of_each_step_whether_it_was_done() {
    let scene = workspace();
    let arguments = [&DEPLOY[..], &["--allow-unauthenticated", "--health-path", "/health", "--checks", "GET /x 404"]];
    let tried = slipway(&arguments.concat(), &scene.workspace(), "http://127.0.0.1:9");
    assert_eq!(tried.code, 0, "{}", tried.out);
    claims_nothing(&tried);
    insta::assert_snapshot!("embedded_deploy", crate::support::normal::text(&tried.out));
    let of = |name: &str| {
        let steps = tried.report["steps"].as_array().unwrap();
        steps.iter().find(|step| step["name"] == name).unwrap()["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("Package"), "done", "the source is really read");
    for name in ["Build", "Deploy", "Verify"] {
        assert_eq!(of(name), "simulated");
    }
    let not_run = |request: &str| (request.to_owned(), "not run".to_owned(), false);
    assert_eq!(checks(&tried), [not_run("GET /health"), not_run("GET /x")], "whatever was expected");
    assert!(tried.report["build"].is_null() && tried.report["image"].is_null(), "{}", tried.report);
}

#[test]
fn what_is_wrong_with_the_source_is_really_found() {
    let mut scene = workspace();
    scene.file("mine/Dockerfile", "FROM scratch\nCOPY x /\nCOPY nothing /\n");
    let tried = slipway(&DEPLOY, &scene.workspace(), "http://127.0.0.1:9");
    assert_eq!(tried.code, 6, "{}", tried.out);
    claims_nothing(&tried);
    assert!(tried.out.contains("COPY nothing /") && tried.out.contains("not found"), "{}", tried.out);
    assert!(tried.out.contains("error: Simulated: "), "{}", tried.out);
}

/// The files of a site are there, and have answered; what leads to a service has not.
#[test]
fn a_site_s_files_are_really_served() {
    let scene = workspace();
    let tried = slipway(
        &["hosting", "--local", "--entry-point", "plain", "--channel", "live", "--health-path", "/"],
        &scene.workspace(),
        "http://127.0.0.1:9",
    );
    assert_eq!(tried.code, 0, "{}", tried.out);
    claims_nothing(&tried);
    assert!(tried.out.contains("✓ Verify: 1 of 1 checks passed"), "{}", tried.out);
    assert_eq!(checks(&tried), [("GET /".to_owned(), "passed".to_owned(), true)]);

    let tried = slipway(&["release", "--local"], &scene.workspace(), "http://127.0.0.1:9");
    assert_eq!(tried.code, 0, "{}", tried.out);
    claims_nothing(&tried);
    for said in [
        "≈ back: Verify (simulated): 1 of 1 checks not run: there is no program to ask",
        "✓ front: Verify: 1 of 2 checks passed, 1 not run: there is no program to ask",
    ] {
        assert!(tried.out.contains(said), "{said}\n{}", tried.out);
    }
}

/// Every command, from an empty project: none claims what was not done, and nobody outside hears of it.
#[test]
fn no_command_claims_what_was_not_done() {
    let scene = workspace();
    let github = Listener::start(|_| "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned());
    let chat = format!("{}/chat", github.url());
    let image = ["--image", "us-docker.pkg.dev/cloudrun/container/hello"];
    let token = ["--github-token", "ghs_0123456789abcdef0123456789abcdef0123"];
    let service = ["--service", "mine"];
    let told = ["--notify-webhook", &chat];
    let commands: [(i32, &[&[&str]]); 15] = [
        (0, &[&["deploy"], &service, &image, &told, &token, &["--environment", "staging"]]),
        (0, &[&["deploy"], &service, &image, &["--kind", "worker-pool"]]),
        (0, &[&["deploy"], &service, &image, &["--regions", "us-central1,europe-west1"]]),
        (0, &[&["deploy"], &service, &image, &["--pre-deploy-job", "command: migrate"]]),
        (0, &[&["plan"], &service, &image]),
        (0, &[&["job"], &["--job", "nightly"], &image, &told]),
        (0, &[&["hosting"], &["--entry-point", "plain", "--channel", "live"], &told, &token]),
        (0, &[&["hosting"], &["--entry-point", "plain", "--channel", "look"]]),
        (0, &[&["release"], &told, &token]),
        // There is no live service here, so the preview is open to nobody, and a site does not reach it.
        (9, &[&["preview"], &["--pull-request", "7", "--preview-service"], &told, &token]),
        (0, &[&["preview"], &["--pull-request", "7", "--mode", "cleanup"], &told, &token]),
        (0, &[&["doctor"], &service, &told]),
        (4, &[&["rotate-key"], &["--secret", "GCP_KEY"], &token, &told]),
        (2, &[&["rollback"], &service]),
        (2, &[&["status"], &service]),
    ];
    for (code, words) in commands {
        let (command, rest) = words.split_first().unwrap();
        let arguments: Vec<&str> =
            command.iter().chain(&["--local"]).chain(rest.iter().copied().flatten()).copied().collect();
        let tried = slipway(&arguments, &scene.workspace(), &github.url());
        assert_eq!(tried.code, code, "{arguments:?}\n{}", tried.out);
        claims_nothing(&tried);
    }
    assert_eq!(github.heads(), [""; 0], "what is only simulated is told to nobody");
}

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_demonstration_ships_the_sample() {
    let tried = slipway(&["demo"], Path::new(HERE), "http://127.0.0.1:9");
    assert_eq!(tried.code, 0, "{}", tried.out);
    for text in [
        "This is the embedded cloud",
        "Simulated: The release of `staging` is out: `backend`, `frontend`",
        "## 🧪 Simulated: The release of `staging` is out",
        "/health  ->  501 No program runs here",
        "/  ->  200 <title>Harbour</title>",
        "/berths  ->  200 <title>Berths</title>",
        "/quay  ->  301 location: /berths",
        "/nowhere  ->  404 <title>Not here</title>",
        "~ backend: env ENVIRONMENT = ••• (changed)",
        "Nothing was changed",
    ] {
        assert!(tried.out.contains(text), "{text}\n{}", tried.out);
    }
    assert!(!tried.out.contains("Step #") && !tried.out.contains("is SUCCESS"), "{}", tried.out);
}

#[test]
fn the_demonstration_of_a_rollout_goes_there_and_back() {
    let tried = slipway(&["demo", "rollout"], Path::new(HERE), "http://127.0.0.1:9");
    assert_eq!(tried.code, 0, "{}", tried.out);
    for says in [
        "== 2. A candidate for which the embedded cloud answers 500",
        "Simulated: Service `sample-backend` serves as before",
        "== 3. Another candidate",
        "≈ Candidate (simulated): 2 of 2 checks not run",
        "Simulated: Rolled back sample-backend",
    ] {
        assert!(tried.out.contains(says), "{says}\n{}", tried.out);
    }
    assert!(!tried.out.contains("checks passed"), "{}", tried.out);
}

#[test]
fn the_demonstration_of_the_day_after_finds_what_is_in_the_way() {
    let tried = slipway(&["demo", "operations"], Path::new(HERE), "http://127.0.0.1:9");
    assert_eq!(tried.code, 0, "{}", tried.out);
    for said in [
        "in the way of a deploy",
        "--role=roles/artifactregistry.createOnPushWriter",
        "3. The owner has run the script",
        "in numbers made up for this",
        "xychart-beta",
        "latency p95",
        "GET /api/berths: connection pool exhausted",
        "Simulated: Secret `session-key` is rotated",
    ] {
        assert!(tried.out.contains(said), "{said}\n{}", tried.out);
    }
}
