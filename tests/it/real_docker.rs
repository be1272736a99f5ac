//! The build requests that the product makes, carried out on a real docker engine of Cloud Build's version: a judge that
//! nobody here wrote. These stories need `SLIPWAY_ENGINE`, an engine of their own (its images are removed); `.ci/run` has it:
//! `cargo test --test it real_docker -- --ignored`.

use std::io::Write;

use serde_json::{Value, json};

use crate::support::engine::{Done, Engine};
use crate::support::{Run, Scene};

/// A build, and what must come of it.
struct Case {
    name: &'static str,
    /// The Dockerfile, and where it lies.
    file: (&'static str, &'static str),
    inputs: &'static [(&'static str, &'static str)],
    /// Parts of the image's configuration.
    config: Value,
}

const STAGES: &str = "FROM scratch AS tools\nCOPY app /app\n\nFROM shell:1 AS serve\nARG GREETING\nARG GREETING\n\
                      COPY --from=tools /app /app\nENV GREETING=$GREETING\nRUN test \"$GREETING\" = 'a, b=$c'\nUSER 1000\n\
                      CMD [\"/app\"]\n\nFROM serve AS other\nRUN false\n";

fn cases() -> Vec<Case> {
    let plain = "FROM scratch\nCOPY app /app\nCMD [\"/app\"]\n";
    let runs =
        "FROM shell:1\nWORKDIR /srv\nCOPY --chmod=755 app .\nRUN --mount=type=cache,target=/c touch made && cat app\n";
    vec![
        Case { name: "the default", file: ("Dockerfile", plain), inputs: &[], config: json!({"Cmd": ["/app"]}) },
        Case {
            name: "the default, with steps that need BuildKit",
            file: ("Dockerfile", runs),
            inputs: &[],
            config: json!({"WorkingDir": "/srv"}),
        },
        Case {
            name: "no cache",
            file: ("Dockerfile", runs),
            inputs: &[("build_cache", "none")],
            config: json!({"WorkingDir": "/srv"}),
        },
        Case {
            name: "a stage and arguments",
            file: ("Dockerfile", STAGES),
            inputs: &[("build_target", "serve"), ("build_args", "GREETING: \"a, b=$c\"\nUNUSED: $$HOME")],
            config: json!({"User": "1000", "Env": ["PATH=/bin", "GREETING=a, b=$c"]}),
        },
        Case {
            name: "a named Dockerfile, other tags",
            file: ("docker/Prod", plain),
            inputs: &[("dockerfile", "docker/Prod"), ("image_tags", "v1, stable"), ("build_cache", "none")],
            config: json!({"Cmd": ["/app"], "User": ""}),
        },
        Case {
            // In a network of a name docker answers for names itself.
            name: "the network of Cloud Build, and a stage and arguments",
            file: (
                "Dockerfile",
                "FROM shell:1 AS one\nARG A\nRUN grep -q 127.0.0.11 /etc/resolv.conf && test \"$A\" = '$1'\nUSER 8\nFROM one\nUSER 9\n",
            ),
            inputs: &[("build_network", "cloudbuild"), ("build_target", "one"), ("build_args", "A: $1")],
            config: json!({"User": "8"}),
        },
        Case {
            name: "the network of BuildKit",
            file: ("Dockerfile", "FROM shell:1\nRUN ! grep -q 127.0.0.11 /etc/resolv.conf\nUSER 8\n"),
            inputs: &[],
            config: json!({"User": "8"}),
        },
        // The engine does not survive an inline cache of this one.
        Case {
            name: "two stages that begin with nothing",
            file: (
                "Dockerfile",
                "FROM scratch AS tools\nCOPY app /app\nFROM scratch\nCOPY --from=tools /app /app\nUSER 7\n",
            ),
            inputs: &[],
            config: json!({"User": "7"}),
        },
        Case {
            name: "an own configuration",
            file: (
                "own/cloudbuild.yaml",
                "steps:\n- name: gcr.io/cloud-builders/docker\n  dir: own\n  env: [DOCKER_BUILDKIT=1]\n  \
                 args: [build, -t, 'gcr.io/$PROJECT_ID/web:${SHORT_SHA}', --label, 'price=$$5 and $_MORE', --build-arg=A=1, -f, ../Dockerfile, ..]\n\
                 - name: gcr.io/cloud-builders/docker\n  args: [tag, 'gcr.io/$PROJECT_ID/web:$SHORT_SHA', 'gcr.io/$PROJECT_ID/web:latest']\n\
                 images: ['gcr.io/$PROJECT_ID/web:$SHORT_SHA', 'gcr.io/$PROJECT_ID/web:latest']\n",
            ),
            inputs: &[("build_config", "app/own/cloudbuild.yaml"), ("substitutions", "_MORE: more")],
            config: json!({"Labels": {"price": "$5 and more"}}),
        },
    ]
}

