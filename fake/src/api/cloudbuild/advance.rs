//! Looking at a build, which is what makes it advance.

use super::log::{log_place, write_log};
use super::{ending, judge};
use crate::world::{Build, Outcome, Work, World};
use serde_json::json;

/// A look at the log object of a build; false if the object is no such log.
pub(crate) fn look_at_log(world: &mut World, bucket: &str, object: &str) -> bool {
    let of = |build: &Build| log_place(build).is_some_and(|(b, o)| b == bucket && o == object);
    match world.builds.iter().position(of) {
        Some(index) => {
            look(world, index);
            true
        }
        None => false,
    }
}

/// Advances a build by one state.
pub(super) fn look(world: &mut World, index: usize) {
    let build = &mut world.builds[index];
    if build.is_over() || build.script.outcome == Outcome::PendingApproval {
        return;
    }
    build.looks += 1;
    let script = build.script.clone();
    let Some(mut turn) = build.looks.checked_sub(script.queued).filter(|turn| *turn > 0) else { return };
    if script.outcome == Outcome::Expired {
        return ending::expired(world, index);
    }
    if let Some((word, times)) = &script.unknown_status {
        if turn <= *times {
            return build.set("status", json!(word));
        }
        turn -= times;
    }
    if build.work.is_none()
        && let Err(why) = begin(world, index)
    {
        return ending::source_not_fetched(world, index, &why);
    }
    if turn > script.working && script.outcome != Outcome::NeverEnds {
        return ending::end(world, index);
    }
    world.builds[index].set("status", json!("WORKING"));
    let streams =
        world.builds[index].document.get("options").is_none_or(|options| options["logStreamingOption"] != "STREAM_OFF");
    if streams {
        let last = world.builds[index].work.as_ref().map_or(0, |work| work.pieces.len().saturating_sub(1));
        write_log(world, index, last.min(turn as usize));
    }
}

/// The build starts to work: its steps are judged, its log is cut into pieces.
fn begin(world: &mut World, index: usize) -> Result<(), String> {
    let started = json!(world.stamp(9));
    let build = &mut world.builds[index];
    build.set("startTime", started);
    if let Some(source) = build.document.get("source").map(|source| source["storageSource"].clone()) {
        build.set("sourceProvenance", json!({"resolvedStorageSource": source}));
    }
    let (lines, outcome) = judge::run(world, &world.builds[index]);
    let (mut work, result) = match outcome {
        Ok(work) => (work, Ok(())),
        Err(why) => (Work::default(), Err(why)),
    };
    let script = &world.builds[index].script;
    work.pieces = match &script.log {
        Some(chunks) => chunks.clone(),
        None => pieces(&lines, script.working as usize),
    };
    // Room for the end, which a scripted log has in its own last chunk.
    work.pieces.push(Vec::new());
    world.builds[index].work = Some(work);
    result
}

/// Cuts lines into this many pieces and a rest for the end.
fn pieces(lines: &[String], count: usize) -> Vec<Vec<u8>> {
    let per_piece = lines.len().div_ceil(count + 1).max(1);
    lines.chunks(per_piece).map(|lines| format!("{}\n", lines.join("\n")).into_bytes()).collect()
}
