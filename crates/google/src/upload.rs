//! Resumable uploads: a stream of chunks that survives broken connections and lost replies.
//!
//! The protocol is Cloud Storage's (docs: storage/docs/resumable-uploads): a session address is asked for once, then
//! chunks are put to it; after any trouble the session is asked how much it has, and the rest of
//! the chunk is sent. Nothing is ever sent without knowing where it belongs.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{LOCATION, RANGE};
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::{ApiError, ErrorKind};
use super::http::{Body, Call, Http, Reply};
use super::patience::Patience;
use super::storage::Object;
use slipway_wire::clock::jitter;
use slipway_wire::repeat::Repeat;

/// Every chunk but the last has this size: a multiple of 256 KiB as the protocol demands, large
/// enough that the reply's round trip does not matter, small enough to be kept for resending.
pub const CHUNK: u64 = 8 << 20;

/// Failures in a row, without a byte more stored, after which the upload is given up.
const FAILURES_IN_A_ROW: u32 = 6;

/// A chunk of 8 MiB takes 60 s at 1 Mbit/s; slower lines than that are broken ones.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(120);

/// A part of the stream, in the pieces it came in.
#[derive(Debug, Default)]
pub struct Chunk {
    pieces: Vec<Bytes>,
    /// Its length in bytes.
    pub length: u64,
}

impl Chunk {
    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.length += piece.len() as u64;
        self.pieces.push(piece);
    }

    /// The pieces, for a request that takes all of them.
    pub fn into_pieces(self) -> Vec<Bytes> {
        self.pieces
    }

    /// What stands behind the first `skip` bytes.
    fn after(&self, skip: u64) -> Vec<Bytes> {
        let mut skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut rest = Vec::new();
        for piece in &self.pieces {
            if skip < piece.len() {
                rest.push(piece.slice(skip..));
            }
            skip = skip.saturating_sub(piece.len());
        }
        rest
    }
}

/// Why an upload ended without an object.
#[derive(Debug)]
pub enum UploadError {
    /// The session is gone; the stream must start again from its beginning.
    SessionLost,
    /// An object of that name appeared meanwhile.
    NameTaken,
    /// Anything else.
    Api(ApiError),
}

/// An upload that has begun.
#[derive(Debug, Clone)]
pub struct Session {
    url: String,
    doing: String,
    stored: u64,
}

impl Session {
    /// The session's address; whoever has it can write the object.
    pub fn url(&self) -> &str {
        &self.url
    }
}

enum Put {
    Stored(u64),
    Done(Object),
}

/// Opens a session for an object that must not exist yet.
///
/// # Errors
/// When Google refuses; [`UploadError::NameTaken`] when there is such an object.
pub async fn begin(http: &Http, bucket: &str, name: &str) -> Result<Session, UploadError> {
    let doing = format!("store `{name}` in bucket `{bucket}`");
    let path = format!("upload/storage/v1/b/{}/o", segment(bucket));
    // An abandoned session costs nothing and writes nothing, so a second one does no harm.
    let body = Body::Json(json!({"name": name, "contentType": "application/gzip"}));
    let mut call = http.call(Method::POST, Api::Storage, &path, body, Repeat::Always, doing.clone());
    call.query = vec![
        ("uploadType", "resumable".into()),
        ("name", name.to_owned()),
        ("ifGenerationMatch", "0".into()),
        ("fields", "generation,size,crc32c".into()),
    ];
    call.headers.push(("x-upload-content-type", "application/gzip".into()));
    let reply = http.reply(&call, &[]).await.map_err(UploadError::from_api)?;
    let url = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    // The chunks carry the token; they may only go to where the session was asked for.
    let root = http.url(Api::Storage, "");
    if !url.starts_with(&root) {
        let kind = ErrorKind::Unreadable("the session it opened is at another host".into());
        return Err(UploadError::Api(ApiError { kind, ..nothing(http, &call) }));
    }
    http.hide(&url);
    Ok(Session { url, doing, stored: 0 })
}

impl Session {
    /// Sends a chunk that is not the last; its length is [`CHUNK`].
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn send(&mut self, http: &Http, chunk: &Chunk) -> Result<(), UploadError> {
        match self.put_all(http, chunk, None).await? {
            None => Ok(()),
            Some(_) => Err(UploadError::SessionLost),
        }
    }

