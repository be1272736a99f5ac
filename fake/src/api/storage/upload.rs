//! `objects.insert`: simple and multipart uploads.

use super::draft::{self, Draft};
use super::{multipart, resumable};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::World;
use hyper::body::Bytes;
use serde_json::{Map, Value};

/// `objects.insert` in its three forms.
pub(super) fn insert(world: &mut World, call: &Call) -> Answer {
    match call.query("uploadType") {
        Some("media") => {
            let content_type = call.header("content-type").unwrap_or("application/octet-stream");
            let whole = draft_of(call, Map::new(), call.body.clone(), content_type)?;
            draft::store(world, whole)
        }
        Some("multipart") => {
            let bad = || refusal::storage(400, "badRequest", "Malformed multipart body.");
            let boundary = call.header("content-type").and_then(multipart::boundary).ok_or_else(bad)?;
            let parts = multipart::parts(&call.body, boundary).ok_or_else(bad)?;
            // Google's own client sends the checksums of what it read while sending it behind the content.
            let (metadata, content, trailing) = match parts.as_slice() {
                [metadata, content] => (metadata, content, None),
                [metadata, content, trailing] => (metadata, content, Some(trailing)),
                _ => return Err(bad()),
            };
            let mut document = draft::document(world, &metadata.content)?;
            if let Some(trailing) = trailing {
                document.extend(draft::document(world, &trailing.content)?);
            }
            let content_type = content.content_type.as_deref().unwrap_or("application/octet-stream");
            let whole = draft_of(call, document, content.content.clone(), content_type)?;
            draft::store(world, whole)
        }
        Some("resumable") => resumable::start(world, call),
        other => {
            let given = other.unwrap_or_default();
            Err(refusal::storage(400, "invalid", format!("Upload requests must have an uploadType, not '{given}'.")))
        }
    }
}

fn draft_of(call: &Call, document: Map<String, Value>, content: Bytes, content_type: &str) -> Result<Draft, Reply> {
    Ok(Draft {
        bucket: call.hole("bucket").to_owned(),
        name: draft::name(call, &document)?,
        document,
        content,
        content_type: content_type.to_owned(),
        generation_match: draft::generation_match(call)?,
        account: call.account.clone(),
        hash: call.header("x-goog-hash").map(str::to_owned),
    })
}