/// The request of a run, and how the embedded cloud judged it: whether it went well, and what its log says.
fn asked(scene: &Scene) -> (Value, bool, String) {
    let (run, request, well, log) = ran(scene);
    assert_eq!(well, run.code == 0, "{}", run.stdout);
    (request, well, log)
}

/// The same of a build that makes no image for anybody to deploy.
fn asked_whatever_comes(scene: &Scene) -> (Value, String) {
    let (_, request, _, log) = ran(scene);
    (request, log)
}

fn ran(scene: &Scene) -> (Run, Value, bool, String) {
    let run = scene.run();
    let request = scene.cloud.calls("cloudbuild.projects.locations.builds.create").pop();
    let request = request.unwrap_or_else(|| panic!("no build was asked for:\n{}", run.stdout)).json();
    let (well, log) = scene.cloud.world(|world| {
        let build = world.last_build().unwrap();
        let (bucket, folder) = build.document["logsBucket"].as_str().unwrap()[5..].split_once('/').unwrap();
        let log = world.object(bucket, &format!("{folder}/log-{}.txt", build.id)).unwrap();
        (build.status() == "SUCCESS", String::from_utf8(log.to_vec()).unwrap())
    });
    (run, request, well, log)
}

fn scene(file: (&str, &str), inputs: &[(&str, &str)]) -> Scene {
    let mut scene = Scene::new();
    scene.file("app/Dockerfile", "FROM scratch\nCOPY app /app\n").file("app/app", "#!/bin/sh\necho hi\n");
    scene.file(&format!("app/{}", file.0), file.1);
    for (name, text) in inputs {
        scene.input(name, text);
    }
    scene
}

/// One line for whoever reads the suite's output, which captures only what is printed.
fn tell(verdict: &str, text: &str) {
    std::io::stdout().write_all(format!("{verdict:<4}  {text}\n").as_bytes()).unwrap();
}

/// What differs between an image and what must be in its configuration.
fn differences(config: &Value, expected: &Value) -> Vec<String> {
    let pairs = expected.as_object().into_iter().flatten();
    let differs = pairs.filter(|(name, value)| config[name.as_str()] != **value);
    differs.map(|(name, value)| format!("{name} is {}, not {value}", config[name.as_str()])).collect()
}

