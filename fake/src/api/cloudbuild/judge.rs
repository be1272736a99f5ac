//! Running a build's steps without running anything: what they would come to, by looking at the
//! source.

use super::archive::Archive;
use super::laws;
use super::steps::{self, Ran};
use crate::world::{Build, Outcome, Work, World};

/// The log of a build's steps and what they came to. `Err` is why the source could not be fetched.
pub(super) fn run(world: &World, build: &Build) -> (Vec<String>, Result<Work, String>) {
    let mut log = vec![format!("starting build \"{}\"", build.id), String::new(), "FETCHSOURCE".to_owned()];
    let archive = match fetch(world, build, &mut log) {
        Ok(archive) => archive,
        Err(why) => return (log, Err(why)),
    };
    log.push("BUILD".to_owned());
    let mut work = Work::default();
    let scripted = build.script.outcome.clone();
    for (index, step) in build.document["steps"].as_array().into_iter().flatten().enumerate() {
        let name = step["name"].as_str().unwrap_or_default();
        let label = match step["id"].as_str() {
            Some(id) => format!("Step #{index} - \"{id}\""),
            None => format!("Step #{index}"),
        };
        log.push(format!("Starting {label}"));
        log.push(format!("{label}: Already have image (with digest): {name}"));
        let result = match &scripted {
            Outcome::StepFails { step, exit, lines } if *step == index => Ran { lines: lines.clone(), exit: *exit },
            Outcome::AsJudged => steps::judged(world, build, &archive, step, &mut work),
            _ => steps::trusted(build, &archive, step, &mut work),
        };
        log.extend(result.lines.iter().flat_map(|line| line.split('\n')).map(|line| format!("{label}: {line}")));
        log.push(format!("Finished {label}"));
        if result.exit != 0 {
            let sentence = failed_step(index, name, result.exit);
            if world.makes_nothing_up {
                log = found_wrong(&result.lines);
            }
            log.extend(["ERROR".to_owned(), format!("ERROR: {sentence}")]);
            work.failed = Some((index, result.exit));
            break;
        }
    }
    if world.makes_nothing_up && work.failed.is_none() {
        log = vec![READ.to_owned()];
    }
    (log, Ok(work))
}

/// All that a log says where nothing is made up.
const READ: &str = "The embedded cloud has read the source and what the build asks for; it builds nothing";

/// Of a failed step's log what was really found in the source, without what a builder would have done before.
fn found_wrong(lines: &[String]) -> Vec<String> {
    let excerpt = lines.iter().position(|line| line.starts_with("------"));
    let from = excerpt.unwrap_or(lines.len().saturating_sub(2));
    std::iter::once(READ.to_owned()).chain(lines.iter().skip(from).cloned()).collect()
}

/// How Cloud Build words a failed step.
pub(super) fn failed_step(index: usize, name: &str, exit: i32) -> String {
    format!("build step {index} \"{name}\" failed: step exited with non-zero status: {exit}")
}

fn fetch(world: &World, build: &Build, log: &mut Vec<String>) -> Result<Archive, String> {
    let Some(source) = build.document.get("source").map(|source| &source["storageSource"]) else {
        return Ok(Archive::default());
    };
    let text = |field: &str| source[field].as_str().unwrap_or_default();
    let (bucket, object) = (text("bucket"), text("object"));
    log.push(format!("Fetching storage object: gs://{bucket}/{object}#{}", text("generation")));
    let denied = format!(
        "failed unarchiving source: {} does not have storage.objects.get access to the Google Cloud Storage object.",
        build.account
    );
    let may_read = laws::can_read(world, &build.account, bucket);
    if build.script.outcome == Outcome::FetchSourceFailed || !may_read {
        return Err(denied);
    }
    let found = world.buckets.get(bucket).and_then(|bucket| bucket.objects.get(object));
    let wanted = |generation: u64| source["generation"].is_null() || text("generation") == generation.to_string();
    let found = found.filter(|found| wanted(found.generation));
    let content = &found.ok_or_else(|| format!("No such object: {bucket}/{object}#{}", text("generation")))?.content;
    log.push(format!("Copying gs://{bucket}/{object}#{}...", text("generation")));
    log.push(format!("/ [1 files][ {} B/ {} B]", content.len(), content.len()));
    log.push(format!("Operation completed over 1 objects/{} B.", content.len()));
    match Archive::read(content) {
        // A scripted end does not depend on the source.
        Err(_) if build.script.outcome != Outcome::AsJudged => Ok(Archive::default()),
        read => read,
    }
}
