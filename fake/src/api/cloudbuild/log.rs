//! The log object of a build: where it is, and how it grows.

use crate::world::{Build, Work, World};
use hyper::body::Bytes;
use serde_json::Value;

/// Bucket and object of a build's log, if it goes to a bucket.
pub(super) fn log_place(build: &Build) -> Option<(String, String)> {
    let path = build.document.get("logsBucket")?.as_str()?.strip_prefix("gs://")?;
    let (bucket, folder) = path.split_once('/').unwrap_or((path, ""));
    let folder = folder.trim_matches('/');
    let slash = if folder.is_empty() { "" } else { "/" };
    Some((bucket.to_owned(), format!("{folder}{slash}log-{}.txt", build.id)))
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
