//! Looking at a build, which is what makes it advance.

use super::{ending, judge};
use crate::world::{Build, Outcome, Work, World};
use hyper::body::Bytes;
use serde_json::{Value, json};

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

/// Bucket and object of a build's log, if it goes to a bucket.
pub(super) fn log_place(build: &Build) -> Option<(String, String)> {
    let path = build.document.get("logsBucket")?.as_str()?.strip_prefix("gs://")?;
    let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
    let folder = folder.trim_matches('/');
    let slash = if folder.is_empty() { "" } else { "/" };
    Some((bucket.to_owned(), format!("{folder}{slash}log-{}.txt", build.id)))
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

/// Appends to the log object until this many pieces are in it. The object is replaced by a longer
/// one, as Cloud Build does it; a bucket that is gone or closed meanwhile gets nothing.
pub(super) fn write_log(world: &mut World, index: usize, upto: usize) {
    let build = &mut world.builds[index];
    let Some(work) = &mut build.work else { return };
    let Work { pieces, written, .. } = work;
    let fresh: Vec<u8> = pieces.iter().take(upto).skip(*written).flatten().copied().collect();
    *written = upto.max(*written);
    if fresh.is_empty() {
        return;
    }
    let (place, project, id) = (log_place(build), build.project.clone(), build.id.clone());
    let account = build.account.clone();
    let to = build.document.get("options").map(|options| options["logging"].clone()).unwrap_or_default();
    // Unless it is told otherwise, a build logs to both.
    if to != "NONE" && to != "GCS_ONLY" {
        world.log_of_build(&project, &id, &String::from_utf8_lossy(&fresh));
    }
    let Some((bucket, object)) = place else { return };
    let may = world.buckets.get(&bucket).is_some_and(|found| {
        world.allows(&account, "storage.objects.create", &found.project_number, Some(&found.policy))
    });
    if may {
        let mut whole = world.object(&bucket, &object).map(|content| content.to_vec()).unwrap_or_default();
        whole.extend_from_slice(&fresh);
        let mut document = serde_json::Map::new();
        document.insert("cacheControl".to_owned(), Value::from("no-cache"));
        world.store(&bucket, &object, Bytes::from(whole), "text/plain", document);
    }
}
