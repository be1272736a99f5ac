//! `slipway job`: a job written, run once, waited for; outputs that say what became of it.

use std::time::{Duration, Instant};

use fakecloud::{Action, ExecutionOutcome, ExecutionScript, Fault, World};
use serde_json::{Value, json};

use crate::jobs::next_execution;
use crate::support::Scene;

const RUN: &str = "run.projects.locations.jobs.run";
const IMAGE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/tool:v1";

/// An image that is there, and what is asked of the job command.
fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.push_image(IMAGE));
    scene.input("service", "").input("source", "");
    scene.input("job", "nightly").input("image", IMAGE).input("command", "tool --all");
    scene
}

fn config(scene: &Scene) -> Value {
    scene.cloud.world(|world| Value::Object(world.job("us-central1", "nightly").expect("a job").config.clone()))
}

fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

#[test]
fn a_job_is_made_run_and_told() {
    let mut scene = scene();
    scene
        .input("env_vars", "LEVEL: info")
        .input("memory", "1Gi")
        .input("tasks", "3")
        .input("parallelism", "2")
        .input("task_timeout", "5m")
        .input("max_retries", "0")
        .input("labels", "team: data");
    let run = scene.command(&["job"]).expect(0);
    insta::assert_snapshot!("job_log", run.log());
    insta::assert_snapshot!("job_summary", run.summary());
    let config = config(&scene);
    let task = &config["template"]["template"];
    assert!(task["containers"][0]["image"].as_str().unwrap().contains("/tool"));
    assert_eq!(task["containers"][0]["command"], json!(["tool", "--all"]));
    assert_eq!(task["containers"][0]["resources"]["limits"]["memory"], "1Gi");
    assert_eq!((&task["timeout"], &task["maxRetries"]), (&json!("300s"), &json!(0)));
    assert_eq!((&config["template"]["taskCount"], &config["template"]["parallelism"]), (&json!(3), &json!(2)));
    assert_eq!(config["labels"]["team"], "data");
    assert_eq!(config["labels"]["managed-by"], "slipway");
    let execution = scene.cloud.world(|world| world.executions[0].short_name().to_owned());
    for (name, value) in [
        ("execution", execution.as_str()),
        ("result", "succeeded"),
        ("exit_code", "0"),
        ("succeeded_count", "3"),
        ("failed_count", "0"),
    ] {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    assert!(run.outputs["log_url"].starts_with("https://console.cloud.google.com/logs/viewer"));
    let report = run.report();
    assert_eq!((&report["result"], &report["exit_code"]), (&json!("succeeded"), &json!(0)));
    assert_eq!(report["execution"]["execution"], execution.as_str());
    assert_eq!(run.state["execution_over"], "true");
}

#[test]
fn a_second_run_keeps_what_is_not_named_and_overrides_hold_for_it_alone() {
    let mut scene = scene();
    scene.input("env_vars", "LEVEL: info\nKEEP: 1").input("args", "up");
    scene.command(&["job"]).expect(0);
    scene.cloud.world(|world| {
        world.future_fields.insert("futureField".into());
        let job = world.jobs.values_mut().next().unwrap();
        job.config.insert("futureField".into(), json!({"keep": [1]}));
    });
    scene.input("image", "").input("command", "").input("args", "").input("env_vars", "LEVEL: debug");
    scene.input("run_args", "down --to 3").input("run_env", "STEP: 1");
    scene.command(&["job"]).expect(0).says("with arguments and variables of its own");
    let config = config(&scene);
    assert_eq!(config["futureField"], json!({"keep": [1]}));
    let container = &config["template"]["template"]["containers"][0];
    assert_eq!((&container["command"], &container["args"]), (&json!(["tool", "--all"]), &json!(["up"])));
    assert_eq!(container["env"], json!([{"name": "LEVEL", "value": "debug"}, {"name": "KEEP", "value": "1"}]));
    scene.cloud.world(|world| {
        let container = &world.executions[1].template["template"]["containers"][0];
        assert_eq!(container["args"], json!(["down", "--to", "3"]));
        assert_eq!(container["env"][2], json!({"name": "STEP", "value": "1"}));
        assert_eq!(container["image"], world.executions[0].template["template"]["containers"][0]["image"]);
    });
    // No arguments at all are not the job's own.
    scene.input("run_args", "[]").input("run_env", "");
    scene.command(&["job"]).expect(0);
    scene.cloud.world(|world| {
        assert!(world.executions[2].template["template"]["containers"][0].get("args").is_none());
    });
    scene.input("run_args", "").input("run_tasks", "4").input("run_task_timeout", "90s");
    scene.command(&["job"]).expect(0).says("with a number of tasks and a limit for a task of its own");
    scene.cloud.world(|world| {
        let template = &world.executions[3].template;
        assert_eq!((&template["taskCount"], &template["template"]["timeout"]), (&json!(4), &json!("90s")));
        assert_eq!(template["template"]["containers"][0]["args"], json!(["up"]), "the job's own");
    });
    scene.input("run_container", "side").input("run_tasks", "0");
    let run = scene.command(&["job"]).expect(2);
    run.says("run_container: nothing is said for that container").says("run_tasks: `0` does not fit");
}

#[test]
fn a_job_gets_the_image_that_serves() {
    let scene = Scene::deployed();
    let mut scene = scene;
    let digest = scene.cloud.world(|world| world.revisions[0].image.clone().unwrap());
    scene.input("service", "").input("source", "").input("job", "nightly").input("from_service", "web");
    scene.command(&["job"]).expect(0);
    assert_eq!(config(&scene)["template"]["template"]["containers"][0]["image"], digest.as_str());
}

#[test]
fn a_failed_task_is_red_and_its_code_is_an_output() {
    let mut scene = scene();
    scene.input("tasks", "2").input("max_retries", "1");
    next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::ExitCode(3)));
    let run = scene.command(&["job"]).expect(8);
    insta::assert_snapshot!("job_failed", run.failure());
    for (name, value) in [("result", "failed"), ("exit_code", "3"), ("succeeded_count", "1"), ("failed_count", "1")] {
        assert_eq!(run.outputs[name], value, "{name}");
    }
    assert_eq!(run.report()["failure"]["class"], "deploy");
}

