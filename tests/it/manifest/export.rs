//! `slipway export`: what is written is deployed elsewhere, and is the same; what a form cannot say is told.

use serde_json::{Value, json};

use super::jobs::everything as job;
use super::pools::everything as pool;
use super::round_trip::{everything as service, settings};
use crate::support::{Run, Scene};

const REGIONS: [(&str, &str); 2] = [("v2", "europe-west1"), ("knative", "us-east1")];

/// Runs the command with these inputs of the scene alone besides who acts.
fn export(scene: &mut Scene, taken_away: &[&str], arguments: &[&str]) -> Run {
    for name in taken_away {
        scene.input(name, "");
    }
    scene.command(&[&["export"], arguments].concat())
}

fn read(scene: &Scene, file: &str) -> String {
    std::fs::read_to_string(scene.workspace().join(file)).unwrap()
}

fn service_of(scene: &Scene, region: &str) -> Value {
    settings(scene.cloud.world(|world| Value::Object(world.service(region, "web").unwrap().config.clone())))
}

#[test]
fn a_service_in_either_form_is_the_same_elsewhere() {
    let mut scene = service();
    scene.run().expect(0);
    let before = service_of(&scene, "us-central1");
    let of_deploys = ["image", "skip_default_labels", "manifest"];
    for (format, region) in REGIONS {
        let file = format!("{format}.yaml");
        let run =
            export(&mut scene, &of_deploys, &["--region", "us-central1", "--format", format, "--to", &file]).expect(0);
        assert_eq!((run.outputs["file"].as_str(), run.outputs["format"].as_str()), (file.as_str(), format));
        run.says(&format!("Service `web` is written to `{file}`"));
        scene.input("image", "gcr.io/harbour-dev/app").input("skip_default_labels", "true").input("manifest", &file);
        scene.input("region", region).run().expect(0);
        assert_eq!(service_of(&scene, region), before, "{}", read(&scene, &file));
        // Where it came from, nothing would change.
        scene.input("region", "us-central1").input("dry_run", "true");
        let plan = scene.run().expect(0);
        plan.says("Nothing was changed").does_not_say(" - removes ");
        scene.input("dry_run", "");
    }
    let text = read(&scene, "v2.yaml");
    for owned in ["slipway.dev/", "traffic", "revision", "etag", "uid:", "cloud.googleapis.com", "managed-by"] {
        assert!(!text.contains(owned), "{owned}: {text}");
    }
}

#[test]
fn a_job_in_either_form_is_the_same_elsewhere() {
    let mut scene = job();
    scene.command(&["job"]).expect(0);
    let before = super::jobs::config(&scene, "us-central1");
    for (format, region) in REGIONS {
        let file = format!("{format}.yaml");
        let of_jobs = ["manifest", "run", "skip_default_labels"];
        let run =
            export(&mut scene, &of_jobs, &["--region", "us-central1", "--format", format, "--to", &file]).expect(0);
        run.says(&format!("Job `nightly` is written to `{file}`"));
        scene.input("manifest", &file).input("run", "false").input("skip_default_labels", "true");
        scene.input("region", region).command(&["job"]).expect(0);
        assert_eq!(super::jobs::config(&scene, region), before, "{}", read(&scene, &file));
        scene.input("region", "us-central1").input("dry_run", "true");
        scene.command(&["job"]).expect(0).says("Nothing would change on the job");
        scene.input("dry_run", "");
    }
    insta::assert_snapshot!("exported_job", read(&scene, "knative.yaml"));
}

#[test]
fn a_worker_pool_in_either_form_is_the_same_elsewhere() {
    let mut scene = pool();
    scene.run().expect(0);
    let before = super::pools::config(&scene, "us-central1");
    for (format, region) in REGIONS {
        let file = format!("{format}.yaml");
        let of_deploys = ["image", "skip_default_labels", "manifest"];
        let run =
            export(&mut scene, &of_deploys, &["--region", "us-central1", "--format", format, "--to", &file]).expect(0);
        run.says(&format!("Worker pool `web` is written to `{file}`"));
        scene.input("image", "gcr.io/harbour-dev/app").input("skip_default_labels", "true").input("manifest", &file);
        scene.input("region", region).run().expect(0);
        assert_eq!(super::pools::config(&scene, region), before, "{}", read(&scene, &file));
    }
    insta::assert_snapshot!("exported_pool", read(&scene, "knative.yaml"));
}

