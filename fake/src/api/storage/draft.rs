//! An object about to be stored, and the laws every new object obeys, however its bytes came.

use super::objects;
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{World, crc32c_of, md5_of};
use hyper::body::Bytes;
use serde_json::{Map, Value};

/// An object about to be stored.
pub(super) struct Draft {
    /// Bucket.
    pub(super) bucket: String,
    /// Name.
    pub(super) name: String,
    /// Metadata as the client gave it.
    pub(super) document: Map<String, Value>,
    /// Bytes.
    pub(super) content: Bytes,
    /// Media type, if the metadata names none.
    pub(super) content_type: String,
    /// `ifGenerationMatch`.
    pub(super) generation_match: Option<u64>,
    /// Who stores it.
    pub(super) account: String,
    /// The `X-Goog-Hash` header.
    pub(super) hash: Option<String>,
}

/// Reads metadata; notes fields Cloud Storage would silently ignore.
pub(super) fn document(world: &mut World, text: &Bytes) -> Result<Map<String, Value>, Reply> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(text) else {
        return Err(refusal::storage(400, "parseError", "Parse Error"));
    };
    let known =
        crate::api::document(super::API.service, "Object").map(|document| &document.schemas["Object"]["properties"]);
    for name in fields.keys().filter(|name| known.is_some_and(|known| known.get(name.as_str()).is_none())) {
        world.unexpected.push(format!("storage.objects.insert: metadata field «{name}»"));
    }
    Ok(fields)
}

/// The object's name: the query's, or the metadata's.
pub(super) fn name(call: &Call, document: &Map<String, Value>) -> Result<String, Reply> {
    let name = call.query("name").or_else(|| document.get("name")?.as_str()).unwrap_or_default();
    if name.is_empty() {
        return Err(refusal::storage(400, "required", "Required parameter: name"));
    }
    if name.len() > 1024 || name.contains(['\r', '\n']) {
        return Err(refusal::storage(400, "invalid", "Invalid object name."));
    }
    Ok(name.to_owned())
}

/// `ifGenerationMatch` as a number.
pub(super) fn generation_match(call: &Call) -> Result<Option<u64>, Reply> {
    let bad = |_| refusal::storage(400, "invalid", "Invalid value for ifGenerationMatch.");
    call.query("ifGenerationMatch").map(str::parse).transpose().map_err(bad)
}

/// May this account make this object now?
pub(super) fn may(
    world: &World,
    account: &str,
    bucket: &str,
    name: &str,
    generation_match: Option<u64>,
) -> Result<(), Reply> {
    let found = super::bucket(world, account, "storage.objects.create", bucket)?;
    let existing = found.objects.get(name).map(|object| object.generation);
    if generation_match.is_some_and(|wanted| wanted != existing.unwrap_or(0)) {
        let message = "At least one of the pre-conditions you specified did not hold.";
        return Err(refusal::storage(412, "conditionNotMet", message));
    }
    if existing.is_some() {
        super::bucket(world, account, "storage.objects.delete", bucket)?;
    }
    Ok(())
}

/// Stores a draft if every law allows it.
pub(super) fn store(world: &mut World, draft: Draft) -> Answer {
    may(world, &draft.account, &draft.bucket, &draft.name, draft.generation_match)?;
    let (md5, crc) = (md5_of(&draft.content), crc32c_of(&draft.content));
    let hash = draft.hash.as_deref().unwrap_or_default();
    let from_header = |name: &str| hash.split(',').find_map(|part| part.trim().strip_prefix(name)).map(str::to_owned);
    let given = |field: &str, header: &str| {
        let field = draft.document.get(field).and_then(Value::as_str).map(str::to_owned);
        field.or_else(|| from_header(header))
    };
    for (kind, given, real) in
        [("MD5 hash", given("md5Hash", "md5="), &md5), ("CRC32C", given("crc32c", "crc32c="), &crc)]
    {
        if let Some(given) = given.filter(|given| given != real) {
            let message = format!("Provided {kind} \"{given}\" doesn't match calculated {kind} \"{real}\".");
            return Err(refusal::storage(400, "invalid", message));
        }
    }
    let content_type =
        draft.document.get("contentType").and_then(Value::as_str).unwrap_or(&draft.content_type).to_owned();
    let kept = ["cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "customTime", "metadata"];
    let mut document = draft.document;
    document.retain(|name, _| kept.contains(&name.as_str()));
    world.store(&draft.bucket, &draft.name, draft.content, &content_type, document);
    world.effect("object stored", format!("{}/{}", draft.bucket, draft.name));
    let object = world.buckets.get(&draft.bucket).and_then(|bucket| bucket.objects.get(&draft.name));
    Ok(Reply::ok(&object.map(|object| objects::view(&draft.bucket, &draft.name, object)).unwrap_or_default()))
}
