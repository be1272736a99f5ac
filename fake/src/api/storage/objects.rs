//! Objects: metadata, bytes by range, deletion.

use crate::api::cloudbuild;
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Manner, Reply};
use crate::uri;
use crate::world::{LogReads, Object, World};
use serde_json::{Value, json};

/// `objects.get`, metadata or, with `alt=media`, bytes.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let media = call.query("alt") == Some("media");
    let answer = if media { read(world, call) } else { metadata(world, call) };
    // Refusals of media reads are plain text.
    answer.map_err(|refusal| if media { plain(refusal) } else { refusal })
}

fn metadata(world: &World, call: &Call) -> Answer {
    let object = find(world, call, "storage.objects.get")?;
    Ok(Reply::ok(&view(call.hole("bucket"), call.hole("object"), object)))
}

fn read(world: &mut World, call: &Call) -> Answer {
    let (bucket, name) = (call.hole("bucket"), call.hole("object"));
    if cloudbuild::look_at_log(world, bucket, name) {
        match world.build_logs {
            LogReads::Open => {}
            LogReads::Reset => return Ok(Reply::lost(Manner::Cut)),
            LogReads::Status(403) => return Err(super::denied(&call.account, "storage.objects.get")),
            LogReads::Status(404) => return Err(missing(bucket, name)),
            LogReads::Status(code) => return Err(refusal::standard(refusal::Family::Storage, code, "", "")),
        }
    }
    let object = find(world, call, "storage.objects.get")?;
    let size = object.content.len();
    let dressed = |reply: Reply| {
        reply
            .with("X-Goog-Generation", object.generation.to_string())
            .with("X-Goog-Hash", format!("crc32c={},md5={}", object.crc32c, object.md5))
            .with("X-Goog-Stored-Content-Length", size.to_string())
            .with("ETag", super::etag(object.generation))
    };
    let wanted = call.header("range").filter(|_| !world.ignore_ranges).and_then(range);
    let Some(wanted) = wanted else {
        return Ok(dressed(Reply::new(200, &object.content_type, object.content.clone())));
    };
    let (first, last) = match wanted {
        (Some(first), last) => (first, last.map_or(size, |last| last.saturating_add(1)).min(size)),
        (None, last) => (size.saturating_sub(last.unwrap_or(0)), size),
    };
    if first >= last {
        let page = Reply::new(416, "text/html; charset=UTF-8", "The requested range cannot be satisfied.");
        return Ok(page.with("Content-Range", format!("bytes */{size}")));
    }
    let part = Reply::new(206, &object.content_type, object.content.slice(first..last));
    Ok(dressed(part).with("Content-Range", format!("bytes {first}-{}/{size}", last - 1)))
}

/// `objects.delete`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    find(world, call, "storage.objects.delete")?;
    let (bucket, name) = (call.hole("bucket"), call.hole("object"));
    if let Some(bucket) = world.buckets.get_mut(bucket) {
        bucket.objects.remove(name);
    }
    world.effect("object deleted", format!("{bucket}/{name}"));
    Ok(Reply::empty(204))
}

/// The object the path names, in the generation the query names, its preconditions held.
fn find<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Object, Reply> {
    let (bucket, name) = (call.hole("bucket"), call.hole("object"));
    let found = super::bucket(world, &call.account, permission, bucket)?;
    let Some(object) = found.objects.get(name) else {
        // Who may not list must not learn what is missing.
        super::bucket(world, &call.account, "storage.objects.list", bucket)
            .map_err(|_| super::denied(&call.account, permission))?;
        return Err(missing(bucket, name));
    };
    let number = |name: &str| call.query(name).and_then(|value| value.parse::<u64>().ok());
    if number("generation").is_some_and(|wanted| wanted != object.generation) {
        return Err(missing(bucket, name));
    }
    let unmatched = number("ifGenerationMatch").is_some_and(|wanted| wanted != object.generation)
        || number("ifGenerationNotMatch").is_some_and(|barred| barred == object.generation);
    if unmatched {
        let message = "At least one of the pre-conditions you specified did not hold.";
        return Err(refusal::storage(412, "conditionNotMet", message));
    }
    Ok(object)
}

fn missing(bucket: &str, name: &str) -> Reply {
    refusal::storage(404, "notFound", format!("No such object: {bucket}/{name}"))
}

fn plain(refusal: Reply) -> Reply {
    let message = serde_json::from_slice::<Value>(&refusal.body)
        .ok()
        .and_then(|body| body["error"]["message"].as_str().map(str::to_owned));
    match message {
        Some(message) => {
            Reply { headers: Vec::new(), ..Reply::new(refusal.status, "text/html; charset=UTF-8", message) }
                .with("Content-Type", "text/html; charset=UTF-8")
        }
        None => refusal,
    }
}

/// `bytes=A-`, `bytes=A-B` or `bytes=-N`; anything else is ignored, as HTTP asks.
fn range(header: &str) -> Option<(Option<usize>, Option<usize>)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let (first, last) = (number(first)?, number(last)?);
    (first.is_some() || last.is_some()).then_some((first, last))
}

/// An object's metadata as the API writes it.
pub(super) fn view(bucket: &str, name: &str, object: &Object) -> Value {
    let link = format!("https://www.googleapis.com/storage/v1/b/{bucket}/o/{}", uri::encode(name));
    let mut view = json!({
        "kind": "storage#object",
        "id": format!("{bucket}/{name}/{}", object.generation),
        "selfLink": link,
        "name": name,
        "bucket": bucket,
        "generation": object.generation.to_string(),
        "metageneration": "1",
        "contentType": object.content_type,
        "storageClass": "STANDARD",
        "size": object.content.len().to_string(),
        "md5Hash": object.md5,
        "crc32c": object.crc32c,
        "etag": super::etag(object.generation),
        "timeCreated": object.created,
        "updated": object.created
    });
    if let Value::Object(fields) = &mut view {
        fields.extend(object.document.clone());
    }
    view
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read_or_ignored() {
        assert_eq!(range("bytes=5-"), Some((Some(5), None)));
        assert_eq!(range("bytes=5-9"), Some((Some(5), Some(9))));
        assert_eq!(range("bytes=-3"), Some((None, Some(3))));
        assert_eq!(range("bytes=-"), None);
        assert_eq!(range("lines=1-"), None);
        assert_eq!(range("bytes=0-1,5-6"), None);
    }
}
