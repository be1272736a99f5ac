//! How a build ends: status, why, step results, images.

use super::log::write_log;
use super::{judge, push};
use crate::clock;
use crate::world::{Build, ImageName, Outcome, Work, World, hex_of};
use serde_json::{Value, json};

/// The build comes to its scripted or deserved end.
pub(super) fn end(world: &mut World, index: usize) {
    let work = world.builds[index].work.clone().unwrap_or_default();
    for (image, digest) in &work.pushed {
        keep(world, &work, image, digest);
    }
    let failed = work.failed;
    match (world.builds[index].script.outcome.clone(), failed) {
        (_, Some((step, exit))) => step_failed(world, index, step, exit),
        (Outcome::InternalError, _) => {
            finish(world, index, "INTERNAL_ERROR", "internal error", &["ERROR", "ERROR: internal error"]);
            fail(world, index, "LOGGING_FAILURE", "Backend logging failures. Should retry.");
        }
        (Outcome::Timeout, _) => {
            finish(world, index, "TIMEOUT", "build timed out", &["TIMEOUT", "ERROR: context deadline exceeded"]);
            mark_steps(world, index, |_| Some(("CANCELLED", None)));
        }
        (Outcome::CancelledByOther, _) => cancelled(world, index),
        (outcome, None) => push_all(world, index, &outcome),
    }
}

/// The build stops because someone asked for it.
pub(super) fn cancelled(world: &mut World, index: usize) {
    let begun = world.builds[index].document.contains_key("startTime");
    finish(world, index, "CANCELLED", "", &["CANCELLED", "ERROR: context canceled"]);
    if begun {
        mark_steps(world, index, |_| Some(("CANCELLED", None)));
    }
}

/// The build waited in the queue for too long.
pub(super) fn expired(world: &mut World, index: usize) {
    finish(world, index, "EXPIRED", "build expired while queued", &[]);
}

/// The build cannot have its source.
pub(super) fn source_not_fetched(world: &mut World, index: usize, why: &str) {
    finish(world, index, "FAILURE", "failed to fetch source", &["ERROR", &format!("ERROR: {why}")]);
    fail(world, index, "FETCH_SOURCE_FAILED", why);
}

fn step_failed(world: &mut World, index: usize, step: usize, exit: i32) {
    let name = world.builds[index].document["steps"][step]["name"].as_str().unwrap_or_default().to_owned();
    let sentence = judge::failed_step(step, &name, exit);
    finish(world, index, "FAILURE", &sentence, &[]);
    fail(world, index, "USER_BUILD_STEP", &format!("Build step failure: {sentence}"));
    mark_steps(world, index, |known| match known {
        _ if known < step => Some(("SUCCESS", None)),
        _ if known == step => Some(("FAILURE", Some(exit))),
        _ => None,
    });
    set_results(world, index, None, step + 1);
    set_timing(world, index, &["FETCHSOURCE", "BUILD"]);
}