#[test]
fn a_run_that_is_not_waited_for_is_started_and_left() {
    let mut scene = scene();
    scene.input("wait", "false");
    next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::NeverEnds));
    let run = scene.command(&["job"]).expect(0);
    assert_eq!((run.outputs["result"].as_str(), run.outputs.get("exit_code")), ("started", None));
    assert!(run.outputs["execution"].starts_with("nightly-"));
    assert!(scene.cloud.calls("run.projects.locations.jobs.executions.get").is_empty());
    scene.post(&run).expect(0).says("there is nothing left to end");
    assert_eq!(count(&scene, "execution cancelled"), 0);
}

#[test]
fn a_job_can_be_updated_without_running_it() {
    let mut scene = scene();
    scene.input("run", "false");
    let run = scene.command(&["job"]).expect(0);
    assert_eq!((run.outputs["result"].as_str(), run.outputs.get("execution")), ("updated", None));
    run.says("Job `nightly` is written, and was not run");
    assert_eq!((count(&scene, "job created"), count(&scene, "execution created")), (1, 0));
    // What is for a run stays written, so that one input switches the step.
    scene.input("wait", "true").input("run_args", "x");
    let run = scene.command(&["job"]).expect(0);
    run.says("No effect here: `run_args`, `wait`, because `run: false` runs nothing");
    assert_eq!(count(&scene, "execution created"), 0);
}

#[test]
fn a_run_that_never_ends_is_watched_to_its_limit_and_left_to_itself() {
    let mut scene = scene();
    scene.input("job_timeout", "10m");
    next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::NeverEnds));
    let run = scene.command(&["job"]).expect(12);
    run.says("Stopped watching execution `nightly-")
        .says("after 600 s: it still runs, and was left to itself")
        .says("gcloud run jobs executions cancel nightly-")
        .says("`job_timeout`");
    assert_eq!(run.outputs["result"], "failed");
    scene.post(&run).expect(0);
    assert_eq!(count(&scene, "execution cancelled"), 0);
}

#[test]
fn a_lost_reply_starts_no_second_execution() {
    let scene = scene();
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(RUN, Action::status(502))));
    scene.command(&["job"]).expect(0).says("Found it: execution nightly-");
    assert_eq!((count(&scene, "execution created"), scene.cloud.calls(RUN).len()), (1, 1));
}

#[test]
fn somebody_elses_change_is_kept_and_never_run_as_ours() {
    let scene = scene();
    // Somebody writes the job between this run's write and its start: the start names a version that is gone.
    let conflict = Action::Status(
        409,
        Some(json!({"error": {"code": 409, "status": "ABORTED", "message": "Conflict for resource 'nightly'"}})),
        Vec::new(),
    );
    scene.cloud.world(|world| world.faults.push(Fault::next(RUN, conflict)));
    scene.command(&["job"]).expect(0).says("The job is another version by now; writing it again");
    assert_eq!((count(&scene, "execution created"), count(&scene, "job changed")), (1, 2));
}

