//! Builds that end badly or strangely.

use crate::scene::{BUCKET, BUILDS, IMAGE, Scene};
use fakecloud::{BuildScript, LogReads, Outcome, World};
use serde_json::{Value, json};

const APP: &[(&str, &str)] = &[("Dockerfile", "FROM python:3.12\nCOPY app.py /app/\n"), ("app.py", "1")];

fn ended(outcome: Outcome) -> Value {
    let scene = Scene::with(|world| world.next_builds.push_back(BuildScript::ending(outcome)));
    scene.finish(&scene.create(&scene.build_of(APP)))
}

/// Builds these files with these docker arguments; returns the build and its log.
fn judged(files: &[(&str, &str)], args: &[&str]) -> (Value, String) {
    let scene = Scene::new();
    let mut body = scene.build_of(files);
    let all: Vec<&str> = ["build", "-t"]
        .into_iter()
        .chain([concat!("us-central1-docker.pkg.dev/harbour-dev/app/web", ":one")])
        .chain(args.iter().copied())
        .collect();
    body["steps"][0]["args"] = json!(all);
    let build = scene.finish(&scene.create(&body));
    let log = scene.log(build["id"].as_str().expect("an id"));
    (build, log)
}

#[track_caller]
fn fails(files: &[(&str, &str)], args: &[&str], sentence: &str) {
    let (build, log) = judged(files, args);
    assert_eq!(build["status"], "FAILURE", "{log}");
    assert!(log.contains(sentence), "«{sentence}» is not in\n{log}");
    assert_eq!(build["steps"][0]["status"], "FAILURE");
    assert!(build["steps"][0]["exitCode"].as_i64().is_some_and(|code| code > 0));
    assert_eq!(build["failureInfo"]["type"], "USER_BUILD_STEP");
}

#[track_caller]
fn builds(files: &[(&str, &str)], args: &[&str]) {
    let (build, log) = judged(files, args);
    assert_eq!(build["status"], "SUCCESS", "{log}");
}

#[test]
fn a_failed_step_reads_like_the_sample() {
    let outcome = Outcome::StepFails { step: 0, exit: 2, lines: vec!["make: *** [all] Error 2".to_owned()] };
    let build = ended(outcome);
    let sentence = "build step 0 \"gcr.io/cloud-builders/docker\" failed: step exited with non-zero status: 2";
    assert_eq!(build["status"], "FAILURE");
    assert_eq!(build["statusDetail"], sentence);
    assert_eq!(
        build["failureInfo"],
        json!({"type": "USER_BUILD_STEP", "detail": format!("Build step failure: {sentence}")})
    );
    assert_eq!((&build["steps"][0]["status"], &build["steps"][0]["exitCode"]), (&json!("FAILURE"), &json!(2)));
    assert!(build["results"].get("images").is_none() && build["timing"].get("PUSH").is_none());
}

#[test]
fn steps_after_the_failed_one_never_ran() {
    let outcome = Outcome::StepFails { step: 1, exit: 1, lines: Vec::new() };
    let scene = Scene::with(|world| world.next_builds.push_back(BuildScript::ending(outcome)));
    let mut body = scene.build_of(APP);
    let step = body["steps"][0].clone();
    body["steps"] = json!([{"name": "a"}, {"name": "b"}, step]);
    let build = scene.finish(&scene.create(&body));
    let statuses: Vec<&Value> = (0..3).map(|step| &build["steps"][step]["status"]).collect();
    assert_eq!(statuses, [&json!("SUCCESS"), &json!("FAILURE"), &Value::Null]);
    assert_eq!(build["results"]["buildStepImages"][2], "");
}

