//! What single steps come to: docker's and the buildpacks', by looking at the source.

use super::archive::{Archive, clean};
use super::docker::{self, Docker};
use super::dockerfile::Dockerfile;
use super::{buildkit, push};
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
    if let Ok(Docker::Build(asked)) = docker::read(&args) {
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
    if args(step).first() == Some(&"buildx") && !has_buildx(step) {
        let lines = ["docker: 'buildx' is not a docker command.", "See 'docker --help'"];
        return Ran::badly(lines.map(str::to_owned).to_vec(), 1);
    }
    let asked = match docker::read(&args(step)) {
        Ok(Docker::Build(asked)) => {
            // The builder that is in use when none was made writes no cache into a registry.
            let made = work.builders > 0;
            if asked.exports_cache && !made {
                let line = "ERROR: Cache export is not supported for the docker driver.";
                return Ran::badly(vec![line.to_owned()], 1);
            }
            if args(step).first() == Some(&"buildx") && made && !asked.push && !asked.load {
                work.opaque = false;
                // The image stays in the builder's cache: nothing is there to be pushed.
                return Ran::well(vec!["WARNING: No output specified with docker-container driver.".to_owned()]);
            }
            asked
        }
        Ok(Docker::Builder) => {
            work.builders += 1;
            return Ran::well(vec!["slipway".to_owned()]);
        }
        Ok(Docker::Push(image)) => {
            let digest = local(work, &image);
            return match digest.map(|digest| push::allowed(world, build, &image).map(|()| digest)) {
                Some(Ok(digest)) => {
                    let line = format!("{image}: digest: {digest} size: 1784");
                    work.pushed.push((image, digest));
                    Ran::well(vec![line])
                }
                Some(Err((_, detail))) => Ran::badly(vec![detail], 1),
                None => Ran::badly(vec![format!("An image does not exist locally with the tag: {image}")], 1),
            };
        }
        Ok(Docker::Tag(from, to)) => {
            let Some(digest) = local(work, &from) else {
                return Ran::badly(vec![format!("Error response from daemon: No such image: {from}")], 1);
            };
            work.images.push((to, digest));
            return Ran::well(Vec::new());
        }
        Ok(Docker::Other) => return Ran::well(Vec::new()),
        Err((line, exit)) => return Ran::badly(vec![line], exit),
    };
    let dir = step["dir"].as_str().unwrap_or_default();
    let context = clean(&format!("{dir}/{}", asked.context));
    if asked.context != "-" && !archive.is_directory(&context) {
        let sentence = format!("unable to prepare context: path \"{}\" not found", asked.context);
        return Ran::badly(buildkit::nothing_to_read(&sentence), 1);
    }
    // `-f` counts from the step's directory, the default file from the context.
    let path = match &asked.file {
        Some(file) => clean(&format!("{dir}/{file}")),
        None => clean(&format!("{context}/Dockerfile")),
    };
    let Some(text) = archive.text(&path) else {
        let shown = asked.file.as_deref().unwrap_or("Dockerfile");
        let sentence = format!("failed to solve: failed to read dockerfile: open {shown}: no such file or directory");
        return Ran::badly(buildkit::nothing_to_read(&sentence), 1);
    };
    let target = asked.target.as_deref();
    let built = match Dockerfile::read(&text) {
        Ok(built) => built,
        Err(trouble) => return Ran::badly(buildkit::failure(&path, &text, None, target, &trouble), 1),
    };
    if let Err(trouble) = built.check(archive, &context, target, has_buildkit(build, step)) {
        return Ran::badly(buildkit::failure(&path, &text, Some(&built), target, &trouble), 1);
    }
    let digest = digest(archive, build, &asked.args, &context, asked.file.as_deref(), target);
    let lines = buildkit::success(&path, &text, &built, target, &asked.tags, &digest);
    work.layers.push((digest.clone(), layers(&built, target)));
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
        word @ ("COPY" | "ADD" | "WORKDIR") => Some(format!("{word} {} # buildkit", instruction.rest)),
        _ => None,
    });
    made_by.collect()
}

/// The digest of an image built so far, the latest under that name.
fn local(work: &Work, image: &str) -> Option<String> {
    work.images.iter().rev().find(|(known, _)| known == image).map(|(_, digest)| digest.clone())
}

/// Docker has BuildKit on by default since version 23; the builder's `latest` is older.
fn has_buildkit(build: &Build, step: &Value) -> bool {
    let options = build.document.get("options").map_or(Value::Null, |options| options["env"].clone());
    let mut env = step["env"].as_array().into_iter().flatten().chain(options.as_array().into_iter().flatten());
    if let Some(setting) = env.find_map(|pair| pair.as_str()?.strip_prefix("DOCKER_BUILDKIT=")) {
        return setting == "1";
    }
    args(step).first() == Some(&"buildx") || major(step).is_some_and(|major| major >= 23)
}

/// The version of docker that a step's image is tagged with.
fn major(step: &Value) -> Option<u32> {
    let tag = step["name"].as_str()?.rsplit_once(':')?.1;
    tag.split(['.', '-']).next()?.parse().ok()
}

/// Google's docker image without a tag has a version of docker that knows no `buildx`; docker brings it since 23.
fn has_buildx(step: &Value) -> bool {
    let google = step["name"].as_str().is_some_and(|name| name.starts_with("gcr.io/cloud-builders/docker"));
    major(step).map_or(!google, |major| major >= 23)
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
