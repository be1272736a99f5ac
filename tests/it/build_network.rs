//! Which of docker's builders builds, and what reads the Dockerfile: decided before anything is paid for, told apart when it
//! fails.

use serde_json::{Value, json};

use crate::support::{Run, Scene};

fn asked(scene: &Scene) -> Value {
    scene.cloud.calls("cloudbuild.projects.locations.builds.create").pop().expect("a build was asked for").json()
}

fn with_dockerfile(text: &str) -> Scene {
    let mut scene = Scene::new();
    scene.file("app/Dockerfile", text);
    scene
}

#[test]
fn the_network_of_cloud_build_takes_the_builder_before_buildkit() {
    let mut scene = with_dockerfile("FROM alpine AS base\nRUN true\nFROM base AS prod\nCOPY main.py .\n");
    scene.input("build_network", "cloudbuild").input("build_target", "prod").input("build_args", "A: 1");
    scene.input("build_cache", "none");
    scene.run().expect(0);
    let body = asked(&scene);
    assert_eq!(body["steps"][0]["env"], json!(["DOCKER_BUILDKIT=0"]));
    let tag = format!("gcr.io/harbour-dev/web:{}", crate::support::SHA);
    let args = json!([
        "build",
        "--network=cloudbuild",
        "-t",
        tag,
        "-t",
        "gcr.io/harbour-dev/web:latest",
        "-f",
        "Dockerfile",
        "--target",
        "prod",
        "--build-arg=A=1",
        "."
    ]);
    assert_eq!(body["steps"][0]["args"], args);
}

#[test]
fn what_that_builder_does_not_understand_is_named_before_anything_is_sent() {
    let text = "FROM alpine\nRUN --mount=type=cache,target=/c true\nCOPY --chmod=755 main.py .\nRUN <<EOF\ntrue\nEOF\n";
    let mut scene = with_dockerfile(text);
    scene.input("build_network", "cloudbuild").input("build_cache", "inline");
    let run = scene.run().expect(2);
    insta::assert_snapshot!("legacy_cannot", run.failure());
    run.says("line 2: `RUN --mount`; line 3: `COPY --chmod`; line 4: a here-document");
    run.says("build_cache: the builder that can use the network `cloudbuild` keeps no layers");
    assert_eq!(scene.calls(), Vec::<String>::new());

    let mut scene = Scene::new();
    scene.input("source", "plain").file("plain/requirements.txt", "fastapi\n").input("build_network", "cloudbuild");
    scene.run().expect(2).says("buildpacks are always in the network `cloudbuild`");
    let mut scene = Scene::new();
    scene.file("cb.yaml", "steps: []").input("build_config", "cb.yaml").input("build_network", "cloudbuild");
    scene.run().expect(2).says("build_network: the steps come from `build_config`");
    let mut scene = Scene::new();
    scene.input("build_network", "host").run().expect(2).says("write `default` or `cloudbuild`");
}

#[test]
fn a_dockerfile_of_today_is_read_by_a_frontend_that_knows_it() {
    let mut scene = with_dockerfile("FROM alpine\nCOPY --link main.py .\nRUN <<EOF\ntrue\nEOF\n");
    let run = scene.run().expect(0);
    let body = asked(&scene);
    let args = body["steps"][0]["args"].as_array().unwrap();
    assert!(args.contains(&json!("--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1")), "{args:?}");
    let told = "`Dockerfile` needs a newer frontend than Cloud Build's docker has (line 2: `COPY --link`; line 3: a here-document)";
    run.says(told);
    // The plan says so before anything is uploaded.
    scene.input("dry_run", "true").run().expect(0).says(told);
    // A file that names its frontend is left to it, and so is a builder that brings its own.
    let mut named = with_dockerfile("# syntax=docker/dockerfile:1\nFROM alpine\nCOPY --link main.py .\n");
    named.run().expect(0).says("the `# syntax=` line of `Dockerfile` fetches a frontend");
    assert!(!asked(&named).to_string().contains("BUILDKIT_SYNTAX"));
    named.file("app/Dockerfile", "FROM alpine\nCOPY --link main.py .\n").input("build_cache", "registry");
    named.run().expect(0).says("`build_cache: registry` fetches `moby/buildkit` from Docker Hub");
    assert!(!asked(&named).to_string().contains("BUILDKIT_SYNTAX"));
}

#[test]
fn what_the_engine_would_not_survive_is_not_asked_of_it() {
    let mut scene = with_dockerfile("FROM scratch AS a\nCOPY main.py /m\nFROM scratch\nCOPY --from=a /m /m\n");
    let told = "no layers are kept: Docker 20.10 may break down when it keeps those of `Dockerfile` (line 4 copies between stages that begin with `scratch`)";
    scene.run().expect(0).says(told);
    let body = asked(&scene);
    assert!(!body.to_string().contains("BUILDKIT_INLINE_CACHE") && !body.to_string().contains("buildcache"), "{body}");
    scene.input("build_cache", "registry").run().expect(0).does_not_say(told);
}

