//! Jobs: a migration before the service gets its new revision. It runs once, whatever becomes of replies.

use std::time::{Duration, Instant};

use fakecloud::{Action, ExecutionOutcome, ExecutionScript, ExecutionState, Fault, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

const RUN: &str = "run.projects.locations.jobs.run";
const MIGRATION: &str = "command: python manage.py migrate\nenv:\n  STEP: \"1\"";

/// A service that runs, and a change to be deployed to it behind a migration.
pub fn migrating() -> Scene {
    let mut scene = Scene::new();
    scene.input("env_vars", "LEVEL: info").input("runtime_service_account", World::COMPUTE);
    scene.run().expect(0);
    scene.input("env_vars", "LEVEL: debug").input("pre_deploy_job", MIGRATION);
    scene
}

pub fn next_execution(scene: &Scene, script: ExecutionScript) {
    scene.cloud.world(|world| world.next_executions.push_back(script));
}

fn failing() -> ExecutionScript {
    ExecutionScript::ending(ExecutionOutcome::ExitCode(1)).logging(&["migrating", "relation \"users\" is locked"])
}

/// The job of that name, as it is configured.
fn job(scene: &Scene, name: &str) -> Value {
    scene.cloud.world(|world| Value::Object(world.job("us-central1", name).expect("a job").config.clone()))
}

fn count(scene: &Scene, effect: &str) -> usize {
    scene.cloud.world(|world| world.count(effect))
}

/// The law after a migration that did not succeed: nobody touched the service.
fn service_untouched(scene: &Scene, run: &Run) {
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), 1, "{}", run.log());
    assert_eq!(scene.cloud.calls("run.projects.locations.services.patch").len(), 1, "{}", run.log());
    run.says("Nothing was changed on service `web`");
}

#[test]
fn a_migration_runs_with_the_new_image_before_the_service_gets_it() {
    let scene = migrating();
    let run = scene.run().expect(0);
    insta::assert_snapshot!("migration_log", run.log().split("✓ Build").nth(1).unwrap());
    let config = job(&scene, "web-pre-deploy");
    let task = &config["template"]["template"];
    let container = &task["containers"][0];
    assert_eq!(container["image"], run.outputs["image"].as_str(), "the very digest that is deployed");
    assert_eq!(container["command"], json!(["python", "manage.py", "migrate"]));
    assert_eq!(
        container["env"],
        json!([{"name": "LEVEL", "value": "debug"}, {"name": "STEP", "value": "1"}]),
        "the service's variables after this deploy, and its own"
    );
    assert_eq!(task["serviceAccount"], World::COMPUTE);
    assert_eq!((&task["maxRetries"], &task["timeout"]), (&json!(0), &json!("600s")));
    assert_eq!(count(&scene, "execution created"), 1);
    let calls = scene.calls();
    let position = |call: &str| calls.iter().rposition(|other| other == call).expect(call);
    let last_look = position("run.projects.locations.jobs.executions.get");
    let deploy = calls.iter().enumerate().filter(|(_, call)| *call == "run.projects.locations.services.patch").nth(1);
    assert!(last_look < deploy.unwrap().0, "the migration is over before the service is written: {calls:#?}");
    let told = &run.report()["pre_deploy_job"];
    assert_eq!((&told["state"], &told["exit_code"]), (&json!("succeeded"), &json!(0)));
    assert_eq!(run.state["execution_over"], "true");
    // The next deploy takes the same job.
    scene.run().expect(0);
    assert_eq!((count(&scene, "job created"), count(&scene, "execution created")), (1, 2));
}

#[test]
fn a_migration_meets_the_services_database() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "db", "x");
        world.share_secret("harbour-dev", "db", World::COMPUTE);
    });
    scene
        .input("secrets", "DB: db:1\n/keys/db: db:latest")
        .input("cloudsql_instances", "harbour-dev:us-central1:main")
        .input("vpc_connector", "projects/harbour-dev/locations/us-central1/connectors/c")
        .input("pre_deploy_job", "name: migrate\nretries: 2\ntimeout: 1h\nmemory: 1Gi\ncpu: 1");
    // A first deploy has no service to inherit from; what it shall be is enough.
    scene.run().expect(0);
    let service = scene.cloud.world(|world| Value::Object(world.service("us-central1", "web").unwrap().config.clone()));
    let config = job(&scene, "migrate");
    let (task, template) = (&config["template"]["template"], &service["template"]);
    assert_eq!(task["volumes"], template["volumes"]);
    assert_eq!(task["vpcAccess"], template["vpcAccess"]);
    assert_eq!(task["containers"][0]["env"], template["containers"][0]["env"]);
    assert_eq!(task["containers"][0]["volumeMounts"], template["containers"][0]["volumeMounts"]);
    assert_eq!(task["containers"][0]["resources"]["limits"], json!({"cpu": "1", "memory": "1Gi"}));
    assert_eq!((&task["maxRetries"], &task["timeout"]), (&json!(2), &json!("3600s")));
    assert!(task["containers"][0].get("ports").is_none() && task["containers"][0].get("command").is_none());
}

