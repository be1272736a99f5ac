//! What is built, and how: Dockerfiles, buildpacks, the user's own configuration.

use fakecloud::{BuildScript, Outcome};
use serde_json::json;

use crate::support::Scene;

#[test]
fn every_setting_of_a_build_arrives() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| {
        world.add_repository("harbour-dev", "us-central1", "apps");
        world.add_account("harbour-dev", "builder@harbour-dev.iam.gserviceaccount.com");
        world.grant("harbour-dev", "builder@harbour-dev.iam.gserviceaccount.com", "roles/cloudbuild.builds.builder");
    });
    scene.file("app/docker/Prod", "FROM alpine AS base\nFROM base AS prod\nARG API\nRUN true\n");
    scene
        .input("dockerfile", "docker/Prod")
        .input("build_target", "prod")
        .input("build_args", "API: https://api/?a=$b\nQUOTED: \"x, y\"");
    scene
        .input("image", "us-central1-docker.pkg.dev/harbour-dev/apps/web")
        .input("image_tags", "v1, stable")
        .input("build_timeout", "5m")
        .input("build_region", "us-central1");
    scene
        .input("build_machine_type", "e2-highcpu-8")
        .input("build_service_account", "builder@harbour-dev.iam.gserviceaccount.com")
        .input("build_cache", "none")
        .input("build_disk_size", "200GB")
        .input("staging_bucket", "harbour-own-bucket");
    let run = scene.run().expect(0);
    let create = scene.cloud.calls("cloudbuild.projects.locations.builds.create").remove(0);
    assert_eq!(create.path, "/v1/projects/harbour-dev/locations/us-central1/builds");
    let body = create.json();
    assert_eq!(
        body["steps"][0]["args"],
        json!([
            "build",
            "--no-cache",
            "-t",
            "us-central1-docker.pkg.dev/harbour-dev/apps/web:v1",
            "-t",
            "us-central1-docker.pkg.dev/harbour-dev/apps/web:stable",
            "-f",
            "docker/Prod",
            "--target",
            "prod",
            "--build-arg=API=https://api/?a=$$b",
            "--build-arg=QUOTED=x, y",
            "."
        ])
    );
    assert_eq!((&body["timeout"], &body["queueTtl"]), (&json!("300s"), &json!("300s")));
    assert_eq!(
        body["options"],
        json!({"substitutionOption": "ALLOW_LOOSE", "logStreamingOption": "STREAM_ON", "machineType": "E2_HIGHCPU_8", "diskSizeGb": "200", "logging": "GCS_ONLY"})
    );
    assert_eq!(body["logsBucket"], "gs://harbour-own-bucket/logs");
    assert_eq!(
        body["serviceAccount"],
        "projects/harbour-dev/serviceAccounts/builder@harbour-dev.iam.gserviceaccount.com"
    );
    let tags: Vec<&str> = body["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    assert_eq!(tags[..3], ["slipway", "service_web", "run_77-1"]);
    assert!(tags[3].starts_with("req_") && tags[3].len() == 20);
    assert!(run.outputs["image"].starts_with("us-central1-docker.pkg.dev/harbour-dev/apps/web@sha256:"));
}

#[test]
fn buildpacks_build_what_has_no_dockerfile() {
    let mut scene = Scene::new();
    scene
        .input("source", "plain")
        .file("plain/requirements.txt", "fastapi\n")
        .file("plain/Procfile", "web: python main.py\n");
    scene.run().expect(0).says("buildpacks (there is no Dockerfile)");
    let body = scene.cloud.calls("cloudbuild.projects.locations.builds.create").remove(0).json();
    assert_eq!(body["steps"][0]["name"], "gcr.io/k8s-skaffold/pack");

    let mut scene = Scene::new();
    scene.input("source", "odd").file("odd/notes.txt", "nothing to build\n");
    scene.run().expect(6).says("Buildpacks built this because there is no Dockerfile");
}

