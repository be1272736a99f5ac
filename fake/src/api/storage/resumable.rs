//! Resumable uploads: a session, chunks, questions how far it came.

use super::draft::{self, Draft, store};
use super::objects;
use crate::call::Call;
use crate::fields;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::uri;
use crate::world::{Upload, UploadState, World};
use hyper::body::Bytes;
use serde_json::Value;

/// Every chunk but the last is a multiple of this.
const QUANTUM: usize = 262_144;

/// Opens a session and says where it is.
pub(super) fn start(world: &mut World, call: &Call) -> Answer {
    let mut document = draft::document(world, &call.body)?;
    let (bucket, object) = (call.hole("bucket"), draft::name(call, &document)?);
    let generation_match = draft::generation_match(call)?;
    draft::may(world, &call.account, bucket, &object, generation_match)?;
    if let (None, Some(kind)) = (document.get("contentType"), call.header("x-upload-content-type")) {
        document.insert("contentType".to_owned(), Value::from(kind));
    }
    let id = format!("ADPycd{}", world.fresh_hex("upload", 48));
    let session = Upload {
        bucket: bucket.to_owned(),
        object,
        document,
        generation_match,
        account: call.account.clone(),
        fields: call.query("fields").map(str::to_owned),
        total: call.header("x-upload-content-length").and_then(|length| length.parse().ok()),
        received: Vec::new(),
        state: UploadState::Open,
    };
    world.uploads.insert(id.clone(), session);
    let location =
        format!("{}/upload/storage/v1/b/{}/o?uploadType=resumable&upload_id={id}", call.base, uri::encode(bucket));
    Ok(Reply::empty(200).with("Location", location).with("X-GUploader-UploadID", id))
}

/// What a `Content-Range` says: the bytes sent, and the total if it is known.
#[derive(Debug, PartialEq)]
struct Sent {
    range: Option<(usize, usize)>,
    total: Option<usize>,
}

/// A chunk, or the question how far the upload came.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let id = call.query("upload_id").unwrap_or_default().to_owned();
    let Some(upload) = world.uploads.get(&id) else {
        return Err(refusal::storage(404, "notFound", "No such upload session."));
    };
    match upload.state {
        UploadState::Gone(status) => return Err(refusal::standard(refusal::Family::Storage, status, "", "")),
        UploadState::Done(generation) => return Ok(done(world, &id, generation)),
        UploadState::Open => {}
    }
    let bad = |message: &str| refusal::storage(400, "badRequest", message);
    let sent = match call.header("content-range") {
        Some(header) => sent(header).ok_or_else(|| bad("Failed to parse Content-Range header."))?,
        // Without the header the body is the whole object.
        None => Sent { range: call.body.len().checked_sub(1).map(|last| (0, last)), total: Some(call.body.len()) },
    };
    let Some((first, last)) = sent.range else {
        if !call.body.is_empty() {
            return Err(bad("A status query must not have a body."));
        }
        return progress(world, &id, sent.total);
    };
    let have = upload.received.len();
    if last + 1 - first != call.body.len() {
        return Err(bad("The Content-Range does not fit the length of the body."));
    }
    let announced = upload.total;
    if let (Some(total), Some(announced)) = (sent.total, announced)
        && total != announced
    {
        return Err(bad("The total size differs from the one announced at the start."));
    }
    if sent.total.is_some_and(|total| last >= total) {
        return Err(bad("The Content-Range exceeds the total size."));
    }
    if first > have {
        return Err(bad("The chunk does not begin where the stored bytes end."));
    }
    let is_last = sent.total == Some(last + 1);
    if !is_last && !call.body.len().is_multiple_of(QUANTUM) {
        world
            .unexpected
            .push(format!("storage.upload.put: a chunk of {} bytes is not a multiple of 256 KiB", call.body.len()));
        return Err(bad("Chunks other than the last must be a multiple of 262144 bytes."));
    }
    let fresh = call.body.slice((have - first).min(call.body.len())..);
    let cap = world.store_at_most.map_or(usize::MAX, |most| (most / QUANTUM).max(1) * QUANTUM);
    if let Some(upload) = world.uploads.get_mut(&id) {
        upload.received.extend_from_slice(&fresh[..fresh.len().min(cap)]);
    }
    finish_or_report(world, &id, sent.total, call.header("x-goog-hash"))
}

