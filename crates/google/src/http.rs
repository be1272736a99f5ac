//! The one path every request to Google takes: build, authorize, send, sort the answer, try again.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::Value;
use url::Url;

pub use super::call::{Body, Call, Reading, Reply};
use super::endpoints::{Api, Endpoints};
use super::error::{ApiError, ErrorKind, NoToken};
use super::patience::Patience;
use super::refusal::Refusal;
use slipway_names::ids::ProjectId;
use slipway_names::json::kind;
use slipway_names::principal::Principal;
use slipway_wire::body::Bounded;
use slipway_wire::clock::Clock;
use slipway_wire::net::HttpClients;
use slipway_wire::repeat::{Repeat, Verdict, chance};
use slipway_wire::trouble;

/// Answers above this size are no answers of these APIs.
const LARGEST_ANSWER: usize = 16 << 20;

/// Of an error answer nothing behind this is of use.
const LARGEST_ERROR: usize = 64 << 10;

/// Most calls answer at once; a minute covers the long poll of an operation (30 s).
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a token is wanted for.
pub(super) enum Wanted<'a> {
    /// Requests to Google; and the token that Google refused, where it did.
    Requests(Option<&'a str>),
    /// A service of the user's, by its audience.
    Service(&'a str),
    /// What Identity-Aware Proxy stands in front of, by its address.
    Proxied(&'a str),
}

/// A token that is being got, by requests over the same path that need none.
pub(super) type Giving<'a> = Pin<Box<dyn Future<Output = Result<String, NoToken>> + Send + 'a>>;

/// What gives them.
pub(super) type Giver = Box<dyn for<'a> Fn(&'a Http, Wanted<'a>) -> Giving<'a> + Send + Sync>;

/// Who asks, and where the tokens come from; the path itself knows no way of signing in.
pub struct Access {
    /// Whose tokens they are.
    pub(super) principal: Arc<Principal>,
    /// The project that requests are counted for, where somebody said so.
    pub(super) quota_project: Option<ProjectId>,
    /// Hides a text in everything that is printed.
    pub(super) hide: Box<dyn Fn(&str) + Send + Sync>,
    /// Gives a token.
    pub(super) give: Giver,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("principal", &self.principal.shown()).finish_non_exhaustive()
    }
}

/// The only client that carries the access token.
#[derive(Debug)]
pub struct Http {
    clients: HttpClients,
    access: Access,
    endpoints: Endpoints,
    clock: Clock,
    project: String,
}

impl Http {
    /// A client for one account and project.
    pub fn new(clients: HttpClients, access: Access, endpoints: Endpoints, clock: Clock, project: String) -> Self {
        Self { clients, access, endpoints, clock, project }
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
        &self.access.principal
    }

    /// An access token, fetched unless there is a good one.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn sign_in(&self) -> Result<(), NoToken> {
        (self.access.give)(self, Wanted::Requests(None)).await.map(drop)
    }

    /// An identity token for a service of the user's.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn identity_token(&self, audience: &str) -> Result<String, NoToken> {
        (self.access.give)(self, Wanted::Service(audience)).await
    }

    /// A token that Identity-Aware Proxy takes in front of an address.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn proxy_token(&self, address: &str) -> Result<String, NoToken> {
        (self.access.give)(self, Wanted::Proxied(address)).await
    }

    /// Hides a secret that an answer brought, before anything else is printed.
    pub fn hide(&self, secret: &str) {
        (self.access.hide)(secret);
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
            principal: Arc::clone(&self.access.principal),
            project: self.project.clone(),
            attempts: 1,
            elapsed: Duration::ZERO,
            kind: ErrorKind::Unreadable(why.to_owned()),
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
        let mut quota_project = self.access.quota_project.as_ref().map(ToString::to_string);
        let failed = |sent: u32, kind: ErrorKind| ApiError {
            doing: call.doing.clone(),
            request: format!("{} {}", call.method, if call.secret_url { "the upload session" } else { &call.url }),
            principal: Arc::clone(&self.access.principal),
            project: self.project.clone(),
            attempts: sent,
            elapsed: begun.elapsed(),
            kind,
        };
        loop {
            sent += 1;
            let token = match call.authorized {
                true => Some((self.access.give)(self, Wanted::Requests(refused.as_deref())).await),
                false => None,
            };
            let token = token.transpose().map_err(|why| failed(sent, ErrorKind::Token(why)))?;
            let kind = match self.attempt(call, fine, token.as_deref(), quota_project.as_deref()).await {
                Ok(reply) => match accept(reply) {
                    Ok(value) => return Ok(value),
                    Err(why) => ErrorKind::Unreadable(why),
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
            let left = limit.left(&self.clock);
            match call.patience.rule().verdict(error.failed(), call.repeat, attempts, left, chance()) {
                Verdict::Again { after, counts } => {
                    attempts += u32::from(counts);
                    self.clock.sleep(after).await;
                }
                Verdict::Stop => return Err(error),
            }
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        fine: &[u16],
        token: Option<&str>,
        quota_project: Option<&str>,
    ) -> Result<Reply, ErrorKind> {
        let address = Url::parse(&call.url).map_err(|why| ErrorKind::NotSent(format!("no address: {why}")))?;
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
        Err(ErrorKind::Refused(Box::new(refusal)))
    }
}

fn bearer(token: &str) -> HeaderValue {
    // A token that is no header value is no token; Google then answers 401, which says so.
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// Reads a body up to a size; an error's body is cut there, an answer's is refused.
async fn read(mut response: reqwest::Response, largest: usize, whole: bool) -> Result<Bytes, ErrorKind> {
    let mut body = Bounded::new(largest);
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body.into_bytes()),
            Ok(Some(piece)) if body.take(&piece) => {}
            Ok(Some(_)) if whole => return Err(ErrorKind::Unreadable(format!("more than {} MiB", largest >> 20))),
            // An error answer that breaks off has said what matters: its status.
            Ok(Some(_)) => return Ok(body.into_bytes()),
            Err(_) if !whole => return Ok(body.into_bytes()),
            Err(error) => return Err(sort(&error)),
        }
    }
}

/// Whether a request that failed underway can have had its effect.
fn sort(error: &reqwest::Error) -> ErrorKind {
    // The address may hold an upload session, which is a secret; the caller names the request.
    let text = trouble::chain(error);
    let text = error.url().map_or(text.clone(), |url| text.replace(url.as_str(), "the address"));
    let text = if error.is_timeout() && !text.contains("timed out") { format!("timed out: {text}") } else { text };
    if trouble::is_distrust(error) {
        ErrorKind::Untrusted(text)
    } else if trouble::is_unsent(error) {
        ErrorKind::NotSent(text)
    } else {
        ErrorKind::NoAnswer(text)
    }
}