#[test]
fn runs_at_the_same_time_each_start_what_they_wrote() {
    let mut scene = scene();
    scene.variable("SLIPWAY_PACE", "0.02");
    let names = ["run-0", "run-1", "run-2", "run-3"];
    let running: Vec<_> = names.iter().map(|name| scene.start(&["job", "--run-args", name])).collect();
    // Whoever never gets between the others gives up, and has started nothing.
    let mut done: Vec<&str> = Vec::new();
    for (name, run) in names.iter().zip(running) {
        let run = run.finish();
        assert!(run.code == 0 || run.code == 8, "{}", run.log());
        done.extend((run.code == 0).then_some(*name));
    }
    assert!(!done.is_empty());
    scene.cloud.world(|world| {
        let container = |execution: &fakecloud::Execution| execution.template["template"]["containers"][0].clone();
        let mut started: Vec<String> =
            world.executions.iter().map(|run| container(run)["args"][0].as_str().unwrap().to_owned()).collect();
        started.sort();
        assert_eq!(started, done, "each that succeeded ran once, the others not at all");
        let mark = |run: &fakecloud::Execution| run.template["annotations"]["slipway.dev/run"].to_string();
        let marks: std::collections::BTreeSet<String> = world.executions.iter().map(mark).collect();
        assert_eq!(marks.len(), done.len(), "each ran the version it had written: {marks:?}");
    });
}

#[test]
fn looks_that_fail_in_passing_are_not_failed_executions() {
    let scene = scene();
    scene.cloud.world(|world| {
        let look = "run.projects.locations.jobs.executions.get";
        world.faults.push(Fault::next(look, Action::Reset));
        world.faults.push(Fault::next(look, Action::status(503)).skip(1));
        world.faults.push(Fault::next(look, Action::retry_after(429, "7")));
    });
    scene.command(&["job"]).expect(0);
}

#[test]
fn a_signal_cancels_the_execution_in_time() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut scene = scene();
        scene.variable("SLIPWAY_PACE", "1");
        next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::NeverEnds));
        let running = scene.start(&["job"]);
        running.until("run.projects.locations.jobs.executions.get");
        let begun = Instant::now();
        running.signal(signal);
        let run = running.finish().expect(code);
        assert!(begun.elapsed() < Duration::from_secs(6));
        assert_eq!(run.outputs["result"], "cancelled");
        run.says("Cancelled execution nightly-");
        assert_eq!(count(&scene, "execution cancelled"), 1);
        scene.post(&run).expect(0).says("there is nothing left to end");
    }
}

#[test]
fn a_missing_permission_is_named_before_anything_is_written() {
    for (permission, input) in [
        ("run.jobs.run", ""),
        ("run.jobs.create", ""),
        ("run.jobs.update", ""),
        ("run.executions.list", ""),
        ("run.jobs.runWithOverrides", "down"),
    ] {
        let mut scene = scene();
        scene.input("run_args", input);
        scene.cloud.world(|world| world.deny(World::DEPLOYER, permission));
        let run = scene.command(&["job"]).expect(4);
        run.says(&format!("lacks `{permission}`")).says("--role=roles/run.admin");
        scene.cloud.world(|world| assert!(world.effects.is_empty(), "{permission}: {:?}", world.effects));
    }
    // Without arguments of its own the run needs no permission for them.
    let scene = scene();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.jobs.runWithOverrides"));
    scene.command(&["job"]).expect(0);
}

#[test]
fn a_grant_on_the_job_alone_is_enough() {
    let scene = scene();
    scene.command(&["job"]).expect(0);
    scene.cloud.world(|world| {
        world.revoke("harbour-dev", World::DEPLOYER, "roles/run.admin");
        world.grant("harbour-dev", World::DEPLOYER, "roles/run.viewer");
        let job = world.jobs.values_mut().next().unwrap();
        job.policy.grant("roles/run.admin", &format!("serviceAccount:{}", World::DEPLOYER));
    });
    scene.command(&["job"]).expect(0);
    assert_eq!(count(&scene, "execution created"), 2);
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let mut scene = scene();
    scene.input("env_vars", "TOKEN: hunter2-hunter2");
    scene.command(&["job"]).expect(0);
    let effects = scene.cloud.world(|world| world.effects.len());
    scene.input("env_vars", "TOKEN: hunter3-hunter3").input("task_timeout", "1h").input("tasks", "4");
    scene.input("dry_run", "true");
    let run = scene.command(&["job"]).expect(0);
    insta::assert_snapshot!("job_plan", run.log());
    assert_eq!(run.outputs["result"], "planned");
    assert!(!run.summary.contains("hunter") && !run.stdout.contains("hunter"));
    assert_eq!(scene.cloud.world(|world| world.effects.len()), effects);
}