#[test]
fn a_migration_meets_what_a_manifest_describes() {
    let mut scene = migrating();
    scene.file(
        "service.yaml",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - image: X\n        env: [{name: FROM_FILE, value: 'yes'}]\n",
    );
    scene.input("manifest", "service.yaml");
    scene.run().expect(0);
    let env = |name: &str, value: &str| json!({"name": name, "value": value});
    assert_eq!(
        job(&scene, "web-pre-deploy")["template"]["template"]["containers"][0]["env"],
        json!([env("FROM_FILE", "yes"), env("LEVEL", "debug"), env("STEP", "1")])
    );
}

#[test]
fn a_migration_runs_once_for_all_regions_and_before_any_of_them() {
    let mut scene = Scene::new();
    scene.input("regions", "us-central1, europe-west1").run().expect(0);
    scene.input("env_vars", "LEVEL: debug").input("pre_deploy_job", MIGRATION);
    next_execution(&scene, failing());
    scene.run().expect(8);
    assert_eq!(count(&scene, "revision created"), 2, "a failed migration touches no region");
    let run = scene.run().expect(0);
    run.says("Pre-deploy job: execution `web-pre-deploy-");
    assert_eq!((count(&scene, "execution created"), count(&scene, "revision created")), (2, 4));
    scene.cloud.world(|world| assert_eq!(world.jobs.len(), 1, "in the first region"));
    let calls = scene.calls();
    let last_look = calls.iter().rposition(|call| call == "run.projects.locations.jobs.executions.get").unwrap();
    let patches = calls.iter().enumerate().filter(|(_, call)| *call == "run.projects.locations.services.patch");
    assert!(patches.skip(2).all(|(at, _)| at > last_look), "{calls:#?}");
}

#[test]
fn a_failed_migration_stops_the_deploy_and_shows_why() {
    let scene = migrating();
    next_execution(&scene, failing());
    scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, "roles/logging.viewer"));
    let run = scene.run().expect(8);
    insta::assert_snapshot!("failed_migration", run.failure());
    insta::assert_snapshot!("failed_migration_summary", run.summary());
    run.says("exit code 1").says("│ relation \"users\" is locked").does_not_say("roles/logging.viewer");
    service_untouched(&scene, &run);
    assert_eq!(run.report()["pre_deploy_job"]["exit_code"], 1);
    assert_eq!(run.outputs["result"], "failed");
    // Whether the operation calls it an error or not, the execution decides.
    let scene = migrating();
    next_execution(&scene, failing());
    scene.cloud.world(|world| world.failed_runs_are_errors = true);
    let run = scene.run().expect(8);
    run.says("exit code 1");
    service_untouched(&scene, &run);
}

#[test]
fn without_the_right_to_its_log_the_failure_names_page_and_role() {
    let scene = migrating();
    next_execution(&scene, failing());
    let run = scene.run().expect(8);
    run.says("exit code 1")
        .says("--role=roles/logging.viewer")
        .says("https://console.cloud.google.com/logs/viewer")
        .says("slipway logs --job=web-pre-deploy --region=us-central1 --project-id=harbour-dev --execution=web-pre-deploy-")
        .says("gcloud run jobs executions describe web-pre-deploy-")
        .does_not_say("is locked");
    service_untouched(&scene, &run);
}

#[test]
fn every_end_that_is_no_success_stops_the_deploy() {
    for (outcome, code, says) in [
        (ExecutionOutcome::ImageDoesNotStart, 8, "its container could not be run"),
        (ExecutionOutcome::TimesOut, 8, "took longer than its limit"),
        (ExecutionOutcome::CancelledByOther, 8, "was cancelled by somebody else"),
        (ExecutionOutcome::ExitCode(137), 8, "give it more `memory`"),
        (ExecutionOutcome::NeverEnds, 12, "Stopped watching execution `web-pre-deploy-"),
    ] {
        let name = format!("{outcome:?}");
        let scene = migrating();
        next_execution(&scene, ExecutionScript::ending(outcome));
        let run = scene.run();
        assert_eq!(run.code, code, "{name}\n{}", run.log());
        run.says(says);
        service_untouched(&scene, &run);
        assert_eq!(count(&scene, "execution cancelled"), 0, "{name}: what is left to itself is not cancelled");
    }
}