/// Pushes what `images` lists and ends the build accordingly.
fn push_all(world: &mut World, index: usize, outcome: &Outcome) {
    let build = &world.builds[index];
    let wanted: Vec<String> = build
        .document
        .get("images")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let mut pushed = Vec::new();
    let mut lines = if wanted.is_empty() { Vec::new() } else { vec!["PUSH".to_owned()] };
    let mut trouble = None;
    for image in &wanted {
        let result = match outcome {
            Outcome::PushNotAuthorized => Err(("PUSH_NOT_AUTHORIZED", scripted_denial(image))),
            Outcome::PushFailed => Err(("PUSH_FAILED", format!("failed to push image {image}: unexpected EOF"))),
            _ => digest_of(build, image).and_then(|digest| push::allowed(world, build, image).map(|()| digest)),
        };
        lines.push(format!("Pushing {image}"));
        match result {
            Ok(digest) => {
                let base = ImageName::read(image).map_or_else(String::new, |name| name.base);
                let tag = image.rsplit(':').next().unwrap_or_default();
                lines.push(format!("The push refers to repository [{base}]"));
                lines.push(format!("{tag}: digest: {digest} size: 1784"));
                pushed.push((image.clone(), digest));
            }
            Err((kind, detail)) => {
                trouble = Some((kind, detail, image.clone()));
                break;
            }
        }
    }
    // Images pushed before the trouble are in the registry.
    let work = world.builds[index].work.clone().unwrap_or_default();
    for (image, digest) in &pushed {
        keep(world, &work, image, digest);
    }
    let steps = world.builds[index].document["steps"].as_array().map_or(0, Vec::len);
    match trouble {
        Some((kind, detail, image)) => {
            lines.extend(["ERROR".to_owned(), format!("ERROR: {detail}")]);
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            finish(world, index, "FAILURE", &format!("push error: failed to push to {image}"), &lines);
            fail(world, index, kind, &detail);
            set_results(world, index, None, steps);
        }
        None => {
            if world.makes_nothing_up {
                lines.clear();
            }
            lines.push("DONE".to_owned());
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            finish(world, index, "SUCCESS", "", &lines);
            let mut phases = vec!["FETCHSOURCE", "BUILD"];
            if !wanted.is_empty() {
                let mut artifacts = world.builds[index].document.get("artifacts").cloned().unwrap_or_default();
                artifacts["images"] = json!(wanted);
                world.builds[index].set("artifacts", artifacts);
                phases.push("PUSH");
            }
            let with_digest = *outcome != Outcome::SuccessWithoutDigest;
            set_results(world, index, Some((&pushed, with_digest)), steps);
            set_timing(world, index, &phases);
        }
    }
    mark_steps(world, index, |_| Some(("SUCCESS", None)));
}

fn scripted_denial(image: &str) -> String {
    let repository = ImageName::read(image).map_or_else(String::new, |name| name.repository);
    format!(
        "failed to push image {image}: denied: Permission \"artifactregistry.repositories.uploadArtifacts\" denied on \
         resource \"{repository}\" (or it may not exist)"
    )
}

/// The digest of an image a step built. Steps the fake cannot see into may have built anything.
fn digest_of(build: &Build, image: &str) -> Result<String, (&'static str, String)> {
    let work = build.work.as_ref();
    let built = work.and_then(|work| work.images.iter().rev().find(|(known, _)| same(known, image)));
    match built {
        Some((_, digest)) => Ok(digest.clone()),
        None if work.is_some_and(|work| work.opaque) => {
            Ok(format!("sha256:{}", hex_of(format!("{} {image}", build.id).as_bytes())))
        }
        None => Err((
            "PUSH_IMAGE_NOT_FOUND",
            format!("failed to find one or more images after execution of build steps: [\"{image}\"]"),
        )),
    }
}

/// `a` and `a:latest` are the same image.
fn same(one: &str, other: &str) -> bool {
    ImageName::read(one).is_some_and(|one| Some(one) == ImageName::read(other)) || one == other
}

fn keep(world: &mut World, work: &Work, image: &str, digest: &str) {
    let Some(name) = ImageName::read(image) else { return };
    world.keep_image(&name, digest);
    let made_by = work.layers.iter().find(|(known, _)| known == digest).map(|(_, made_by)| made_by.clone());
    if let (Some(made_by), Some(image)) = (made_by, world.image(image)) {
        image.made_by = made_by;
    }
}

