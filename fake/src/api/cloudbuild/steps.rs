//! What single steps come to: docker's and the buildpacks', by looking at the source.

use super::archive::{Archive, clean};
use super::command_line::{self, Asked};
use super::contents::{Builder, Held};
use super::docker::Docker;
use super::dockerfile::{self, Dockerfile, Frontend};
use super::{buildkit, legacy, push};
use crate::world::{Build, Work, World, hex_of};
use serde_json::Value;

/// What a step wrote and how it ended.
pub(super) struct Ran {
    /// Its output.
    pub(super) lines: Vec<String>,
    /// Its exit code.
    pub(super) exit: i32,
}

impl Ran {
    fn well(lines: Vec<String>) -> Ran {
        Ran { lines, exit: 0 }
    }

    fn badly(lines: Vec<String>, exit: i32) -> Ran {
        Ran { lines, exit }
    }
}

/// A step whose success is scripted: its images exist, whatever the source holds.
pub(super) fn trusted(build: &Build, archive: &Archive, step: &Value, work: &mut Work) -> Ran {
    let args = args(step);
    if let Ok(Asked::Build(asked)) = command_line::read(&args, Docker::of(build, step).client) {
        let digest =
            digest(archive, build, &asked.args, &asked.context, asked.file.as_deref(), asked.target.as_deref());
        work.images.extend(asked.tags.iter().map(|tag| (tag.clone(), digest.clone())));
    }
    work.opaque = true;
    Ran::well(vec!["done".to_owned()])
}

/// A step, as its source deserves.
pub(super) fn judged(world: &World, build: &Build, archive: &Archive, step: &Value, work: &mut Work) -> Ran {
    let name = step["name"].as_str().unwrap_or_default();
    let image = name.split(['@', ':']).next().unwrap_or_default();
    let entrypoint = step["entrypoint"].as_str();
    let is_docker = image == "gcr.io/cloud-builders/docker" || image == "docker" || image.ends_with("/docker");
    if is_docker && entrypoint.is_none_or(|entry| entry == "docker") && step["script"].is_null() {
        return docker_step(world, build, archive, step, work);
    }
    if image.ends_with("/pack") && entrypoint.is_none_or(|entry| entry == "pack") {
        return buildpack_step(build, archive, step, work);
    }
    work.opaque = true;
    Ran::well(Vec::new())
}