#[test]
fn a_job_whose_secret_cannot_be_read_is_not_run() {
    let mut scene = migrating();
    scene.cloud.world(|world| {
        world.add_secret("harbour-dev", "root-db", "x");
    });
    scene.input("pre_deploy_job", "secrets:\n  DB: root-db:1");
    let run = scene.run().expect(8);
    run.says("Job `web-pre-deploy` cannot be run: a secret cannot be read")
        .says("gcloud secrets add-iam-policy-binding root-db");
    assert_eq!(count(&scene, "execution created"), 0);
    service_untouched(&scene, &run);
}

#[test]
fn a_lost_reply_starts_no_second_execution() {
    for action in [Action::Reset, Action::status(503), Action::Truncate, Action::Garbage] {
        let name = format!("{action:?}");
        let scene = migrating();
        scene.cloud.world(|world| world.faults.push(Fault::lost_reply(RUN, action)));
        let run = scene.run().expect(0);
        run.says("The reply to the run was lost").says("Found it: execution web-pre-deploy-");
        assert_eq!(count(&scene, "execution created"), 1, "{name}");
        assert_eq!(scene.cloud.calls(RUN).len(), 1, "{name}");
    }
}

#[test]
fn a_run_that_never_arrived_is_sent_again() {
    let scene = migrating();
    scene.cloud.world(|world| world.faults.push(Fault::next(RUN, Action::status(503)).times(2)));
    let run = scene.run().expect(0);
    run.says("There is no such execution, and none can come any more");
    assert_eq!((count(&scene, "execution created"), scene.cloud.calls(RUN).len()), (1, 3));
    // Each attempt names another version, so that the ones before it can start nothing any more.
    let etags: Vec<Value> = scene
        .cloud
        .calls(RUN)
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["etag"].clone())
        .collect();
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags.iter().all(Value::is_string), "{etags:?}");
}

#[test]
fn a_lost_reply_to_the_write_of_the_job_is_looked_into() {
    let scene = migrating();
    scene.cloud.world(|world| {
        world.faults.push(Fault::lost_reply("run.projects.locations.jobs.patch", Action::Reset));
    });
    scene.run().expect(0).says("the write had arrived");
    assert_eq!((count(&scene, "job changed"), count(&scene, "execution created")), (1, 1));
}

#[test]
fn a_permission_that_is_missing_is_named_before_anything_is_built() {
    for permission in ["run.jobs.run", "run.jobs.update", "run.executions.get"] {
        let scene = migrating();
        scene.cloud.world(|world| world.deny(World::DEPLOYER, permission));
        let builds = count(&scene, "build created");
        let run = scene.run().expect(4);
        run.says(&format!("lacks `{permission}`")).says("--role=roles/run.admin").says("gcloud projects");
        assert_eq!((count(&scene, "build created"), count(&scene, "job created")), (builds, 0));
    }
    let mut scene = migrating();
    scene.cloud.world(|world| world.deny(World::DEPLOYER, "run.jobs.run"));
    scene.input("pre_deploy_job", "");
    scene.run().expect(0);
}

#[test]
fn what_the_preflight_could_not_see_is_named_when_it_is_met() {
    let scene = migrating();
    scene.cloud.world(|world| {
        world.disable_api("cloudresourcemanager.googleapis.com");
        world.deny(World::DEPLOYER, "run.jobs.run");
    });
    let run = scene.run().expect(4);
    run.says("Could not run job `web-pre-deploy`").says("lacks `run.jobs.run`").says("--role=roles/run.admin");
    run.says("Job `web-pre-deploy` is written, and was not run");
    service_untouched(&scene, &run);
    assert_eq!(run.state["execution_over"], "true", "there is nothing the post step would have to end");
}

#[test]
fn a_promoted_image_is_migrated_to_as_well() {
    let mut scene = Scene::deployed();
    let digest = scene.cloud.world(|world| world.revisions[0].image.clone().unwrap());
    scene.input("source", "").input("service", "shop").input("from_service", "web");
    scene.input("pre_deploy_job", "command: migrate");
    next_execution(&scene, failing());
    scene.command(&["promote"]).expect(8).says("Nothing was changed on service `shop`");
    scene.command(&["promote"]).expect(0);
    assert_eq!(job(&scene, "shop-pre-deploy")["template"]["template"]["containers"][0]["image"], digest.as_str());
    scene.input("from_service", "").input("tag", "c1");
    scene.command(&["promote"]).expect(2).says("pre_deploy_job: a revision that exists gets the traffic");
}