#[test]
fn a_users_own_configuration_is_completed_not_replaced() {
    let mut scene = Scene::new();
    scene.file(
        "ci/cloudbuild.yaml",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  id: image\n  args: ['build', '-t', 'gcr.io/$PROJECT_ID/web:$SHORT_SHA', '--build-arg', 'API=$_API', '.']\nimages: ['gcr.io/$PROJECT_ID/web:$SHORT_SHA']\ntimeout: 900s\noptions:\n  machine_type: E2_HIGHCPU_8\n",
    );
    scene.input("build_config", "ci/cloudbuild.yaml").input("substitutions", "_API: https://api");
    let run = scene.run().expect(0);
    let body = scene.cloud.calls("cloudbuild.projects.locations.builds.create").remove(0).json();
    assert_eq!(body["substitutions"], json!({"SHORT_SHA": "0f0f0f0", "_API": "https://api"}));
    assert_eq!(
        (&body["timeout"], &body["options"]["machineType"], &body["options"]["logging"]),
        (&json!("900s"), &json!("E2_HIGHCPU_8"), &json!("GCS_ONLY"))
    );
    assert!(run.outputs["image"].starts_with("gcr.io/harbour-dev/web@sha256:"));
}

#[test]
fn steps_of_ones_own_need_no_source() {
    let mut scene = Scene::new();
    let steps = "steps: [{name: gcr.io/cloud-builders/bazel, args: [run, '@web//:image']}]\n";
    scene.file("cb.yaml", format!("{steps}images: ['gcr.io/$PROJECT_ID/web:v1']\n"));
    scene.input("source", "").input("build_config", "cb.yaml").input("build_without_source", "true");
    let plan = scene.command(&["deploy", "--dry-run"]).expect(0);
    plan.does_not_say("reproducible archive");
    scene.run().expect(0);
    let body = scene.cloud.calls("cloudbuild.projects.locations.builds.create").remove(0).json();
    assert!(body.get("source").is_none(), "{body}");
    assert_eq!(scene.cloud.world(|world| world.count("object created")), 0);
    scene.input("build_config", "").input("source", "app");
    let run = scene.run().expect(2);
    run.says("build_without_source: the ready-made steps build what is uploaded");
    run.says("source: nothing is uploaded with `build_without_source`");
}

#[test]
fn another_ignore_file_takes_the_place_of_the_usual_one() {
    let mut scene = Scene::new();
    scene.file("app/.gcloudignore", "Dockerfile\n").file("app/ci.ignore", "big.bin\n").file("app/big.bin", "x");
    scene.input("build_ignore_file", "ci.ignore");
    scene.run().expect(0).says("1 left out by the file of `build_ignore_file`");
    for (name, says) in [("none", "there is no `none` in `source`"), ("../ci.ignore", "write its name alone")] {
        scene.input("build_ignore_file", name).run().expect(2).says(says);
    }
}

#[test]
fn a_log_goes_where_it_is_told_to() {
    let mut scene = Scene::new();
    scene.cloud.world(|world| world.add_bucket("harbour-logs", "harbour-dev", "US"));
    scene.input("build_logs", "gs://harbour-logs/builds/");
    scene.run().expect(0);
    let body = |scene: &Scene| scene.cloud.calls("cloudbuild.projects.locations.builds.create").pop().unwrap().json();
    assert_eq!(body(&scene)["logsBucket"], "gs://harbour-logs/builds");
    scene.input("build_logs", "legacy-bucket").input("build_cache", "none");
    scene.run().expect(0);
    let sent = body(&scene);
    assert_eq!(sent["options"]["defaultLogsBucketBehavior"], "LEGACY_BUCKET");
    assert!(sent.get("logsBucket").is_none() && sent["options"].get("logging").is_none(), "{sent}");
    scene.input("build_logs", "s3://x").run().expect(2).says("write gs://BUCKET/DIRECTORY");
}

#[test]
fn a_configuration_that_pushes_nothing_says_what_is_missing() {
    let mut scene = Scene::new();
    scene.file("cb.yaml", "steps:\n- name: alpine\n  args: ['true']\n");
    scene.input("build_config", "cb.yaml");
    let run = scene.run().expect(2);
    run.says("List `gcr.io/harbour-dev/web` under `images:` in cb.yaml");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 0);
}

