//! The one path every request to Google takes: build, authorize, send, sort the answer, try again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::Value;
use url::Url;

use super::endpoints::{Api, Endpoints};
use super::error::{ApiError, Kind};
use super::refusal::Refusal;
use super::retry::{self, Patience, Repeat, Verdict};
use super::token::{TokenError, Tokens, chain};
use crate::clock::{Clock, jitter};
use crate::model::json::kind;
use crate::model::principal::Principal;
use crate::net::Clients;

/// Answers above this size are no answers of these APIs.
const LARGEST_ANSWER: usize = 16 << 20;

/// Of an error answer nothing behind this is of use.
const LARGEST_ERROR: usize = 64 << 10;

/// Most calls answer at once; a minute covers the long poll of an operation (30 s).
const TIMEOUT: Duration = Duration::from_secs(60);

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
    fn stream(self, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> {
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

/// The only client that carries the access token.
#[derive(Debug)]
pub struct Http {
    clients: Clients,
    tokens: Tokens,
    endpoints: Endpoints,
    clock: Clock,
    project: String,
}

impl Http {
    /// A client for one account and project.
    pub fn new(clients: Clients, tokens: Tokens, endpoints: Endpoints, clock: Clock, project: String) -> Self {
        Self { clients, tokens, endpoints, clock, project }
    }

    /// The clock everything here waits by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The address of a method.
    pub fn url(&self, api: Api, path: &str) -> String {
        self.endpoints.url(api, path)
    }

    /// Who asks.
    pub fn principal(&self) -> &Arc<Principal> {
        self.tokens.principal()
    }

    /// An access token, fetched unless there is a good one.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn sign_in(&self) -> Result<(), Arc<TokenError>> {
        self.tokens.access(self, None).await.map(drop)
    }

    /// An identity token for a service of the user's.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn identity_token(&self, audience: &str) -> Result<String, TokenError> {
        self.tokens.identity(self, audience).await
    }

    /// A token that Identity-Aware Proxy takes in front of an address.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn proxy_token(&self, address: &str) -> Result<String, TokenError> {
        self.tokens.for_proxy(self, address).await
    }

    /// Hides a secret that an answer brought, before anything else is printed.
    pub fn hide(&self, secret: &str) {
        self.tokens.hide(secret);
    }

    /// The project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// A read: it may be repeated.
    pub fn get(&self, api: Api, path: &str, doing: impl Into<String>) -> Call {
        self.call(Method::GET, api, path, Body::Empty, Repeat::Always, doing)
    }

    /// The addresses of Google's APIs.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Any other request; its author says whether it may be repeated.
    pub fn call(
        &self,
        method: Method,
        api: Api,
        path: &str,
        body: Body,
        repeat: Repeat,
        doing: impl Into<String>,
    ) -> Call {
        Call {
            doing: doing.into(),
            method,
            url: self.endpoints.url(api, path),
            query: Vec::new(),
            headers: Vec::new(),
            body,
            repeat,
            patience: Patience::USUAL,
            authorized: true,
            timeout: TIMEOUT,
            secret_url: false,
        }
    }

    /// Sends a request and reads the answer as JSON.
    ///
    /// # Errors
    /// What went wrong, after all attempts.
    pub async fn json(&self, call: &Call) -> Result<Value, ApiError> {
        self.json_with(call, Ok).await
    }

    /// Sends a request and takes from the JSON of its answer what is needed. An answer that `take` finds nothing in
    /// is trouble like a broken connection: it is asked again where the request may be repeated.
    ///
    /// # Errors
    /// What went wrong, after all attempts.
    pub(super) async fn json_with<T>(
        &self,
        call: &Call,
        take: impl Fn(Value) -> Result<T, String>,
    ) -> Result<T, ApiError> {
        // An answer cut short is trouble like a broken connection, so it is judged inside the loop.
        let accept = |reply: Reply| match serde_json::from_slice::<Value>(&reply.body) {
            Ok(value @ Value::Object(_)) => take(value),
            Ok(other) => Err(format!("{} with {} where an object belongs", reply.status, kind(&other))),
            Err(error) => Err(format!("{} with a body that is no JSON ({error})", reply.status)),
        };
        self.attempts_with(call, &[], accept).await
    }

    /// Sends a request and takes from its answer, headers included, what is needed; as `json_with`.
    ///
    /// # Errors
    /// What went wrong, after all attempts.
    pub(super) async fn reply_with<T>(
        &self,
        call: &Call,
        take: impl Fn(Reply) -> Result<T, String>,
    ) -> Result<T, ApiError> {
        self.attempts_with(call, &[], take).await
    }

    /// Sends a request whose answer is not JSON, or is not only a body. Statuses in `fine` are
    /// answers like those below 300.
    ///
    /// # Errors
    /// What went wrong, after all attempts.
    pub async fn reply(&self, call: &Call, fine: &[u16]) -> Result<Reply, ApiError> {
        self.attempts_with(call, fine, Ok).await
    }

    /// The error for an answer that came and does not hold what it must.
    pub(super) fn unreadable(&self, call: &Call, why: &str) -> ApiError {
        ApiError {
            doing: call.doing.clone(),
            request: format!("{} {}", call.method, call.url),
            principal: Arc::clone(self.tokens.principal()),
            project: self.project.clone(),
            attempts: 1,
            elapsed: Duration::ZERO,
            kind: Kind::Unreadable(why.to_owned()),
        }
    }

    async fn attempts_with<T>(
        &self,
        call: &Call,
        fine: &[u16],
        accept: impl Fn(Reply) -> Result<T, String>,
    ) -> Result<T, ApiError> {
        let begun = Instant::now();
        let limit = self.clock.limit(call.patience.time);
        let mut attempts = 1;
        let mut sent = 0;
        // The token that Google refused, from then on.
        let mut refused: Option<String> = None;
        let mut quota_project = self.tokens.quota_project().map(ToString::to_string);
        let failed = |sent: u32, kind: Kind| ApiError {
            doing: call.doing.clone(),
            request: format!("{} {}", call.method, if call.secret_url { "the upload session" } else { &call.url }),
            principal: Arc::clone(self.tokens.principal()),
            project: self.project.clone(),
            attempts: sent,
            elapsed: begun.elapsed(),
            kind,
        };
        loop {
            sent += 1;
            let token = match call.authorized {
                true => Some(self.tokens.access(self, refused.as_deref()).await),
                false => None,
            };
            let token = token.transpose().map_err(|why| failed(sent, Kind::Token(why)))?;
            let kind = match self.attempt(call, fine, token.as_deref(), quota_project.as_deref()).await {
                Ok(reply) => match accept(reply) {
                    Ok(value) => return Ok(value),
                    Err(why) => Kind::Unreadable(why),
                },
                Err(kind) => kind,
            };
            let error = failed(sent, kind);
            // A token can end early, by another clock or by revocation: one new one, then it counts.
            if error.status() == Some(401) && token.is_some() && refused.is_none() {
                refused = token;
                continue;
            }
            // A person's requests count for the project of the program that they signed in with, where nothing says
            // otherwise, and many APIs are not enabled there. This one counts for the project that it is for.
            if error.wants_quota_project() && token.is_some() && quota_project.is_none() {
                quota_project = Some(self.project.clone());
                continue;
            }
            let random = jitter(Duration::from_secs(1), 0.0, 1.0).as_secs_f64();
            match retry::verdict(&error, call.repeat, attempts, call.patience, random) {
                Verdict::Again { after, counts } if after < limit.left(&self.clock) => {
                    attempts += u32::from(counts);
                    self.clock.sleep(after).await;
                }
                _ => return Err(error),
            }
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        fine: &[u16],
        token: Option<&str>,
        quota_project: Option<&str>,
    ) -> Result<Reply, Kind> {
        let address = Url::parse(&call.url).map_err(|why| Kind::NotSent(format!("no address: {why}")))?;
        let mut request = self.clients.to(&address).request(call.method.clone(), address).timeout(call.timeout);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        request = match &call.body {
            Body::Empty if call.method == Method::GET || call.method == Method::DELETE => request,
            // Google's front ends answer 411 to a write without a length.
            Body::Empty => request.header(CONTENT_LENGTH, 0),
            Body::Json(json) => request.json(json),
            Body::Form(form) => request.form(form),
            Body::Pieces(kind, pieces) => {
                let length: usize = pieces.iter().map(Bytes::len).sum();
                let pieces =
                    futures_util::stream::iter(pieces.clone().into_iter().map(Ok::<_, std::convert::Infallible>));
                // Without a length the body would travel in HTTP's chunks, which uploads do not take.
                request
                    .header(CONTENT_TYPE, kind)
                    .header(CONTENT_LENGTH, length)
                    .body(reqwest::Body::wrap_stream(pieces))
            }
            Body::Read(kind, length, reading) => request
                .header(CONTENT_TYPE, kind)
                .header(CONTENT_LENGTH, *length)
                .body(reqwest::Body::wrap_stream(reading.clone().stream(*length))),
        };
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, bearer(token));
            if let Some(project) = quota_project {
                request = request.header("x-goog-user-project", project);
            }
        }
        let response = request.send().await.map_err(|error| sort(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let good = status < 300 || fine.contains(&status);
        let body = read(response, if good { LARGEST_ANSWER } else { LARGEST_ERROR }, good).await?;
        if good {
            return Ok(Reply { status, headers, body });
        }
        let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let mut refusal = Refusal::read(status, after, &body);
        if (300..400).contains(&status) {
            let to = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
            refusal.message = format!("a redirect to {to}, which is not followed because requests carry a token");
        }
        Err(Kind::Refused(Box::new(refusal)))
    }
}