#[test]
fn a_signal_cancels_the_execution_in_time() {
    let mut scene = migrating();
    scene.variable("SLIPWAY_PACE", "1");
    next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::NeverEnds));
    let running = scene.start(&[]);
    running.until("run.projects.locations.jobs.executions.get");
    let begun = Instant::now();
    running.signal("TERM");
    let run = running.finish().expect(143);
    assert!(begun.elapsed() < Duration::from_secs(6));
    run.says("Cancelled execution web-pre-deploy-").says("was told to stop; what it had done by then stays done");
    assert_eq!(count(&scene, "execution cancelled"), 1);
    assert_eq!(run.state["execution_over"], "true");
    scene.post(&run).expect(0);
    assert_eq!(count(&scene, "execution cancelled"), 1);
}

#[test]
fn an_execution_whose_reply_is_out_is_found_and_cancelled() {
    let mut scene = migrating();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| world.faults.push(Fault::lost_reply(RUN, Action::Hang)));
    let running = scene.start(&[]);
    assert!(scene.cloud.wait_for(|request| request.is(RUN) && request.effect, Duration::from_secs(20)));
    running.signal("TERM");
    running.finish().expect(143).says("Cancelled execution");
    assert_eq!(count(&scene, "execution cancelled"), 1);
}

#[test]
fn the_post_step_cancels_what_a_killed_run_left() {
    for reply_is_lost in [false, true] {
        let mut scene = migrating();
        scene.variable("SLIPWAY_PACE", "1");
        next_execution(&scene, ExecutionScript::ending(ExecutionOutcome::NeverEnds));
        if reply_is_lost {
            scene.cloud.world(|world| world.faults.push(Fault::lost_reply(RUN, Action::Hang)));
        }
        let running = scene.start(&[]);
        match reply_is_lost {
            true => {
                assert!(scene.cloud.wait_for(|request| request.is(RUN) && request.effect, Duration::from_secs(20)));
            }
            false => drop(running.until("run.projects.locations.jobs.executions.get")),
        }
        running.signal("KILL");
        let run = running.finish();
        assert_eq!((run.code, run.state.contains_key("execution_name")), (137, !reply_is_lost));
        scene.post(&run).expect(0).says("Cancelled what the run left behind: execution web-pre-deploy-");
        scene.cloud.world(|world| assert_ne!(world.executions[0].state, ExecutionState::Running));
        assert_eq!(count(&scene, "execution cancelled"), 1);
    }
}

#[test]
fn a_dry_run_names_the_job_and_makes_none() {
    let mut scene = migrating();
    scene.input("dry_run", "true");
    scene.run().expect(0).says("Pre-deploy job: `web-pre-deploy` runs once with the new image, for up to 600 s");
    assert_eq!((count(&scene, "job created"), count(&scene, "execution created")), (0, 0));
    scene.input("pre_deploy_job", "cpu: 8\nmemory: 512Mi");
    let run = scene.run();
    assert_ne!(run.code, 0, "{}", run.log());
    run.says("Cloud Run would not take job `web-pre-deploy` like this");
}

#[test]
fn an_image_that_may_move_is_told() {
    let mut scene = migrating();
    scene.input("source", "").input("image", "gcr.io/harbour-dev/web:latest");
    scene.run().expect(0).says("job and revision may get different images of it");
    scene.cloud.world(|world| world.grant("harbour-dev", World::DEPLOYER, "roles/artifactregistry.reader"));
    let run = scene.run().expect(0);
    run.does_not_say("job and revision may get different images");
    assert_eq!(job(&scene, "web-pre-deploy")["template"]["template"]["containers"][0]["image"], run.outputs["image"]);
}

#[test]
fn mistakes_in_the_map_are_told_with_their_lines_and_without_its_values() {
    let mut scene = Scene::new();
    scene.input(
        "pre_deploy_job",
        "comand: x\ntimeout: hunter2\nenv:\n  PORT: hunter2\nsecrets:\n  DB: db:0\nretries: 11",
    );
    let run = scene.run().expect(2);
    run.says("pre_deploy_job, line 1: `comand` is no key of it; its keys are `name`, `command`")
        .says("pre_deploy_job, line 2: the value of `timeout` does not fit")
        .says("pre_deploy_job, line 4: in its `env`, `PORT` is set by Cloud Run itself")
        .says("pre_deploy_job, line 6: in its `secrets`, the value of `DB` is not a secret's version")
        .says("pre_deploy_job, line 7: the value of `retries` does not fit")
        .does_not_say("hunter2");
    scene.input("pre_deploy_job", "command: x").input("source", "").input("traffic", "latest");
    scene.run().expect(2).says("it moves traffic without deploying, and `pre_deploy_job` deploys");
    assert_eq!(scene.cloud.journal().len(), 0);
}
