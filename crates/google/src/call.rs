//! What a request to Google is, and what comes back: values that know nothing of how they are sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::patience::Patience;
use slipway_wire::repeat::Repeat;

/// What a request carries.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A JSON document.
    Json(Value),
    /// A form.
    Form(Vec<(&'static str, String)>),
    /// Bytes of a content type, in pieces that are never copied together.
    Pieces(String, Vec<Bytes>),
    /// So many bytes of a content type that lie elsewhere, read as they are sent.
    Read(String, u64, Reading),
}

/// Reads up to so many bytes from a place on.
#[derive(Clone)]
pub struct Reading(pub Arc<dyn Fn(u64, usize) -> std::io::Result<Bytes> + Send + Sync>);

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reading")
    }
}

impl Reading {
    /// The bytes as a stream; one that cannot be read breaks it off.
    pub(super) fn stream(self, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> {
        futures_util::stream::unfold((self, 0, length), async |(reading, at, length)| {
            if at >= length {
                return None;
            }
            // They were written a moment ago, so this reads memory.
            let piece = (reading.0)(at, PIECE);
            let next = piece.as_ref().map_or(length, |piece| at + (piece.len() as u64).max(1));
            Some((piece, (reading, next, length)))
        })
    }
}

/// How much of a file is in memory at a time.
const PIECE: usize = 256 << 10;

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it does, as in "read the service `web`".
    pub doing: String,
    /// The method.
    pub method: Method,
    /// The address without its query.
    pub url: String,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Body,
    /// Whether it may be sent twice.
    pub repeat: Repeat,
    /// How long it is tried.
    pub patience: Patience,
    /// Whether it carries the access token.
    pub authorized: bool,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whether the address itself is a secret and must not be shown.
    pub secret_url: bool,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}