fn args(step: &Value) -> Vec<&str> {
    step["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn docker_step(world: &World, build: &Build, archive: &Archive, step: &Value, work: &mut Work) -> Ran {
    let docker = Docker::of(build, step);
    let words = args(step);
    if words.first() == Some(&"buildx") && !docker.has_buildx {
        let lines = ["docker: 'buildx' is not a docker command.", "See 'docker --help'"];
        return Ran::badly(lines.map(str::to_owned).to_vec(), 1);
    }
    let asked = match command_line::read(&words, docker.client) {
        Ok(asked) => asked,
        Err((line, exit)) => return Ran::badly(vec![line], exit),
    };
    if let Some(line) = docker.refused_by_the_engine(&asked, words.first() == Some(&"buildx")) {
        return Ran::badly(vec![line], 1);
    }
    match asked {
        Asked::Build(asked) => built(world, build, archive, step, work, &docker, &asked),
        Asked::Builder if !world.docker_hub => {
            let line = "ERROR: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup \
                        registry-1.docker.io on 169.254.169.254:53: no such host";
            Ran::badly(vec![line.to_owned()], 1)
        }
        Asked::Builder => {
            work.builders += 1;
            Ran::well(vec!["slipway".to_owned()])
        }
        Asked::Push(image) => {
            let digest = local(work, &image);
            match digest.map(|digest| push::allowed(world, build, &image).map(|()| digest)) {
                Some(Ok(digest)) => {
                    let line = format!("{image}: digest: {digest} size: 1784");
                    work.pushed.push((image, digest));
                    Ran::well(vec![line])
                }
                Some(Err((_, detail))) => Ran::badly(vec![detail], 1),
                None => {
                    let name = image.split(':').next().unwrap_or(&image);
                    Ran::badly(vec![format!("An image does not exist locally with the tag: {name}")], 1)
                }
            }
        }
        Asked::Tag(from, to) => {
            let Some(digest) = local(work, &from) else {
                return Ran::badly(vec![format!("Error response from daemon: No such image: {from}")], 1);
            };
            work.images.push((to, digest));
            Ran::well(Vec::new())
        }
        Asked::Other => Ran::well(Vec::new()),
    }
}

/// `docker build`, or `docker buildx build`.
fn built(
    world: &World,
    build: &Build,
    archive: &Archive,
    step: &Value,
    work: &mut Work,
    docker: &Docker,
    asked: &command_line::Build,
) -> Ran {
    let buildx = args(step).first() == Some(&"buildx");
    // The builder that is in use when none was made writes no cache into a registry.
    let made = work.builders > 0;
    if asked.exports_cache && !made {
        return Ran::badly(vec!["ERROR: Cache export is not supported for the docker driver.".to_owned()], 1);
    }
    if buildx && made && !asked.push && !asked.load {
        work.opaque = false;
        // The image stays in the builder's cache: nothing is there to be pushed.
        return Ran::well(vec!["WARNING: No output specified with docker-container driver.".to_owned()]);
    }
    let buildkit = buildx || docker.buildkit;
    if buildkit && !made && !matches!(asked.network.as_str(), "" | "default" | "host" | "none") {
        let line = format!("Error response from daemon: network mode \"{}\" not supported by buildkit", asked.network);
        return Ran::badly(vec![line], 1);
    }
    let dir = step["dir"].as_str().unwrap_or_default();
    let context = clean(&format!("{dir}/{}", asked.context));
    if asked.context != "-" && !archive.is_directory(&context) {
        return Ran::badly(vec![format!("unable to prepare context: path \"{}\" not found", asked.context)], 1);
    }
    // `-f` counts from the step's directory, the default file from the context.
    let path = match &asked.file {
        Some(file) => clean(&format!("{dir}/{file}")),
        None => clean(&format!("{context}/Dockerfile")),
    };
    let shown = path.rsplit('/').next().unwrap_or(&path);
    let Some(text) = archive.text(&path) else {
        let lines = match buildkit {
            true => buildkit::no_dockerfile(docker.client, shown),
            false => legacy::no_dockerfile(&path),
        };
        return Ran::badly(lines, 1);
    };
    let by_argument = asked.args.iter().find_map(|pair| pair.strip_prefix("BUILDKIT_SYNTAX="));
    let named = by_argument.map(str::to_owned).or_else(|| dockerfile::syntax(&text)).filter(|_| buildkit);
    if let Some(frontend) = named.as_ref().filter(|_| !world.docker_hub) {
        let lines = buildkit::no_frontend(docker.client, shown, text.len(), frontend, by_argument.is_some());
        return Ran::badly(lines, 1);
    }
    let frontend = if named.is_some() || made && buildx { Frontend::Newer } else { Frontend::Inside };
    let builder = if buildkit { Builder::BuildKit } else { Builder::Legacy };
    let target = asked.target.as_deref();
    let held = Held { archive, context: &context, target, network: &asked.network, builder, frontend };
    let read = Dockerfile::read(&text, frontend);
    let trouble = match &read {
        Ok(file) => held.check(file).err(),
        Err(_) => None,
    };
    let (file, trouble) = match (read, trouble) {
        (Ok(file), trouble) => (Some(file), trouble),
        (Err(trouble), _) => (None, Some(trouble)),
    };
    if let Some(trouble) = trouble {
        let lines = match buildkit {
            true => buildkit::failure(docker.client, &path, &text, file.as_ref(), target, &trouble),
            false => legacy::failure(shown, file.as_ref(), target, &trouble),
        };
        return Ran::badly(lines, 1);
    }
    let Some(file) = file else { return Ran::well(Vec::new()) };
    if buildkit && !made && asked.args.iter().any(|pair| pair == "BUILDKIT_INLINE_CACHE=1") && file.overflows(target) {
        return Ran::badly(vec!["unexpected EOF".to_owned()], 1);
    }
    let digest = digest(archive, build, &asked.args, &context, asked.file.as_deref(), target);
    let lines = match buildkit {
        true => buildkit::success(&path, &text, &file, target, &asked.tags, &digest),
        false => legacy::success(&file, target, &asked.tags, &digest),
    };
    work.layers.push((digest.clone(), layers(&file, target)));
    let images: Vec<(String, String)> = asked.tags.iter().map(|tag| (tag.clone(), digest.clone())).collect();
    if asked.push {
        if let Some((_, detail)) = asked.tags.iter().find_map(|tag| push::allowed(world, build, tag).err()) {
            return Ran::badly(vec![format!("ERROR: failed to solve: failed to push: {detail}")], 1);
        }
        work.pushed.extend(images.clone());
    }
    work.images.extend(images);
    Ran::well(lines)
}

/// The instructions that made the layers of the last stage, as an image's history has them.
fn layers(built: &Dockerfile, target: Option<&str>) -> Vec<String> {
    let stages = built.needed(target).unwrap_or_default();
    let instructions = stages.last().map(|stage| stage.instructions.as_slice()).unwrap_or_default();
    let made_by = instructions.iter().filter_map(|instruction| match instruction.word.as_str() {
        "FROM" => Some("ADD rootfs.tar.xz / # buildkit".to_owned()),
        "RUN" => Some(format!("RUN /bin/sh -c {} # buildkit", instruction.rest)),
        "COPY" | "ADD" | "WORKDIR" => Some(format!("{} # buildkit", instruction.shown())),
        _ => None,
    });
    made_by.collect()
}

/// The digest of an image built so far, the latest under that name.
fn local(work: &Work, image: &str) -> Option<String> {
    work.images.iter().rev().find(|(known, _)| known == image).map(|(_, digest)| digest.clone())
}

/// The image's digest: the same source and arguments always give the same one.
fn digest(
    archive: &Archive,
    build: &Build,
    args: &[String],
    context: &str,
    file: Option<&str>,
    target: Option<&str>,
) -> String {
    let args = args.join("\n");
    let text = format!("{}\0{args}\0{context}\0{file:?}\0{target:?}\0{}", archive.print(), build.project);
    format!("sha256:{}", hex_of(text.as_bytes()))
}

/// Files by which a buildpack knows its language.
const MARKS: [(&str, &str); 12] = [
    ("requirements.txt", "google.python.pip"),
    ("pyproject.toml", "google.python.pip"),
    ("main.py", "google.python.missing-entrypoint"),
    ("package.json", "google.nodejs.npm"),
    ("go.mod", "google.go.gomod"),
    ("pom.xml", "google.java.maven"),
    ("build.gradle", "google.java.gradle"),
    ("composer.json", "google.php.composer"),
    ("Gemfile", "google.ruby.bundle"),
    ("project.toml", "google.utils.label-image"),
    ("Procfile", "google.config.entrypoint"),
    ("index.js", "google.nodejs.runtime"),
];

fn buildpack_step(build: &Build, archive: &Archive, step: &Value, work: &mut Work) -> Ran {
    let args = args(step);
    if args.first() != Some(&"build") {
        return Ran::well(Vec::new()); // `pack config …`
    }
    let Some(image) = args.get(1).filter(|image| !image.starts_with('-')) else {
        return Ran::badly(vec!["ERROR: accepts 1 arg(s), received 0".to_owned()], 1);
    };
    let path = args.iter().position(|argument| matches!(*argument, "--path" | "-p")).and_then(|at| args.get(at + 1));
    let dir = clean(&format!("{}/{}", step["dir"].as_str().unwrap_or_default(), path.unwrap_or(&".")));
    let mark = MARKS.iter().find(|(file, _)| archive.has(&format!("{dir}/{file}")));
    let Some((_, pack)) = mark else {
        let lines = [
            "===> ANALYZING",
            "===> DETECTING",
            "ERROR: No buildpack groups passed detection.",
            "ERROR: Please check that you are running against the correct path.",
            "ERROR: failed to detect: no buildpacks participating",
            "ERROR: failed to build: executing lifecycle: failed with status code: 20",
        ];
        return Ran::badly(lines.map(str::to_owned).to_vec(), 1);
    };
    let env: Vec<String> =
        args.iter().map(|argument| (*argument).to_owned()).filter(|argument| argument != image).collect();
    let digest = digest(archive, build, &env, &dir, None, None);
    work.images.push(((*image).to_owned(), digest.clone()));
    let lines = [
        "===> ANALYZING".to_owned(),
        "===> DETECTING".to_owned(),
        format!("{pack} 1.0.0"),
        "===> RESTORING".to_owned(),
        "===> BUILDING".to_owned(),
        format!("=== {pack} ==="),
        format!("Application of {} files", archive.files()),
        "===> EXPORTING".to_owned(),
        format!("*** Images ({}):", &digest[..19]),
        format!("      {image}"),
        format!("Successfully built image {image}"),
    ];
    Ran::well(lines.to_vec())
}
