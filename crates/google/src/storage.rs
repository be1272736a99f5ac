//! Cloud Storage: the staging bucket, the source archive, the build's log.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_names::json::list;
use slipway_wire::repeat::Repeat;

/// Sources are of no use once their build is over; a month leaves time to look at one.
const SOURCES_KEPT_DAYS: u32 = 30;

/// A bucket as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The number of the project that owns it.
    pub project_number: String,
    /// Whether this product made it.
    pub ours: bool,
    /// Where it is, in lower case.
    pub location: String,
    /// Whether a rule deletes its objects some day.
    pub cleans_up: bool,
}

/// Reads a bucket; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read: also a bucket of somebody else's.
pub async fn bucket(http: &Http, name: &str) -> Result<Option<Bucket>, ApiError> {
    let mut call = http.get(Api::Storage, &format!("storage/v1/b/{}", segment(name)), format!("read bucket `{name}`"));
    call.query.push(("fields", "name,projectNumber,labels,location,lifecycle".into()));
    match http.json(&call).await {
        Ok(bucket) => Ok(Some(Bucket {
            project_number: text(&bucket, "projectNumber"),
            ours: bucket.pointer("/labels/managed-by").and_then(Value::as_str) == Some("slipway"),
            location: text(&bucket, "location").to_lowercase(),
            cleans_up: bucket
                .pointer("/lifecycle/rule")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .any(|rule| rule.pointer("/action/type").and_then(Value::as_str) == Some("Delete")),
        })),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a private bucket that cleans itself up. One that is there already is left as it is.
///
/// # Errors
/// When Google refuses, such as for a name that somebody else has.
pub async fn create_bucket(http: &Http, name: &str, location: &str) -> Result<(), ApiError> {
    let body = json!({
        "name": name,
        "location": location.to_uppercase(),
        "storageClass": "STANDARD",
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}, "publicAccessPrevention": "enforced"},
        "softDeletePolicy": {"retentionDurationSeconds": "0"},
        "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": SOURCES_KEPT_DAYS}}]},
        "labels": {"managed-by": "slipway"},
    });
    // A second time answers 409, which is looked at like any other.
    let mut call = http.call(
        Method::POST,
        Api::Storage,
        "storage/v1/b",
        Body::Json(body),
        Repeat::Always,
        format!("make bucket `{name}`"),
    );
    call.query.push(("project", http.project().to_owned()));
    http.json(&call).await.map(drop)
}

/// Lets an account read and write the objects of a bucket; nothing is written when it may already.
///
/// # Errors
/// When the bucket's policy cannot be read or written.
pub async fn open_bucket_to(http: &Http, name: &str, account: &str) -> Result<(), ApiError> {
    let path = format!("storage/v1/b/{}/iam", segment(name));
    let member = format!("serviceAccount:{account}");
    let mut round = 0;
    loop {
        let mut read = http.get(Api::Storage, &path, format!("read who may use bucket `{name}`"));
        read.query.push(("optionsRequestedPolicyVersion", "3".into()));
        let mut policy = http.json(&read).await?;
        // Objects, and the bucket itself: Cloud Build looks at the bucket before it writes the log.
        let mut changed = false;
        for role in ["roles/storage.objectAdmin", "roles/storage.legacyBucketReader"] {
            changed |= add_member(&mut policy, role, &member);
        }
        if !changed {
            return Ok(());
        }
        let doing = format!("let `{account}` use bucket `{name}`");
        // Guarded by the policy's etag: a second time answers 412.
        let write = http.call(Method::PUT, Api::Storage, &path, Body::Json(policy), Repeat::Always, doing);
        match http.json(&write).await {
            Err(error) if (error.is_precondition() || error.is_conflict()) && round < 3 => round += 1,
            other => return other.map(drop),
        }
    }
}

/// Adds a member to an unconditional binding of a policy; false when it is there already.
pub(super) fn add_member(policy: &mut Value, role: &str, member: &str) -> bool {
    let bindings = list(policy, "bindings");
    let unconditional =
        |binding: &&mut Value| binding["role"] == role && binding.get("condition").is_none_or(Value::is_null);
    let members =
        bindings.iter_mut().find(unconditional).and_then(|binding| binding.get_mut("members")?.as_array_mut());
    match members {
        Some(members) if members.iter().any(|other| other == member) => false,
        Some(members) => {
            members.push(member.into());
            true
        }
        None => {
            bindings.push(json!({"role": role, "members": [member]}));
            true
        }
    }
}

/// An object that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Which writing of the name it is.
    pub generation: String,
    /// Bytes.
    pub size: u64,
    /// Base64 of the big-endian CRC32C of its bytes.
    pub crc32c: String,
}

impl Object {
    pub(super) fn from_json(object: &Value) -> Self {
        Self {
            generation: text(object, "generation"),
            size: text(object, "size").parse().unwrap_or(0),
            crc32c: text(object, "crc32c"),
        }
    }
}

const OBJECT_FIELDS: &str = "generation,size,crc32c";