/// Outside a workflow, standard output holds the document alone.
#[test]
fn standard_output_is_the_document_alone() {
    let mut scene = Scene::deployed();
    scene.input("source", "").variable("GITHUB_ACTIONS", "");
    let run = scene.command(&["export", "--format", "knative"]).expect(0);
    assert!(run.stdout.starts_with("apiVersion: serving.knative.dev/v1\nkind: Service\n"), "{}", run.stdout);
    scene.file("web.yaml", &run.stdout);
    scene.input("manifest", "web.yaml").command(&["plan", "--source", "app"]).expect(0).says("Nothing was changed");
}

/// A workflow's log has more readers than a service, and values stand in the file.
#[test]
fn on_the_runner_the_file_is_named_and_stays_in_the_workspace() {
    let mut scene = Scene::deployed();
    scene.input("source", "");
    let run = scene.command(&["export"]).expect(2);
    run.says("to: it was not given, and plain values of variables would stand in the log");
    for outside in ["../web.yaml", "/tmp/web.yaml", "."] {
        scene.command(&["export", "--to", outside]).expect(2).says("write a path in the workspace");
    }
    std::os::unix::fs::symlink("/tmp", scene.workspace().join("link")).unwrap();
    scene.command(&["export", "--to", "link/web.yaml"]).expect(2).says("it is outside of the workspace");
    scene
        .command(&["export", "--to", "no/web.yaml"])
        .expect(2)
        .says("Name a file in a directory that is there, with `to`");
    let run = scene.command(&["export", "--to", "web.yaml"]).expect(0);
    assert_eq!(run.outputs["result"], "written");
    assert!(read(&scene, "web.yaml").starts_with("name: web\n"));
}

#[test]
fn what_is_meant_is_said_once() {
    let mut scene = Scene::new();
    scene.input("source", "").input("service", "");
    for (arguments, says) in [
        (&["--to", "x"][..], "it is not said what is written; give `service`, or `job`"),
        (&["--to", "x", "--service", "a", "--job", "b"], "`service` says already what is written"),
        (&["--to", "x", "--job", "b", "--kind", "worker-pool"], "`job` names a job"),
        (&["--to", "x", "--job", "b", "--format", "yaml"], "`yaml` does not fit; write `v2` or `knative`"),
    ] {
        scene.command(&[&["export"], arguments].concat()).expect(2).says(says);
    }
    assert_eq!(scene.cloud.journal().len(), 0);
    for (arguments, says) in [
        (&["--to", "x", "--service", "a"][..], "There is no service `a` in `us-central1`"),
        (&["--to", "x", "--job", "a"], "gcloud run jobs list --project=harbour-dev"),
        (&["--to", "x", "--service", "a", "--kind", "worker-pool"], "There is no worker pool `a` in `us-central1`"),
    ] {
        let run = scene.command(&[&["export"], arguments].concat()).expect(2);
        run.says(says);
        assert_eq!(run.outputs["result"], "failed");
    }
}

#[test]
fn what_a_form_has_no_word_for_is_told_and_nothing_is_written() {
    let mut scene = Scene::deployed();
    scene.input("source", "");
    scene.cloud.world(|world| {
        let service = world.services.values_mut().next().unwrap();
        service.config.insert("functionalType".into(), json!("FUNCTIONAL_TYPE_AGENT"));
    });
    let run = scene.command(&["export", "--format", "knative", "--to", "web.yaml"]).expect(2);
    run.says("Knative's form has no word for `functionalType`").says("Take the form that has: `format: v2`");
    assert!(!scene.workspace().join("web.yaml").exists());
    scene.command(&["export", "--to", "web.yaml"]).expect(0);
    assert!(read(&scene, "web.yaml").contains("functionalType: FUNCTIONAL_TYPE_AGENT"));
}

#[test]
fn what_is_newer_than_this_program_is_named_and_left_out() {
    let mut scene = Scene::deployed();
    scene.input("source", "");
    scene.cloud.world(|world| {
        world.future_fields.insert("guardOfTomorrow".into());
        let service = world.services.values_mut().next().unwrap();
        service.config.insert("guardOfTomorrow".into(), true.into());
    });
    let run = scene.command(&["export", "--to", "web.yaml"]).expect(0);
    run.says("Not in the file, because this version of Slipway does not know it: `guardOfTomorrow`");
    assert!(!read(&scene, "web.yaml").contains("guardOfTomorrow"));
}

#[test]
fn a_revision_that_gets_no_requests_is_named() {
    let mut scene = Scene::deployed();
    scene.input("no_traffic", "true").input("env_vars", "A: 1").run().expect(0);
    scene.input("no_traffic", "").input("env_vars", "").input("source", "");
    let run = scene.command(&["export", "--to", "web.yaml"]).expect(0);
    run.says("which came last and gets no requests");
}