/// Writes the rest of the log, then the end: whoever sees the end can read the whole log.
fn finish(world: &mut World, index: usize, status: &str, detail: &str, lines: &[&str]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let scripted = world.builds[index].script.log.is_some();
    let work = world.builds[index].work.get_or_insert_default();
    if !scripted && !text.is_empty() {
        work.pieces.push(text.into_bytes());
    }
    let all = work.pieces.len();
    if !world.builds[index].document.contains_key("startTime") {
        // A build that never worked has no log.
        world.builds[index].work = None;
    }
    write_log(world, index, all);
    let now = world.stamp(9);
    let build = &mut world.builds[index];
    let begun = build.document.get("startTime").and_then(Value::as_str).and_then(clock::parse);
    let finished = match build.script.took.zip(begun) {
        Some((took, begun)) => clock::rfc3339(begun + i128::try_from(took.as_nanos()).unwrap_or(0), 9),
        None => now,
    };
    build.set("status", json!(status));
    build.set("finishTime", json!(finished));
    if !detail.is_empty() {
        build.set("statusDetail", json!(detail));
    }
}

fn fail(world: &mut World, index: usize, kind: &str, detail: &str) {
    world.builds[index].set("failureInfo", json!({"type": kind, "detail": detail}));
}

/// Gives steps their results; `None` for a step that never ran.
fn mark_steps(world: &mut World, index: usize, result: impl Fn(usize) -> Option<(&'static str, Option<i32>)>) {
    let span = span(&world.builds[index]);
    let Some(Value::Array(steps)) = world.builds[index].document.get_mut("steps") else { return };
    for (number, step) in steps.iter_mut().enumerate() {
        let Some((status, exit)) = result(number) else { continue };
        step["status"] = json!(status);
        step["timing"] = span.clone();
        step["pullTiming"] = span.clone();
        if let Some(exit) = exit {
            step["exitCode"] = json!(exit);
        }
    }
}

fn set_results(world: &mut World, index: usize, pushed: Option<(&[(String, String)], bool)>, steps_run: usize) {
    let build = &mut world.builds[index];
    let steps = build.document["steps"].as_array().cloned().unwrap_or_default();
    let image_of = |(number, step): (usize, &Value)| match number < steps_run {
        true => format!("sha256:{}", hex_of(step["name"].as_str().unwrap_or_default().as_bytes())),
        false => String::new(),
    };
    let step_images: Vec<String> = steps.iter().enumerate().map(image_of).collect();
    let outputs = vec![""; steps.len()];
    let mut results = json!({"buildStepImages": step_images, "buildStepOutputs": outputs});
    if let Some((pushed, with_digest)) = pushed.filter(|(pushed, _)| !pushed.is_empty()) {
        let span = span(build);
        results["images"] =
            pushed.iter().map(|(image, digest)| image_view(image, digest, with_digest, &span)).collect();
    }
    build.set("results", results);
}

fn image_view(image: &str, digest: &str, with_digest: bool, span: &Value) -> Value {
    let mut view = json!({"name": image, "pushTiming": span});
    if with_digest {
        view["digest"] = json!(digest);
    }
    if let Some(name) = ImageName::read(image) {
        view["artifactRegistryPackage"] =
            json!(format!("{}/packages/{}", name.repository, crate::uri::encode(&name.package)));
    }
    view
}

/// Fetching takes a tenth of the time, building seven, pushing two.
fn set_timing(world: &mut World, index: usize, phases: &[&str]) {
    let build = &world.builds[index];
    let of = |phase: &&str| match *phase {
        "FETCHSOURCE" => part(build, 0, 1),
        "PUSH" => part(build, 8, 10),
        _ => part(build, 1, 8),
    };
    let timing: Value = phases.iter().map(|phase| ((*phase).to_owned(), of(phase))).collect();
    world.builds[index].set("timing", timing);
}

/// The time between two tenths of the build's whole time.
fn part(build: &Build, from: i128, to: i128) -> Value {
    let at = |field: &str| build.document.get(field).and_then(Value::as_str).and_then(clock::parse);
    let (start, end) = (at("startTime").unwrap_or(0), at("finishTime").unwrap_or(0));
    let tenth = |number: i128| clock::rfc3339(start + (end - start) / 10 * number, 9);
    json!({"startTime": tenth(from), "endTime": tenth(to)})
}

/// The time of the steps; single ones are not timed.
fn span(build: &Build) -> Value {
    part(build, 1, 8)
}