fn bearer(token: &str) -> HeaderValue {
    // A token that is no header value is no token; Google then answers 401, which says so.
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// Reads a body up to a size; an error's body is cut there, an answer's is refused.
async fn read(mut response: reqwest::Response, largest: usize, whole: bool) -> Result<Bytes, Kind> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body.into()),
            Ok(Some(chunk)) if body.len() + chunk.len() <= largest => body.extend_from_slice(&chunk),
            Ok(Some(_)) if whole => return Err(Kind::Unreadable(format!("more than {} MiB", largest >> 20))),
            Ok(Some(chunk)) => {
                body.extend(chunk.iter().take(largest.saturating_sub(body.len())));
                return Ok(body.into());
            }
            // An error answer that breaks off has said what matters: its status.
            Err(_) if !whole => return Ok(body.into()),
            Err(error) => return Err(sort(&error)),
        }
    }
}

/// Whether a request that failed underway can have had its effect.
fn sort(error: &reqwest::Error) -> Kind {
    // The address may hold an upload session, which is a secret; the caller names the request.
    let text = chain(error);
    let text = error.url().map_or(text.clone(), |url| text.replace(url.as_str(), "the address"));
    let text = if error.is_timeout() && !text.contains("timed out") { format!("timed out: {text}") } else { text };
    if is_distrust(error) {
        Kind::Untrusted(text)
    } else if error.is_connect() || error.is_builder() {
        Kind::NotSent(text)
    } else {
        Kind::NoAnswer(text)
    }
}

/// Whether the other side's certificate was refused: trying again would meet the same one.
fn is_distrust(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(|error| error.get_ref())
            .map(|error| error as &dyn std::error::Error);
        let tls = inner.unwrap_or(cause).downcast_ref::<rustls::Error>();
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = inner.or_else(|| cause.source());
    }
    false
}