/// Why a request did not do on the real engine what it must do there.
fn troubles(engine: &Engine, request: &Value, done: &[Done], config: &Value) -> Vec<String> {
    if let Some(failed) = done.iter().find(|step| step.exit != 0) {
        return vec![format!("exit code {}: {}", failed.exit, failed.last_line())];
    }
    let mut troubles = Vec::new();
    let names: Vec<String> =
        request["images"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let names = names.iter().map(|name| name.replace("$PROJECT_ID", "harbour-dev").replace("$SHORT_SHA", "0f0f0f0"));
    let ids: Vec<Option<String>> = names.clone().map(|name| engine.id(&name)).collect();
    if ids.contains(&None) || ids.iter().any(|id| *id != ids[0]) {
        troubles.push(format!("{:?} are not one image: {ids:?}", names.clone().collect::<Vec<_>>()));
    }
    match names.clone().next().and_then(|name| engine.config(&name)) {
        Some(found) => troubles.extend(differences(&found, config)),
        None => troubles.push("there is no image".to_owned()),
    }
    troubles
}

#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn what_we_ask_for_is_built_tagged_and_configured() {
    let engine = Engine::new();
    let mut all = Vec::new();
    for case in cases() {
        let scene = scene(case.file, case.inputs);
        let (request, well, log) = asked(&scene);
        let done = engine.carry_out(&scene, &request);
        let mut troubles = troubles(&engine, &request, &done, &case.config);
        if !well {
            troubles.push(format!("the embedded cloud refuses it: {log}"));
        }
        match troubles.is_empty() {
            true => tell("ok", &format!("docker {}, {}", engine.version(), case.name)),
            false => tell("FAIL", &format!("docker {}, {}: {}", engine.version(), case.name, troubles.join("; "))),
        }
        all.extend(troubles.into_iter().map(|trouble| format!("{}: {trouble}", case.name)));
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// Dockerfiles, with arguments before the last: what docker makes of each, the embedded cloud makes of it too.
const DOCKERFILES: &[(&str, &[&str])] = &[
    ("FROM scratch\nCOPY app /app\n", &[]),
    ("# comment\nFROM shell:1\nRUN true && \\\n  # why\n  cat /bin/sh >/dev/null\n", &[]),
    ("FROM shell:1\nCOPY --chown=1:1 app /app\nRUN touch /x\n", &["--network=default"]),
    ("FROM shell:1\nRUN true\n", &["--network=cloudbuild"]),
    ("FROM shell:1\nRUN true\n", &["--network", "host"]),
    ("FROM shell:1\nRUN true\n", &["--network=none"]),
    ("FROM shell:1\nRUN true\n", &["--network=bridge"]),
    ("FROM shell:1\nRUN true\n", &["--network=nosuch"]),
    ("FROM shell:1\nCOPY app /app\n", &["--network=nosuch"]),
    // What newer frontends know.
    ("FROM scratch\nCOPY --link app /app\n", &[]),
    ("FROM scratch\nADD --link app /app\n", &[]),
    ("FROM scratch\nCOPY --exclude=*.md . /app\n", &[]),
    ("FROM scratch\nCOPY --parents sub/f /app/\n", &[]),
    ("FROM scratch\nADD --checksum=sha256:00 https://example.invalid/x /x\n", &[]),
    ("FROM scratch\nADD --keep-git-dir=true https://example.invalid/x.git /x\n", &[]),
    ("FROM shell:1\nRUN <<EOF\ntrue\nEOF\n", &[]),
    ("FROM shell:1\nRUN cat <<EOF >/x && \\\n  true\nhello\nEOF\n", &[]),
    ("FROM scratch\nCOPY <<EOF /x\nhello\nEOF\n", &[]),
    ("FROM shell:1\nRUN cat <<EOF\n", &[]),
    ("FROM shell:1\nRUN --network=none true\n", &[]),
    ("FROM shell:1\nRUN --security=insecure true\n", &[]),
    ("FROM shell:1\nRUN --mount=type=secret,id=x,env=X true\n", &[]),
    ("FROM shell:1\nRUN --mount=type=tmpfs,target=/t,size=1000 true\n", &[]),
    ("FROM shell:1\nHEALTHCHECK --start-interval=5s CMD true\n", &[]),
    ("FROM shell:1\nENV A=${B#x}\n", &[]),
    ("FROM shell:1\nLABEL A=\"${B%x}\"\n", &[]),
    ("FROM shell:1\nENV A=${B:-x}\n", &[]),
    // A frontend that is named, and cannot be fetched here.
    ("# syntax=docker/dockerfile:1\nFROM scratch\nCOPY --link app /app\n", &[]),
    ("# syntax = docker/dockerfile:1.4\nFROM scratch\nCOPY app /app\n", &[]),
    ("# escape=\\\n# syntax=docker/dockerfile:1\nFROM scratch\nCOPY app /app\n", &[]),
    ("# hello\n# syntax=docker/dockerfile:1\nFROM scratch\nCOPY app /app\n", &[]),
    ("FROM scratch\nCOPY app /app\n", &["--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1"]),
    // One that is named where the engine sees none.
    ("\u{feff}# syntax=docker/dockerfile:1\nFROM scratch\nCOPY --link app /app\n", &[]),
    (" # syntax=docker/dockerfile:1\nFROM scratch\nCOPY --link app /app\n", &[]),
    ("# syntax=\nFROM scratch\nCOPY --link app /app\n", &[]),
    ("# a=\n# syntax=docker/dockerfile:1\nFROM scratch\nCOPY --link app /app\n", &[]),
    ("\u{feff}FROM scratch\r\nCOPY app /app\r\n", &[]),
    ("FROM scratch\nONBUILD RUN <<EOF\nfoo\nEOF\n", &[]),
    ("FROM shell:1\nENV D=\"it's ${B#x}\"\n", &[]),
    // What BuildKit alone knows.
    ("FROM shell:1\nRUN --mount=type=cache,target=/c touch /c/x\n", &[]),
    ("FROM shell:1\nRUN --mount=type=bind,source=app,target=/c cat /c\n", &[]),
    ("FROM shell:1\nRUN --mount=type=secret,id=s true\n", &[]),
    ("FROM scratch\nCOPY --chmod=755 app /app\n", &[]),
    ("FROM scratch\nADD --chmod=644 app /app\n", &[]),
    ("FROM --platform=$BUILDPLATFORM shell:1\nRUN true\n", &[]),
    // Files that are not there.
    ("FROM scratch\nCOPY nothere /x\n", &[]),
    ("FROM scratch\nADD nothere /x\n", &[]),
    ("FROM scratch\nCOPY app nothere /x/\n", &[]),
    ("FROM scratch\nCOPY *.nothere /x\n", &[]),
    ("FROM scratch\nCOPY ap? /x\n", &[]),
    ("FROM scratch\nCOPY ../app /x\n", &[]),
    ("FROM scratch\nCOPY [\"app\", \"/x\"]\n", &[]),
    ("FROM scratch\nCOPY app sub /x/\n", &[]),
    // Stages.
    ("FROM scratch AS a\nCOPY app /app\n", &["--target=nope"]),
    ("FROM scratch AS a\nCOPY app /app\nFROM scratch\nCOPY nothere /x\n", &["--target", "A"]),
    ("FROM scratch AS a\nCOPY nothere /app\nFROM scratch AS b\nCOPY app /x\n", &["--target=b"]),
    ("FROM scratch AS a\nCOPY app /app\nFROM scratch\nCOPY --from=0 /app /app\n", &[]),
    ("FROM scratch AS a\nCOPY app /app\nFROM scratch\nCOPY --from=7 /app /app\n", &[]),
    ("FROM scratch AS a\nCOPY app /app\nFROM a\nCOPY --from=A /app /b\nUSER 7\n", &[]),
    ("FROM scratch AS 1a\nCOPY app /app\n", &[]),
    ("FROM scratch\n", &[]),
    // Grammar.
    ("", &[]),
    ("# nothing\n", &[]),
    ("RUN x\n", &[]),
    ("FROM scratch\nRUNN x\n", &[]),
    ("FROM scratch x\n", &[]),
    ("FROM\n", &[]),
    ("FROM --foo=1 scratch\n", &[]),
    ("FROM scratch\nCOPY --foo=1 app /app\n", &[]),
    ("FROM scratch\nUSER --x 0\n", &[]),
    ("FROM scratch\nCMD --help\n", &[]),
    ("FROM scratch\nCOPY\n", &[]),
    ("FROM scratch\nCOPY app\n", &[]),
    ("FROM scratch\nENV\n", &[]),
    ("FROM scratch\nENV A\n", &[]),
    ("FROM scratch\nWORKDIR\n", &[]),
    ("FROM scratch\nSHELL sh\n", &[]),
    ("FROM scratch\nHEALTHCHECK\n", &[]),
    ("from shell:1\nrun true\n", &[]),
    // Arguments.
    ("FROM scratch\nCOPY app /app\n", &["--netwrok=x"]),
    ("FROM scratch\nCOPY app /app\n", &["--load"]),
    ("FROM scratch\nCOPY app /app\n", &["--cache-to=type=inline"]),
    ("FROM scratch\nCOPY app /app\n", &["--cache-from=gcr.io/harbour-dev/web:buildcache"]),
    ("FROM scratch\nCOPY app /app\n", &["--no-cache=maybe"]),
    ("FROM scratch\nCOPY app /app\n", &["-t", "A:1"]),
    ("FROM scratch\nCOPY app /app\n", &["-t", "a:b:c"]),
    ("FROM scratch\nCOPY app /app\n", &["-ta:1", "--tag=b/c", "-qf", "Dockerfile"]),
    ("FROM scratch\nCOPY app /app\n", &["-f", "nope"]),
    ("FROM scratch\nCOPY app /app\n", &["-f", "sub/f"]),
    ("FROM scratch\nCOPY app /app\n", &["."]),
    ("FROM scratch\nCOPY app /app\n", &["--secret=id=x,src=app", "--progress=plain", "--label=k", "--build-arg=ZZ=1"]),
];

/// Whole command lines.
const COMMANDS: &[&[&str]] = &[
    &["build"],
    &["build", "-t"],
    &["build", "--tag"],
    &["build", "nope"],
    &["biuld", "."],
    &["push"],
    &["push", "nosuch:1"],
    &["tag", "nosuch:1", "b:2"],
    &["tag", "nosuch"],
    &["image", "build", "-t", "b:1", "."],
    &["builder", "build", "."],
    &["version"],
];

/// What a step wrote, in a build's log, where a line about its image comes first.
fn output_of_the_step(log: &str) -> String {
    log.lines().filter_map(|line| line.strip_prefix("Step #0: ")).skip(1).map(|line| format!("{line}\n")).collect()
}

/// What docker says of a refusal: the last line, or the first where it explains its usage after that.
fn refusal(output: &str) -> &str {
    let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    match output.contains("See 'docker ") {
        true => lines.next(),
        false => lines.next_back(),
    }
    .unwrap_or_default()
}

/// A line without what is another one each time: directories, and who was asked for a name.
fn comparable(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for word in &mut words {
        if word.contains("/buildkit-mount") || word.contains("/carried-out/") || word.starts_with("/workspace/") {
            *word = format!("DIRECTORY/{}", word.rsplit('/').next().unwrap());
        }
        if word.ends_with(":53:") {
            "RESOLVER".clone_into(word);
        }
    }
    words.join(" ")
}

#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn what_docker_refuses_the_embedded_cloud_refuses_in_the_same_words() {
    let engine = Engine::new();
    let (mut compared, mut refused, mut differences) = (0, 0, Vec::new());
    let builds = DOCKERFILES.iter().map(|(file, more)| {
        let words = ["build"].iter().chain(*more).chain(&["."]);
        (*file, words.copied().collect::<Vec<_>>())
    });
    let commands = COMMANDS.iter().map(|words| ("FROM scratch\nCOPY app /app\n", words.to_vec()));
    for (file, words) in builds.chain(commands) {
        for env in ["DOCKER_BUILDKIT=1", "DOCKER_BUILDKIT=0"] {
            let step = json!({"name": "gcr.io/cloud-builders/docker", "env": [env], "args": words});
            let config = json!({"steps": [step], "images": ["gcr.io/harbour-dev/web"]}).to_string();
            let mut scene = scene(("Dockerfile", file), &[("build_config", "cloudbuild.json")]);
            scene.file("cloudbuild.json", config).file("app/sub/f", "x\n");
            // Here, too, nothing can be fetched.
            scene.cloud.world(|world| world.docker_hub = false);
            let (request, log) = asked_whatever_comes(&scene);
            let exit = log.contains("\nERROR: build step 0").then(|| {
                let at = log.rfind("non-zero status: ").unwrap();
                log[at + "non-zero status: ".len()..].trim().parse::<i32>().unwrap()
            });
            let done = engine.carry_out(&scene, &request).pop().unwrap();
            let (theirs, ours) = (comparable(refusal(&done.output)), comparable(refusal(&output_of_the_step(&log))));
            compared += 1;
            refused += usize::from(done.exit != 0);
            if exit.unwrap_or(0) != done.exit || done.exit != 0 && theirs != ours {
                let shown = format!("{env} docker {} of {file:?}", words.join(" "));
                differences.push(format!(
                    "{shown}\n  docker {}: {theirs}\n  fake   {}: {ours}",
                    done.exit,
                    exit.unwrap_or(0)
                ));
            }
        }
    }
    let verdict = if differences.is_empty() { "ok" } else { "FAIL" };
    let differ = differences.len();
    tell(verdict, &format!("docker {}, {compared} builds, {refused} refused, {differ} not as here", engine.version()));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn the_command_that_a_failed_build_prints_fails_in_the_same_way() {
    let engine = Engine::new();
    for (file, inputs) in [
        ("FROM scratch AS one\nCOPY nope /\nFROM scratch\nCOPY app /\n", &[("build_target", "one")][..]),
        ("FROM scratch\nCOPPY app /\n", &[("build_cache", "none")]),
        ("FROM scratch\nCOPY nope /\n", &[("build_network", "cloudbuild")]),
    ] {
        let mut scene = scene(("docker/It's here", file), &[("dockerfile", "docker/It's here")]);
        for (name, text) in inputs {
            scene.input(name, text);
        }
        let run = scene.run();
        let request = scene.cloud.calls("cloudbuild.projects.locations.builds.create").pop().unwrap().json();
        let done = engine.carry_out(&scene, &request).pop().unwrap();
        assert_ne!(done.exit, 0, "{file}");
        let (_, rest) = run.stdout.split_once("`gcloud storage cat ").unwrap_or_else(|| panic!("{}", run.stdout));
        let command = format!("gcloud storage cat {}", rest.split_once('`').unwrap().0);
        // The frontend is fetched elsewhere; this engine has it.
        let command = command.replace("--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1.2 ", "");
        let again = engine.shell(&scene, &command);
        assert_eq!(comparable(refusal(&again)), comparable(refusal(&done.output)), "{command}\n{again}");
        tell("ok", &format!("docker {}, the same elsewhere: {}", engine.version(), refusal(&done.output)));
    }
}

/// Buildx and BuildKit's own image cannot be had here: what can be held against the engine is the API that both steps ask
/// for, and that the network they name is there.
#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn a_cache_in_the_registry_asks_for_what_the_engine_has() {
    let engine = Engine::new();
    let scene = scene(("Dockerfile", "FROM scratch\nCOPY app /app\n"), &[("build_cache", "registry")]);
    let (request, well, _) = asked(&scene);
    assert!(well);
    let steps = request["steps"].as_array().unwrap();
    for step in steps {
        let env: Vec<&str> = step["env"].as_array().unwrap().iter().map(|pair| pair.as_str().unwrap()).collect();
        assert_eq!(engine.with(&env, &["version"]), (0, String::new()), "{step}");
    }
    let (exit, words) = engine.with(&["DOCKER_API_VERSION=1.52"], &["version"]);
    let refused = "Error response from daemon: client version 1.52 is too new. Maximum supported API version is 1.41";
    assert_eq!((exit, words.as_str()), (1, refused));
    assert!(steps[0]["args"].as_array().unwrap().contains(&json!("network=cloudbuild")));
    tell(
        "ok",
        &format!("docker {}, a cache in the registry: API and network alone; not executed: {}", engine.version(), {
            let of = |step: &Value| {
                step["args"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .take(2)
                    .map(|word| word.as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            steps.iter().map(of).collect::<Vec<_>>().join(", ")
        }),
    );
}

/// The frontend itself cannot be had here; that the engine asks for the one that the request names, can be seen.
#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn the_engine_follows_the_frontend_that_we_name() {
    let engine = Engine::new();
    let scene = scene(("Dockerfile", "FROM scratch\nCOPY --link app /app\n"), &[]);
    scene.cloud.world(|world| world.docker_hub = false);
    let (request, log) = asked_whatever_comes(&scene);
    let done = engine.carry_out(&scene, &request).pop().unwrap();
    assert!(done.output.contains("failed with build-arg:BUILDKIT_SYNTAX = docker/dockerfile:1: "), "{}", done.output);
    assert_eq!(comparable(refusal(&done.output)), comparable(refusal(&last_step(&log))));
    tell("ok", &format!("docker {}, the frontend that the request names is asked for", engine.version()));
}

/// Cases from outside this repository, where they are at hand.
#[test]
#[ignore = "needs a docker engine: .ci/run"]
fn cases_from_outside_go_here_as_they_go_on_docker() {
    let Ok(cases) = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/dockerfiles")) else {
        return;
    };
    let engine = Engine::new();
    for case in cases {
        let path = case.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let serves = text.contains("AS serve");
        let inputs = [("build_target", "serve"), ("build_args", "GREETING: \"a, b=$c\"")];
        let scene = scene(("Dockerfile", &text), if serves { &inputs } else { &[] });
        scene.cloud.world(|world| world.docker_hub = false);
        let (request, log) = asked_whatever_comes(&scene);
        let done = engine.carry_out(&scene, &request).pop().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if serves {
            let expected = json!({"User": "1000"});
            let troubles = troubles(&engine, &request, std::slice::from_ref(&done), &expected);
            assert!(troubles.is_empty(), "{name}: {troubles:?}");
            let config = engine.config("gcr.io/harbour-dev/web:latest").unwrap();
            assert!(config["Env"].as_array().unwrap().contains(&json!("GREETING=a, b=$c")), "{config}");
        } else {
            assert_eq!(comparable(refusal(&done.output)), comparable(refusal(&last_step(&log))), "{name}");
        }
        tell("ok", &format!("docker {}, {name}: exit code {}", engine.version(), done.exit));
    }
}

fn last_step(log: &str) -> String {
    let lines = log.lines().filter_map(|line| line.strip_prefix("Step #0 - \"build\": "));
    lines.map(|line| format!("{line}\n")).collect()
}
