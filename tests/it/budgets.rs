//! What a build may cost: told, drawn, and held to where that was asked for.

use std::time::Duration;

use fakecloud::{BuildScript, World};
use serde_json::{Value, json};

use crate::support::{Run, Scene};

/// The next build says that it worked so many seconds.
fn next_takes(scene: &Scene, seconds: u64) {
    let script = BuildScript { took: Some(Duration::from_secs(seconds)), ..BuildScript::default() };
    scene.cloud.world(|world| world.next_builds.push_back(script));
}

/// Deploys other source with a build of so many seconds.
fn deploy(scene: &mut Scene, seconds: u64) -> Run {
    scene.file("app/main.py", format!("print({seconds})\n"));
    next_takes(scene, seconds);
    scene.run()
}

fn let_read_the_registry(scene: &Scene) {
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/artifactregistry.reader"));
}

fn build_of(run: &Run) -> Value {
    serde_json::from_str::<Value>(&run.outputs["report"]).unwrap()["build"].take()
}

#[test]
fn the_last_builds_are_drawn_with_their_limit() {
    let mut scene = Scene::new();
    for seconds in [140, 260, 190] {
        deploy(&mut scene, seconds).expect(0);
    }
    // Neither a build of another service nor one that failed is part of the trend.
    scene.input("service", "other");
    deploy(&mut scene, 900).expect(0);
    scene.input("service", "web");
    scene.file("app/Dockerfile", "FROM python:3.13-slim\nCOPY missing .\n");
    scene.run().expect(6);
    scene.file("app/Dockerfile", "FROM python:3.13-slim\nCOPY main.py .\n");
    let run = deploy(&mut scene, 210).expect(0);
    assert_eq!(build_of(&run)["last_builds_seconds"], json!([140.0, 260.0, 190.0, 210.0]));
    for part in [
        "x-axis \"builds ago\" [3, 2, 1, 0]",
        "bar [2.33, 4.33, 3.17, 3.5]",
        "line [5, 5, 5, 5]",
        "It worked for 3m 30s of at most 5m",
        "| `FETCHSOURCE` |  | 21s | 10 % |",
        "| `PUSH` |  | 42s | 20 % |",
    ] {
        assert!(run.summary.contains(part), "{part}\n{}", run.summary);
    }
    assert!(!run.stdout.contains("::warning"), "{}", run.stdout);
}

#[test]
fn a_slow_build_is_warned_of_and_deployed() {
    let mut scene = Scene::new();
    scene.input("max_build_time", "2m");
    let run = deploy(&mut scene, 125).expect(0);
    run.says("The build took 2m 5s, more than `max_build_time` allows (2m)").says("build_cache: registry");
    scene.input("max_build_time", "none");
    let run = deploy(&mut scene, 4000).expect(0);
    assert!(!run.stdout.contains("max_build_time"), "{}", run.stdout);
}

#[test]
fn an_enforced_budget_stops_the_deploy_and_leaves_what_serves() {
    let mut scene = Scene::deployed();
    let serves = scene.cloud.world(|world| world.revisions.len());
    scene.input("enforce_budgets", "true").input("max_build_time", "2m");
    let run = deploy(&mut scene, 125).expect(6);
    run.says(
        "`web` is not deployed, because its build is over budget: the build took 2m 5s, more than `max_build_time`",
    )
    .says("to deploy it all the same, raise the limit");
    assert_eq!(scene.cloud.world(|world| world.revisions.len()), serves, "nothing was deployed");
    assert_eq!(run.outputs["result"], "failed");
    assert!(run.summary.contains("### Build"), "{}", run.summary);
    deploy(&mut scene, 60).expect(0);
}