#[test]
fn scripted_endings_read_like_the_samples() {
    let build = ended(Outcome::PushNotAuthorized);
    assert_eq!((&build["status"], &build["failureInfo"]["type"]), (&json!("FAILURE"), &json!("PUSH_NOT_AUTHORIZED")));
    assert_eq!(build["statusDetail"], format!("push error: failed to push to {IMAGE}:one"));
    assert_eq!(build["steps"][0]["status"], "SUCCESS");
    let build = ended(Outcome::PushFailed);
    assert_eq!(build["failureInfo"]["type"], "PUSH_FAILED");
    let build = ended(Outcome::FetchSourceFailed);
    assert_eq!(
        (&build["statusDetail"], &build["failureInfo"]["type"]),
        (&json!("failed to fetch source"), &json!("FETCH_SOURCE_FAILED"))
    );
    assert!(build["steps"][0].get("status").is_none());
    let build = ended(Outcome::InternalError);
    assert_eq!(
        (&build["status"], &build["failureInfo"]["type"]),
        (&json!("INTERNAL_ERROR"), &json!("LOGGING_FAILURE"))
    );
    let build = ended(Outcome::Timeout);
    assert_eq!((&build["status"], &build["statusDetail"]), (&json!("TIMEOUT"), &json!("build timed out")));
    assert_eq!(build["steps"][0]["status"], "CANCELLED");
    let build = ended(Outcome::Expired);
    assert_eq!((&build["status"], &build["statusDetail"]), (&json!("EXPIRED"), &json!("build expired while queued")));
    assert!(build.get("startTime").is_none());
    let build = ended(Outcome::CancelledByOther);
    assert_eq!((&build["status"], build.get("statusDetail")), (&json!("CANCELLED"), None));
    let build = ended(Outcome::SuccessWithoutDigest);
    assert!(build["results"]["images"][0].get("digest").is_none());
}

#[test]
fn an_approval_is_waited_for() {
    let scene = Scene::with(|world| world.next_builds.push_back(BuildScript::ending(Outcome::PendingApproval)));
    let id = scene.create(&scene.build_of(APP));
    for _ in 0..5 {
        let build = scene.get("cloudbuild", &format!("{BUILDS}/{id}")).json();
        assert_eq!((&build["status"], &build["approval"]["state"]), (&json!("PENDING"), &json!("PENDING")));
    }
    scene.cloud.world(|world| world.approve(&id));
    assert_eq!(scene.finish(&id)["status"], "SUCCESS");
}