fn progress(world: &mut World, id: &str, total: Option<usize>) -> Answer {
    finish_or_report(world, id, total, None)
}

/// Makes the object if all bytes are there, else says how many are.
fn finish_or_report(world: &mut World, id: &str, total: Option<usize>, hash: Option<&str>) -> Answer {
    let Some(upload) = world.uploads.get_mut(id) else {
        return Err(refusal::storage(404, "notFound", "No such upload session."));
    };
    let have = upload.received.len();
    if total != Some(have) {
        let reply = Reply::empty(308);
        return Ok(if have == 0 { reply } else { reply.with("Range", format!("bytes=0-{}", have - 1)) });
    }
    let (bucket, name) = (upload.bucket.clone(), upload.object.clone());
    let draft = Draft {
        bucket: bucket.clone(),
        name: name.clone(),
        document: upload.document.clone(),
        content: Bytes::from(std::mem::take(&mut upload.received)),
        content_type: "application/octet-stream".to_owned(),
        generation_match: upload.generation_match,
        account: upload.account.clone(),
        hash: hash.map(str::to_owned),
    };
    let stored = store(world, draft);
    let object = world.buckets.get(&bucket).and_then(|bucket| bucket.objects.get(&name));
    let generation = object.map_or(0, |object| object.generation);
    if let Some(session) = world.uploads.get_mut(id) {
        session.state = if stored.is_ok() { UploadState::Done(generation) } else { UploadState::Gone(410) };
    }
    stored.map(|_| done(world, id, generation))
}

/// The finished object, as the session's opener wanted it.
fn done(world: &World, id: &str, generation: u64) -> Reply {
    let view = world.uploads.get(id).and_then(|upload| {
        let object = world.buckets.get(&upload.bucket)?.objects.get(&upload.object)?;
        let view = objects::view(&upload.bucket, &upload.object, object);
        let selection = upload.fields.as_deref().and_then(|text| fields::read(text).ok());
        (object.generation == generation).then(|| selection.map_or(view.clone(), |selection| selection.take(&view)))
    });
    match view {
        Some(view) => Reply::ok(&view),
        None => refusal::storage(404, "notFound", "The uploaded object was replaced since."),
    }
}

/// Gives an upload up.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.query("upload_id").unwrap_or_default();
    match world.uploads.get_mut(id) {
        Some(upload) if upload.state == UploadState::Open => {
            upload.state = UploadState::Gone(410);
            world.effect("upload dropped", id);
            Ok(Reply::empty(499))
        }
        _ => Err(refusal::storage(404, "notFound", "No such upload session.")),
    }
}

/// Reads `bytes A-B/T`, `bytes A-B/*`, `bytes */T` and `bytes */*`.
fn sent(header: &str) -> Option<Sent> {
    let (range, total) = header.strip_prefix("bytes ")?.split_once('/')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let range = match range {
        "*" => None,
        _ => {
            let (first, last): (usize, usize) = {
                let (first, last) = range.split_once('-')?;
                (first.parse().ok()?, last.parse().ok()?)
            };
            Some((first, last)).filter(|(first, last)| first <= last)?.into()
        }
    };
    Some(Sent { range, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_or_refused() {
        let read = |header: &str| sent(header).map(|sent| (sent.range, sent.total));
        assert_eq!(read("bytes 0-9/10"), Some((Some((0, 9)), Some(10))));
        assert_eq!(read("bytes 0-9/*"), Some((Some((0, 9)), None)));
        assert_eq!(read("bytes */10"), Some((None, Some(10))));
        assert_eq!(read("bytes */*"), Some((None, None)));
        assert_eq!(read("bytes 9-0/10"), None);
        assert_eq!(read("0-9/10"), None);
    }
}