#[test]
fn both_steps_of_a_cache_in_the_registry_ask_for_the_api_that_the_engine_has() {
    let mut scene = Scene::new();
    scene.input("build_cache", "registry").run().expect(0);
    let body = asked(&scene);
    for step in body["steps"].as_array().unwrap() {
        assert!(step["env"].as_array().unwrap().contains(&json!("DOCKER_API_VERSION=1.41")), "{step}");
    }
}

#[test]
fn what_a_private_pool_must_reach_is_said_before() {
    for (cache, text) in [
        ("registry", "FROM alpine\n"),
        ("inline", "FROM alpine\nCOPY --link main.py .\n"),
        ("none", "# syntax=docker/dockerfile:1\nFROM alpine\n"),
    ] {
        let mut scene = with_dockerfile(text);
        scene.cloud.world(|world| {
            world.grant("harbour-dev", fakecloud::World::DEPLOYER, "roles/cloudbuild.workerPoolUser");
            world.docker_hub = false;
        });
        let pool = "projects/harbour-dev/locations/us-central1/workerPools/inside";
        scene.input("build_worker_pool", pool).input("build_cache", cache);
        let run = scene.run().expect(6);
        run.says("pool `inside` must reach it")
            .says("The build could not reach Docker Hub: give its private pool a way there");
    }
}

/// A build of one own step that fails: its arguments, its environment, the Dockerfile.
fn own_step(args: Value, env: Value, dockerfile: &str) -> Run {
    let mut scene = with_dockerfile(dockerfile);
    let step = json!({"name": "gcr.io/cloud-builders/docker", "args": args, "env": env});
    scene.file("cb.json", json!({"steps": [step], "images": ["gcr.io/harbour-dev/web"]}).to_string());
    scene.input("build_config", "cb.json");
    scene.run().expect(6)
}

#[test]
fn what_docker_refuses_is_recognised_and_cured() {
    let image = "gcr.io/harbour-dev/web";
    let kit = json!(["DOCKER_BUILDKIT=1"]);
    let build = |more: &[&str]| Value::from([&["build", "-t", image], more, &["."]].concat());
    let first_line = "write `# syntax=docker/dockerfile:1` as its first line";
    for (args, env, text, says) in [
        (build(&["--network=cloudbuild"]), &kit, "FROM x\n", "set `DOCKER_BUILDKIT=0` in its `env`"),
        (build(&[]), &kit, "FROM x\nCOPY --link main.py .\n", first_line),
        (build(&[]), &kit, "FROM x\nRUN <<EOF\ntrue\nEOF\n", "line 3: if it belongs to a here-document"),
        (build(&[]), &kit, "FROM x\nRUN --mount=type=secret,id=a,env=A true\n", first_line),
        (build(&[]), &kit, "FROM x\nENV A=${B%x}\n", first_line),
        (
            build(&[]),
            &json!([]),
            "FROM x\nRUN --mount=type=cache,target=/c true\n",
            "Set `DOCKER_BUILDKIT=1` in the `env`",
        ),
        (build(&[]), &json!(["DOCKER_API_VERSION=1.52"]), "FROM x\n", "Set `DOCKER_API_VERSION=1.41` in the `env`"),
        (json!(["buildx", "build", "."]), &kit, "FROM x\n", "That image of docker has no buildx"),
        (
            build(&["--build-arg=BUILDKIT_INLINE_CACHE=1"]),
            &kit,
            "FROM scratch AS a\nCOPY main.py /m\nFROM scratch\nCOPY --from=a /m /m\n",
            "Docker itself seems to have broken down",
        ),
    ] {
        own_step(args, env.clone(), text).says(says);
    }
    let run = own_step(build(&[]), kit, "FROM x\nCOPY --link main.py .\n");
    insta::assert_snapshot!("link_in_an_own_step", run.failure());
}

#[test]
fn the_same_failure_can_be_had_on_another_machine() {
    let mut scene = with_dockerfile("FROM x AS one\nCOPY missing .\nFROM x\n");
    scene.input("build_target", "one").input("build_args", "TOKEN: s3cr3t-looking\nMODE: fast");
    let run = scene.run().expect(6);
    insta::assert_snapshot!("the_same_elsewhere", run.failure());
    run.says("(with the values of TOKEN, MODE in its environment): `gcloud storage cat gs://harbour-dev-slipway-us-central1/source/");
    run.says("| DOCKER_BUILDKIT=1 docker build --platform=linux/amd64 --file=Dockerfile --target=one --build-arg=TOKEN --build-arg=MODE -`");
    run.does_not_say("s3cr3t-looking");
    // What another docker would understand is read there as here.
    scene.file("app/Dockerfile", "FROM x\nCOPY --lnik main.py .\n").input("build_target", "").input("build_args", "");
    scene.run().expect(6).says("--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1 --file=Dockerfile -`");
    scene.file("app/Dockerfile", "FROM x\nCOPPY main.py .\n");
    let run = scene.run().expect(6);
    run.says("--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1.2 --file=Dockerfile -`").does_not_say("here-document");
    scene
        .input("build_network", "cloudbuild")
        .run()
        .expect(6)
        .says("| DOCKER_BUILDKIT=0 docker build --platform=linux/amd64 --file");
}