#[test]
fn a_status_of_the_future_is_seen_for_a_while() {
    let script = BuildScript { unknown_status: Some(("PAUSED_FOR_AUDIT".to_owned(), 2)), ..BuildScript::default() };
    let scene = Scene::with(|world| world.next_builds.push_back(script));
    let id = scene.create(&scene.build_of(APP));
    let mut seen = Vec::new();
    for _ in 0..6 {
        // Asked without the schema check: the word is in no schema.
        let reply = crate::client::send(
            &scene.cloud.address("cloudbuild"),
            "GET",
            &format!("{BUILDS}/{id}"),
            &[("Authorization", &format!("Bearer {}", scene.token))],
            None,
        );
        seen.push(reply.expect("a reply").json()["status"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(seen, ["QUEUED", "PAUSED_FOR_AUDIT", "PAUSED_FOR_AUDIT", "WORKING", "WORKING", "SUCCESS"]);
}

#[test]
fn the_dockerfile_must_be_there_and_be_one() {
    builds(&[("Dockerfile", "FROM x\n")], &["."]);
    builds(&[("docker/prod.Dockerfile", "FROM x\n")], &["-f", "docker/prod.Dockerfile", "."]);
    builds(&[("backend/Dockerfile", "FROM x\nCOPY main.py .\n"), ("backend/main.py", "")], &["backend"]);
    fails(&[("app.py", "")], &["."], "/Dockerfile: no such file or directory");
    fails(&[("Dockerfile", "FROM x\n")], &["-f", "other", "."], "/other: no such file or directory");
    fails(&[("Dockerfile", "FROM x\n")], &["backend"], "unable to prepare context: path \"backend\" not found");
    fails(&[("Dockerfile", "")], &["."], "the Dockerfile cannot be empty");
    fails(&[("Dockerfile", "FROM x\nRUNN y\n")], &["."], "dockerfile parse error line 2: unknown instruction: RUNN");
    fails(&[("Dockerfile", "RUN y\nFROM x\n")], &["."], "no build stage in current context");
    builds(&[("Dockerfile", "ARG V=1\nFROM x:$V\n")], &["."]);
}

#[test]
fn what_is_copied_must_be_in_the_context() {
    builds(
        &[
            ("Dockerfile", "FROM x\nCOPY src/*.py requirements.txt /app/\nADD . /all\n"),
            ("src/a.py", ""),
            ("requirements.txt", ""),
        ],
        &["."],
    );
    fails(&[("Dockerfile", "FROM x\nCOPY missing.txt /app/\n")], &["."], "\"/missing.txt\" not found: not found");
    // A pattern may fit nothing.
    builds(&[("Dockerfile", "FROM x\nCOPY *.go /app/\n")], &["."]);
    // The context is the folder, not the archive's root.
    fails(
        &[("backend/Dockerfile", "FROM x\nCOPY lib.py /\n"), ("lib.py", "")],
        &["backend"],
        "\"/lib.py\" not found: not found",
    );
}

#[test]
fn stages_must_exist() {
    let two = "FROM a AS build\nRUN x\nFROM b AS run\nCOPY --from=build /x /x\n";
    builds(&[("Dockerfile", two)], &["--target", "run", "."]);
    fails(&[("Dockerfile", two)], &["--target=test", "."], "target stage test could not be found");
    fails(
        &[("Dockerfile", "FROM a\nCOPY --from=biuld /x /x\n")],
        &["."],
        "pull access denied, repository does not exist",
    );
    builds(&[("Dockerfile", "FROM a\nCOPY --from=nginx:1 /x /x\n")], &["."]);
}

#[test]
fn the_command_line_must_be_dockers() {
    fails(APP, &["--netwrok=cloudbuild", "."], "unknown flag: --netwrok");
    fails(APP, &[], "requires exactly 1 argument");
}

#[test]
fn mounts_need_buildkit() {
    let files = [("Dockerfile", "FROM x\nRUN --mount=type=cache,target=/c pip install y\n")];
    builds(&files, &["."]);
    let scene = Scene::new();
    let mut body = scene.build_of(&files);
    body["steps"][0]["env"] = json!([]);
    let build = scene.finish(&scene.create(&body));
    assert_eq!(build["status"], "FAILURE");
    body["steps"][0]["env"] = json!(["DOCKER_BUILDKIT=0"]);
    assert_eq!(scene.finish(&scene.create(&body))["status"], "FAILURE");
    // Docker has BuildKit on by default since version 23, by buildx, which must be told what the engine speaks.
    body["steps"][0]["env"] = json!(["DOCKER_API_VERSION=1.41"]);
    body["steps"][0]["name"] = json!("gcr.io/cloud-builders/docker:24.0.9");
    assert_eq!(scene.finish(&scene.create(&body))["status"], "SUCCESS");
}

#[test]
fn an_image_that_no_step_built_cannot_be_pushed() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["images"] = json!([format!("{IMAGE}:other")]);
    let build = scene.finish(&scene.create(&body));
    assert_eq!((&build["status"], &build["failureInfo"]["type"]), (&json!("FAILURE"), &json!("PUSH_IMAGE_NOT_FOUND")));
    assert_eq!(scene.cloud.world(|world| world.digest_of(&format!("{IMAGE}:other"))), None);
}

#[test]
fn pushing_follows_the_registrys_rules() {
    let push = |change: &dyn Fn(&mut World), image: &str| {
        let scene = Scene::new();
        let mut body = scene.build_of(APP);
        scene.cloud.world(change);
        body["steps"][0]["args"] = json!(["build", "-t", image, "."]);
        body["images"] = json!([image]);
        let build = scene.finish(&scene.create(&body));
        (
            build["status"].as_str().unwrap_or_default().to_owned(),
            build["failureInfo"]["type"].clone(),
            build["failureInfo"]["detail"].clone(),
        )
    };
    let narrow = |world: &mut World| {
        // All a narrow build account has: it may upload and write logs, but not create on push.
        world.compute_account_may_not_build();
        for role in ["roles/run.builder", "roles/storage.objectAdmin", "roles/storage.legacyBucketReader"] {
            world.grant(World::PROJECT, World::COMPUTE, role);
        }
    };
    assert_eq!(push(&|_| (), "gcr.io/harbour-dev/web:1").0, "SUCCESS");
    let (_, kind, detail) = push(&narrow, "gcr.io/harbour-dev/web:1");
    assert_eq!(kind, "PUSH_NOT_AUTHORIZED");
    assert!(
        detail.as_str().is_some_and(|text| text.contains("gcr.io repo does not exist. Creating on push requires")),
        "{detail}"
    );
    // Once somebody created the repository, uploading is enough.
    let after = |world: &mut World| {
        narrow(world);
        world.add_repository("harbour-dev", "us", "gcr.io");
    };
    assert_eq!(push(&after, "gcr.io/harbour-dev/web:1").0, "SUCCESS");
    assert_eq!(push(&|_| (), "europe-docker.pkg.dev/harbour-dev/none/web:1").1, "PUSH_FAILED");
    let powerless = |world: &mut World| {
        world.compute_account_may_not_build();
        world.grant(World::PROJECT, World::COMPUTE, "roles/storage.admin");
    };
    assert_eq!(push(&powerless, "us-central1-docker.pkg.dev/harbour-dev/app/web:1").1, "PUSH_NOT_AUTHORIZED");
    assert_eq!(push(&|_| (), "docker.io/someone/web:1").1, "PUSH_NOT_AUTHORIZED");
}

#[test]
fn a_step_may_push_by_itself() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body["steps"] = json!([
        {"name": "gcr.io/cloud-builders/docker", "args": ["build", "-t", format!("{IMAGE}:a"), "."]},
        {"name": "gcr.io/cloud-builders/docker", "args": ["tag", format!("{IMAGE}:a"), format!("{IMAGE}:b")]},
        {"name": "gcr.io/cloud-builders/docker", "args": ["push", format!("{IMAGE}:b")]}
    ]);
    body["images"] = json!([]);
    let build = scene.finish(&scene.create(&body));
    assert_eq!(build["status"], "SUCCESS");
    let known = |tag: &str| scene.cloud.world(|world| world.digest_of(&format!("{IMAGE}:{tag}")).is_some());
    assert!(known("b") && !known("a"));
}

#[test]
fn reading_the_log_can_be_refused_in_every_way() {
    for (reads, status) in [
        (LogReads::Status(403), Some(403)),
        (LogReads::Status(404), Some(404)),
        (LogReads::Status(429), Some(429)),
        (LogReads::Status(503), Some(503)),
        (LogReads::Reset, None),
    ] {
        let scene = Scene::with(|world| world.build_logs = reads);
        let id = scene.create(&scene.build_of(APP));
        let reply = crate::client::send(
            &scene.cloud.address("storage"),
            "GET",
            &format!("/storage/v1/b/{BUCKET}/o/logs%2Flog-{id}.txt?alt=media"),
            &[("Authorization", &format!("Bearer {}", scene.token))],
            None,
        );
        assert_eq!(reply.as_ref().ok().map(|reply| reply.status), status);
        if status == Some(403) {
            let text = reply.expect("a reply").text();
            assert!(
                text.starts_with(&format!("{} does not have storage.objects.get access", World::DEPLOYER)),
                "{text}"
            );
        }
        // The build itself goes on.
        assert_eq!(scene.finish(&id)["status"], "SUCCESS");
    }
}

#[test]
fn googles_own_log_bucket_is_closed_to_the_deployer() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    for field in ["logsBucket", "serviceAccount", "options"] {
        body.as_object_mut().expect("a build").remove(field);
    }
    let id = scene.create(&body);
    let build = scene.finish(&id);
    assert_eq!(build["logsBucket"], "gs://123456789012.cloudbuild-logs.googleusercontent.com");
    assert_eq!(build["status"], "SUCCESS");
    let path = format!("/storage/v1/b/123456789012.cloudbuild-logs.googleusercontent.com/o/log-{id}.txt?alt=media");
    assert_eq!(scene.get("storage", &path).status, 403);
    // Such a build logs to Cloud Logging as well.
    assert!(scene.cloud.world(|world| world.log_entries.iter().any(|entry| entry.text.contains("starting build"))));
    // Only a viewer of the project may read it.
    scene.cloud.world(|world| world.grant(World::PROJECT, World::DEPLOYER, "roles/viewer"));
    assert_eq!(scene.get("storage", &path).status, 200);
}