#[test]
fn a_configuration_that_pushes_another_image_is_found_before_the_build() {
    let mut scene = Scene::new();
    scene.file("cb.yaml", "steps: [{name: alpine}]\nimages: ['gcr.io/$PROJECT_ID/$_NAME:$BUILD_ID']\n");
    scene.input("build_config", "cb.yaml").input("substitutions", "_NAME: other");
    let run = scene.run().expect(2);
    run.says(
        "cb.yaml pushes `gcr.io/harbour-dev/other`, and the image to deploy is looked for in `gcr.io/harbour-dev/web`",
    );
    run.says("Write `image: gcr.io/harbour-dev/other`");
    assert_eq!(scene.cloud.world(|world| world.count("build created") + world.count("object created")), 0);
}

#[test]
fn a_dockerfile_that_is_ignored_is_noticed_before_the_build() {
    let mut scene = Scene::new();
    scene.file("app/.gcloudignore", "Dockerfile\n");
    let run = scene.run().expect(2);
    run.says("`Dockerfile` is left out of the source by `.gcloudignore`").says("!Dockerfile");
    assert_eq!(scene.cloud.world(|world| world.count("build created")), 0);
}

#[test]
fn an_image_alone_is_deployed_by_digest() {
    let mut scene = Scene::new();
    let digest = scene.cloud.world(|world| {
        world.push_image("gcr.io/harbour-dev/ready:v7").unwrap();
        world.grant("harbour-dev", fakecloud::World::DEPLOYER, "roles/artifactregistry.reader");
        world.digest_of("gcr.io/harbour-dev/ready:v7").unwrap()
    });
    scene.input("source", "").input("image", "gcr.io/harbour-dev/ready:v7");
    let run = scene.run().expect(0);
    let pinned = format!("gcr.io/harbour-dev/ready@{digest}");
    assert_eq!(run.outputs["image"], pinned);
    scene.cloud.world(|world| {
        assert_eq!(world.service("us-central1", "web").unwrap().config["template"]["containers"][0]["image"], pinned)
    });
    assert!(!run.outputs.contains_key("build_id"));
}

#[test]
fn an_image_that_may_not_be_looked_up_is_pinned_by_its_revision() {
    let mut scene = Scene::new();
    let digest = scene.cloud.world(|world| world.push_image("gcr.io/harbour-dev/ready:v7").unwrap());
    scene.input("source", "").input("image", "gcr.io/harbour-dev/ready:v7");
    let run = scene.run().expect(0);
    run.says("Cloud Run pins it when it deploys");
    assert_eq!(run.outputs["digest"], digest);
    assert_eq!(run.outputs["image"], format!("gcr.io/harbour-dev/ready@{digest}"));
}

#[test]
fn a_second_attempt_adopts_the_build_that_runs() {
    let mut scene = Scene::new();
    scene.variable("SLIPWAY_PACE", "1");
    scene.cloud.world(|world| world.next_builds.push_back(BuildScript::ending(Outcome::NeverEnds)));
    let first = scene.start(&[]);
    first.until("storage.objects.get?alt=media");
    first.signal("KILL");
    assert_eq!(first.finish().code, 137);
    // What never ended is let go on.
    scene.cloud.world(|world| world.builds.last_mut().unwrap().script = BuildScript::ending(Outcome::Success));
    scene.variable("SLIPWAY_PACE", "0").variable("GITHUB_RUN_ATTEMPT", "2");
    scene.run().expect(0).says("An earlier attempt builds the same source already");
    scene.cloud.world(|world| assert_eq!(world.count("build created"), 1));
    // Another source is another build.
    scene.file("app/main.py", "print('other')\n").variable("GITHUB_RUN_ATTEMPT", "3");
    scene.run().expect(0);
    scene.cloud.world(|world| assert_eq!(world.count("build created"), 2));
}