#[test]
fn an_image_is_told_layer_by_layer_to_whoever_may_read_the_registry() {
    let mut scene = Scene::new();
    let_read_the_registry(&scene);
    scene.file("app/Dockerfile", "FROM python:3.13-slim AS base\nRUN echo built\nFROM base\nRUN pip install fastapi\nCOPY main.py /app/\nENV A=1\n");
    let run = deploy(&mut scene, 60).expect(0);
    assert_eq!(run.outputs["image_size"], "48000000");
    for part in [
        "48 MB of at most 200 MB, in 3 layers",
        "| 29\u{a0}MB | 60 % | `ADD rootfs.tar.xz /` |",
        "| 9.6\u{a0}MB | 20 % | `RUN pip install fastapi` |",
        "| 9.6\u{a0}MB | 20 % | `COPY main.py /app/` |",
    ] {
        assert!(run.summary.contains(part), "{part}\n{}", run.summary);
    }
    scene.input("max_image_size", "40MB");
    deploy(&mut scene, 61).expect(0).says("The image has 48 MB, more than `max_image_size` allows (40 MB)");
    scene.input("enforce_budgets", "true").input("max_build_time", "30s");
    deploy(&mut scene, 62)
        .expect(6)
        .says("the build took 1m 2s, more than `max_build_time` allows (30s); The image has 48 MB, more than");
}

#[test]
fn a_registry_that_may_not_be_read_is_not_asked() {
    let mut scene = Scene::new();
    let run = deploy(&mut scene, 60).expect(0);
    assert!(!run.stdout.contains("::warning"), "{}", run.stdout);
    assert!(run.summary.contains("The size and the layers of the image are not known: "), "{}", run.summary);
    assert!(run.summary.contains("`roles/artifactregistry.reader` shows them"), "{}", run.summary);
    assert_eq!(scene.cloud.calls("docker.manifests.get").len(), 0);
    assert!(!run.outputs.contains_key("image_size"));
}

#[test]
fn a_budget_that_cannot_be_seen_is_not_taken_for_kept() {
    let mut scene = Scene::new();
    scene.input("enforce_budgets", "true");
    // Only the limit that was asked for by name stops a deploy that cannot be judged.
    deploy(&mut scene, 60).expect(0).says("could not be held against `max_image_size`");
    scene.input("max_image_size", "200MB");
    deploy(&mut scene, 61)
        .expect(6)
        .says("budgets are enforced and one cannot be seen")
        .says("--role=roles/artifactregistry.reader")
        .says("Or write `max_image_size: none`");
    scene.input("max_image_size", "none");
    deploy(&mut scene, 62).expect(0);
    scene.input("max_image_size", "200MB");
    let_read_the_registry(&scene);
    deploy(&mut scene, 63).expect(0);
}

#[test]
fn trouble_with_looking_is_no_trouble_of_the_deploy() {
    let mut scene = Scene::new();
    let_read_the_registry(&scene);
    scene.cloud.world(|world| {
        for call in ["docker.blobs.get", "cloudbuild.projects.locations.builds.list"] {
            world.faults.push(fakecloud::Fault::next(call, fakecloud::Action::status(503)));
        }
    });
    let run = deploy(&mut scene, 60).expect(0);
    // The sizes are known without the instructions.
    assert_eq!(run.outputs["image_size"], "48000000");
    assert!(run.summary.contains("| 29\u{a0}MB | 60 % | — |"), "{}", run.summary);
}

#[test]
fn a_cache_of_every_stage_is_kept_in_the_registry() {
    let mut scene = Scene::new();
    scene.input("build_cache", "registry");
    let run = deploy(&mut scene, 60).expect(0);
    run.says("is SUCCESS, image `sha256:");
    let body = scene.cloud.calls("cloudbuild.projects.locations.builds.create").remove(0).json();
    assert_eq!(body["steps"][0]["args"][1], "create");
    assert_eq!(body["images"].as_array().map(Vec::len), Some(2), "the cache is no image: {}", body["images"]);
}

#[test]
fn budgets_are_about_builds_and_mistakes_come_together() {
    let mut scene = Scene::new();
    scene.input("max_build_time", "quick").input("max_image_size", "huge").input("enforce_budgets", "perhaps");
    scene.run().expect(2).says("max_build_time").says("max_image_size").says("enforce_budgets").says("200MB");
    let mut scene = Scene::new();
    scene.input("source", "").input("image", "gcr.io/harbour-dev/ready:v7").input("max_image_size", "100MB");
    scene.run().expect(2).says("nothing is built");
}