#[test]
fn a_log_for_cloud_logging_goes_there() {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    body.as_object_mut().expect("a build").remove("logsBucket");
    body["options"]["logging"] = json!("CLOUD_LOGGING_ONLY");
    let build = scene.finish(&scene.create(&body));
    assert!(build.get("logsBucket").is_none());
    let text: String = scene.cloud.world(|world| world.log_entries.iter().map(|entry| entry.text.clone()).collect());
    assert!(text.contains("starting build") && text.ends_with("DONE\n"));
}

#[test]
fn buildkit_knows_no_network_by_name() {
    fails(APP, &["--network=cloudbuild", "."], "network mode \"cloudbuild\" not supported by buildkit");
    for (env, network, status) in [("1", "host", "SUCCESS"), ("0", "cloudbuild", "SUCCESS"), ("0", "nosuch", "FAILURE")]
    {
        let scene = Scene::new();
        let mut body = scene.build_of(&[("Dockerfile", "FROM x\nRUN y\n")]);
        body["steps"][0]["env"] = json!([format!("DOCKER_BUILDKIT={env}")]);
        body["steps"][0]["args"] = json!(["build", "--network", network, "-t", format!("{IMAGE}:one"), "."]);
        assert_eq!(scene.finish(&scene.create(&body))["status"], status, "{env} {network}");
    }
}