    /// Sends the last chunk, which may be of any length, and gets the object.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn finish(mut self, http: &Http, chunk: &Chunk) -> Result<Object, UploadError> {
        let total = self.stored + chunk.length;
        self.put_all(http, chunk, Some(total)).await?.ok_or(UploadError::SessionLost)
    }

    /// Puts a chunk until all of it is stored. `total` is known for the last chunk only.
    async fn put_all(&mut self, http: &Http, chunk: &Chunk, total: Option<u64>) -> Result<Option<Object>, UploadError> {
        let start = self.stored;
        let end = start + chunk.length;
        let mut failures = 0;
        let mut unsure = false;
        loop {
            let put = if unsure { self.ask(http, total).await } else { self.put(http, chunk, start, end, total).await };
            match put {
                Ok(Put::Done(object)) => return Ok(Some(object)),
                Ok(Put::Stored(stored)) if stored >= end && total.is_none() => {
                    self.stored = end;
                    return Ok(None);
                }
                // Storing less than was sent is allowed; storing less than before is another upload.
                Ok(Put::Stored(stored)) if stored < start => return Err(UploadError::SessionLost),
                Ok(Put::Stored(stored)) => {
                    if stored > self.stored {
                        failures = 0;
                    } else if !unsure {
                        failures += 1;
                    }
                    self.stored = stored;
                    unsure = false;
                }
                Err(error) if matches!(error.status(), Some(404 | 410)) => return Err(UploadError::SessionLost),
                Err(error) if error.is_transient() => {
                    failures += 1;
                    if failures >= FAILURES_IN_A_ROW {
                        return Err(UploadError::Api(error));
                    }
                    unsure = true;
                    let pause = error
                        .retry_after()
                        .unwrap_or_else(|| jitter(Duration::from_secs(1 << failures.min(5)), 0.3, 1.0));
                    http.clock().sleep(pause).await;
                }
                Err(error) => return Err(UploadError::from_api(error)),
            }
            if failures >= FAILURES_IN_A_ROW {
                return Err(UploadError::SessionLost);
            }
        }
    }

    async fn put(&self, http: &Http, chunk: &Chunk, start: u64, end: u64, total: Option<u64>) -> Result<Put, ApiError> {
        let whole = total.map_or("*".to_owned(), |total| total.to_string());
        let rest = chunk.after(self.stored - start);
        let range = if rest.is_empty() {
            format!("bytes */{whole}")
        } else {
            format!("bytes {}-{}/{whole}", self.stored, end - 1)
        };
        self.exchange(http, range, Body::Pieces("application/gzip".into(), rest)).await
    }

    /// Asks how much of the object the session has.
    async fn ask(&self, http: &Http, total: Option<u64>) -> Result<Put, ApiError> {
        let whole = total.map_or("*".to_owned(), |total| total.to_string());
        self.exchange(http, format!("bytes */{whole}"), Body::Empty).await
    }

    async fn exchange(&self, http: &Http, range: String, body: Body) -> Result<Put, ApiError> {
        let call = Call {
            doing: self.doing.clone(),
            method: Method::PUT,
            url: self.url.clone(),
            query: Vec::new(),
            headers: vec![("content-range", range)],
            body,
            repeat: Repeat::WithoutEffect,
            patience: Patience::ONCE,
            authorized: true,
            timeout: CHUNK_TIMEOUT,
            secret_url: true,
        };
        let reply = http.reply(&call, &[308]).await?;
        if reply.status == 308 {
            return Ok(Put::Stored(stored_bytes(&reply)));
        }
        let object: Value = serde_json::from_slice(&reply.body)
            .map_err(|error| ApiError { kind: ErrorKind::Unreadable(error.to_string()), ..nothing(http, &call) })?;
        Ok(Put::Done(Object::from_json(&object)))
    }
}

/// `Range: bytes=0-N` of a 308 says that N+1 bytes are stored; no such header, that none are.
fn stored_bytes(reply: &Reply) -> u64 {
    let range = reply.headers.get(RANGE).and_then(|value| value.to_str().ok());
    range.and_then(|range| range.rsplit('-').next()?.parse::<u64>().ok()).map_or(0, |last| last + 1)
}

impl UploadError {
    fn from_api(error: ApiError) -> Self {
        if error.is_precondition() { UploadError::NameTaken } else { UploadError::Api(error) }
    }
}

fn nothing(http: &Http, call: &Call) -> ApiError {
    ApiError {
        doing: call.doing.clone(),
        request: format!("{} the upload session", call.method),
        principal: std::sync::Arc::clone(http.principal()),
        project: http.project().to_owned(),
        attempts: 1,
        elapsed: Duration::ZERO,
        kind: ErrorKind::Unreadable(String::new()),
    }
}

/// Gives an upload up: the session is deleted, so that what it has is not kept for a week.
///
/// # Errors
/// When Google cannot be asked; nothing depends on it.
pub async fn abandon(http: &Http, url: &str) -> Result<(), ApiError> {
    let call = Call {
        doing: "end the upload session".into(),
        method: Method::DELETE,
        url: url.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Empty,
        repeat: Repeat::Always,
        patience: Patience::ONCE,
        authorized: true,
        timeout: Duration::from_secs(2),
        secret_url: true,
    };
    http.reply(&call, &[404, 410, 499]).await.map(drop)
}