/// Looks an object up; `None` when it is not there.
///
/// # Errors
/// When it may not be looked up.
pub async fn object(http: &Http, bucket: &str, name: &str) -> Result<Option<Object>, ApiError> {
    let path = format!("storage/v1/b/{}/o/{}", segment(bucket), segment(name));
    let mut call = http.get(Api::Storage, &path, format!("look for `{name}` in bucket `{bucket}`"));
    call.query.push(("fields", OBJECT_FIELDS.into()));
    match http.json(&call).await {
        Ok(object) => Ok(Some(Object::from_json(&object))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes one writing of an object; one that is gone is fine.
///
/// # Errors
/// When Google refuses.
pub async fn delete_object(http: &Http, bucket: &str, name: &str, generation: &str) -> Result<(), ApiError> {
    let path = format!("storage/v1/b/{}/o/{}", segment(bucket), segment(name));
    let mut call = http.call(
        Method::DELETE,
        Api::Storage,
        &path,
        Body::Empty,
        Repeat::Always,
        format!("delete `{name}` in bucket `{bucket}`"),
    );
    call.query.push(("generation", generation.to_owned()));
    http.reply(&call, &[404]).await.map(drop)
}

/// Stores a small object in one request, if no object has the name yet (else 412). Google compares
/// the checksum before it keeps anything.
///
/// # Errors
/// When Google refuses; `is_precondition` when the name is taken.
pub async fn insert(
    http: &Http,
    bucket: &str,
    name: &str,
    crc32c: &str,
    content: Vec<Bytes>,
) -> Result<Object, ApiError> {
    let boundary = format!("slipway-{}", slipway_wire::clock::random_hex(16));
    let metadata = json!({"name": name, "contentType": "application/gzip", "crc32c": crc32c});
    let head = format!(
        "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{metadata}\r\n--{boundary}\r\nContent-Type: application/gzip\r\n\r\n"
    );
    let mut pieces = vec![Bytes::from(head)];
    pieces.extend(content);
    pieces.push(format!("\r\n--{boundary}--\r\n").into());
    let body = Body::Pieces(format!("multipart/related; boundary={boundary}"), pieces);
    let path = format!("upload/storage/v1/b/{}/o", segment(bucket));
    // The precondition makes it repeatable: a second time finds the name taken.
    let mut call = http.call(
        Method::POST,
        Api::Storage,
        &path,
        body,
        Repeat::Always,
        format!("store `{name}` in bucket `{bucket}`"),
    );
    call.query =
        vec![("uploadType", "multipart".into()), ("ifGenerationMatch", "0".into()), ("fields", OBJECT_FIELDS.into())];
    call.timeout = std::time::Duration::from_secs(300);
    Ok(Object::from_json(&http.json(&call).await?))
}

/// What came of reading on in a growing object.
#[derive(Debug)]
pub enum Growth {
    /// More bytes.
    More(Bytes),
    /// Nothing new, or not there yet.
    Nothing,
}

/// The most of an object that one read brings: a finished log may be larger than an answer may be.
const PIECE: u64 = 1 << 20;

/// Reads an object from an offset, a piece of it; it may not exist yet and may grow between reads.
///
/// # Errors
/// When it may not be read, or passing trouble came between.
pub async fn read_from(http: &Http, bucket: &str, name: &str, offset: u64) -> Result<Growth, ApiError> {
    let path = format!("storage/v1/b/{}/o/{}", segment(bucket), segment(name));
    let mut call = http.get(Api::Storage, &path, format!("read `{name}` in bucket `{bucket}`"));
    call.query.push(("alt", "media".into()));
    call.headers.push(("range", format!("bytes={offset}-{}", offset + PIECE - 1)));
    call.patience = Patience::ONCE;
    let reply = http.reply(&call, &[404, 416]).await?;
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    Ok(match reply.status {
        206 if !reply.body.is_empty() => Growth::More(reply.body),
        // The range was ignored: the whole object came.
        200 if reply.body.len() > skip => Growth::More(reply.body.slice(skip..)),
        _ => Growth::Nothing,
    })
}

fn text(json: &Value, key: &str) -> String {
    json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A CRC32C as Cloud Storage writes it.
pub fn crc32c_text(crc32c: u32) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(crc32c.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_added_once_and_never_to_a_condition() {
        let mut policy = json!({"etag": "x", "bindings": [
            {"role": "r", "members": ["a"], "condition": {"expression": "false"}}]});
        assert!(add_member(&mut policy, "r", "a"));
        assert!(!add_member(&mut policy, "r", "a"));
        assert!(add_member(&mut policy, "r", "b"));
        assert_eq!(policy["bindings"][1], json!({"role": "r", "members": ["a", "b"]}));
        assert!(add_member(&mut json!({}), "r", "a"));
    }

    #[test]
    fn checksums_are_written_as_google_does() {
        // 1 MiB of zero bytes, as Cloud Storage itself gives it.
        assert_eq!(crc32c_text(crc32c::crc32c(&vec![0; 1 << 20])), "FCmMEg==");
    }
}