#[test]
fn a_named_frontend_reads_what_dockers_own_does_not_where_it_can_be_fetched() {
    const LINK: &str = "FROM x\nCOPY --link src/a.py /\n";
    let with_syntax = format!("# syntax=docker/dockerfile:1\n{LINK}");
    let files = |text| [("Dockerfile", text), ("src/a.py", "")];
    fails(&files(LINK), &["."], "dockerfile parse error line 2: Unknown flag: link");
    builds(&files(LINK), &["--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1", "."]);
    builds(&files(&with_syntax), &["."]);
    let scene = Scene::new();
    scene.cloud.world(|world| world.docker_hub = false);
    let build = scene.finish(&scene.create(&scene.build_of(&files(&with_syntax))));
    assert_eq!(build["status"], "FAILURE");
    let log = scene.log(build["id"].as_str().expect("an id"));
    assert!(log.contains("failed to solve with frontend gateway.v0: failed to do request"), "{log}");
}

/// Steps of `docker buildx` with Google's docker image of this tag; the build and its log.
fn with_buildx(tag: &str, steps: &[&[&str]]) -> (Value, String) {
    let scene = Scene::new();
    let mut body = scene.build_of(APP);
    let name = format!("gcr.io/cloud-builders/docker{tag}");
    let env = if tag.is_empty() { json!([]) } else { json!(["DOCKER_API_VERSION=1.41"]) };
    body["steps"] = steps.iter().map(|args| json!({"name": name, "args": args, "env": env})).collect();
    let build = scene.finish(&scene.create(&body));
    let log = scene.log(build["id"].as_str().expect("an id"));
    (build, log)
}

#[test]
fn buildx_needs_a_docker_that_has_it_and_a_builder_that_can() {
    const ONE: &str = "us-central1-docker.pkg.dev/harbour-dev/app/web:one";
    const CREATE: &[&str] = &["buildx", "create", "--name", "b", "--driver", "docker-container"];
    const CACHED: &[&str] = &["buildx", "build", "--cache-to=type=registry,ref=x,mode=max", "--load", "-t", ONE, "."];
    let (build, log) = with_buildx("", &[CREATE, CACHED]);
    assert_eq!(build["status"], "FAILURE");
    assert!(log.contains("'buildx' is not a docker command"), "{log}");
    let (build, log) = with_buildx(":24.0.9", &[CACHED]);
    assert_eq!(build["status"], "FAILURE");
    assert!(log.contains("Cache export is not supported for the docker driver"), "{log}");
    // Without `--load` the image stays where it was built.
    let (build, _) = with_buildx(":24.0.9", &[CREATE, &["buildx", "build", "-t", ONE, "."]]);
    assert_eq!(build["failureInfo"]["type"], "PUSH_IMAGE_NOT_FOUND");
    let (build, log) = with_buildx(":24.0.9", &[CREATE, CACHED]);
    assert_eq!(build["status"], "SUCCESS", "{log}");
}

#[test]
fn a_client_that_asks_for_a_newer_api_than_the_engine_has_is_refused() {
    let of = |env: Value, args: &[&str]| {
        let scene = Scene::new();
        let mut body = scene.build_of(APP);
        body["steps"] = json!([{"name": "gcr.io/cloud-builders/docker:24.0.9", "args": args, "env": env}]);
        let build = scene.finish(&scene.create(&body));
        scene.log(build["id"].as_str().expect("an id"))
    };
    let too_new = "client version 1.52 is too new. Maximum supported API version is 1.41";
    assert!(of(json!([]), &["buildx", "create"]).contains(too_new));
    assert!(of(json!([]), &["build", "."]).contains(too_new));
    assert!(of(json!(["DOCKER_API_VERSION=1.52"]), &["version"]).contains(too_new));
    assert!(!of(json!(["DOCKER_API_VERSION=1.41"]), &["build", "."]).contains("too new"));
    assert!(!of(json!([]), &["version"]).contains("too new"));
}