#[test]
fn a_job_without_an_image_must_be_there() {
    let mut scene = scene();
    scene.input("image", "");
    let run = scene.command(&["job"]).expect(2);
    run.says("There is no job `nightly` in `us-central1` yet").says("`from_service`");
    assert_eq!(run.outputs["result"], "failed");
    scene.cloud.world(|world| assert!(world.effects.is_empty()));
}

#[test]
fn mistakes_are_told_at_once() {
    let mut scene = scene();
    scene
        .input("job", "Not A Name")
        .input("from_service", "web")
        .input("task_timeout", "200h")
        .input("max_retries", "11")
        .input("tasks", "0")
        .input("health_path", "/")
        .input("wait", "false")
        .input("job_timeout", "5m");
    let run = scene.command(&["job"]).expect(2);
    for text in [
        "`Not A Name` is not a job name",
        "from_service: `image` says which image it is already",
        "task_timeout: `200h` does not fit; write 1s to 168h",
        "max_retries: `11` does not fit",
        "tasks: `0` does not fit",
        "health_path: there is no such input",
        "No effect here: `job_timeout`, because `wait: false` waits for nothing",
    ] {
        run.says(text);
    }
    assert_eq!(scene.cloud.journal().len(), 0);
}

#[test]
fn a_job_is_built_from_source() {
    let mut scene = scene();
    scene.input("image", "").input("source", "app").input("env_vars", "LEVEL: info");
    let plan = scene.command(&["job", "--dry-run"]).expect(0);
    plan.says("`app` into a reproducible archive").says("gcr.io/harbour-dev/nightly@(the digest of the build)");
    assert_eq!(count(&scene, "build created") + count(&scene, "job created"), 0);
    let run = scene.command(&["job"]).expect(0);
    let image = config(&scene)["template"]["template"]["containers"][0]["image"].as_str().unwrap().to_owned();
    assert!(image.starts_with("gcr.io/harbour-dev/nightly@sha256:"), "{image}");
    assert_eq!((count(&scene, "build created"), count(&scene, "execution created")), (1, 1));
    assert_eq!(run.outputs["result"], "succeeded");
    run.says("✓ Build: ");
    // The same tree again: no second upload, and the job's own settings stay.
    scene.input("env_vars", "").input("image", "gcr.io/harbour-dev/tools/nightly:v2");
    scene.command(&["job"]).expect(0).says("the same source is there already");
    let container = config(&scene)["template"]["template"]["containers"][0].clone();
    assert!(container["image"].as_str().unwrap().starts_with("gcr.io/harbour-dev/tools/nightly@sha256:"));
    assert_eq!(container["env"][0]["name"], "LEVEL");
}

#[test]
fn a_build_that_fails_leaves_the_job_as_it_is() {
    let mut scene = scene();
    scene.command(&["job"]).expect(0);
    let before = config(&scene);
    scene.input("image", "").input("source", "app");
    scene.cloud.world(|world| {
        let outcome = fakecloud::Outcome::StepFails { step: 0, exit: 1, lines: Vec::new() };
        world.next_builds.push_back(fakecloud::BuildScript::ending(outcome));
    });
    scene.command(&["job"]).expect(6);
    assert_eq!(config(&scene), before);
    assert_eq!(count(&scene, "execution created"), 1);
}

#[test]
fn inputs_of_a_build_need_something_to_build() {
    let mut scene = scene();
    scene.input("dockerfile", "Dockerfile").input("build_timeout", "5m");
    let run = scene.command(&["job"]).expect(2);
    run.says("dockerfile: nothing is built; remove `dockerfile`, or give `source` too").says("build_timeout: nothing");
    scene.input("source", "app").input("from_service", "web").input("image", "").input("job", &"j".repeat(60));
    let run = scene.command(&["job"]).expect(2);
    run.says("from_service: the image is built from `source`").says("is too long for a job whose image is built here");
}

#[test]
fn a_secret_that_is_not_there_is_taken_away_from_no_job() {
    let mut scene = scene();
    scene.input("env_vars", "LEVEL: info\nTOKEN: null");
    let run = scene.command(&["job"]).expect(2);
    run.says("`TOKEN` is null, and there is no job `nightly` it could be taken away from");
    run.says("gh secret set TOKEN");
    assert_eq!(count(&scene, "job created"), 0);
    // What a manifest says can be taken away.
    let task = json!({"containers": [{"image": IMAGE, "env": [{"name": "TOKEN", "value": "t"}]}]});
    scene.file("job.json", json!({"template": {"template": task}}).to_string()).input("manifest", "job.json");
    scene.command(&["job"]).expect(0);
    let env = config(&scene)["template"]["template"]["containers"][0]["env"].clone();
    assert_eq!(env, json!([{"name": "LEVEL", "value": "info"}]));
}
