//! The one path every request to GitHub takes: build, send, sort the answer, try again.

use std::error::Error as _;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, LINK};
use http::{HeaderMap, Method, Request};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::GitHubError;
use super::limit::{PATIENCE, RULE, limit};
use super::{GitHub, Server};
use slipway_wire::body::Bounded;
use slipway_wire::repeat::{Repeat, Verdict, chance};
use slipway_wire::trouble::is_unsent;

/// One answer may take so long; GitHub itself gives up after ten seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Items on a page: the most GitHub gives.
const PAGE: usize = 100;

/// No list that is read here is longer than so many pages, unless something is wrong with it.
const MOST_PAGES: usize = 100;

/// A hundred pull requests or files are some MiB.
const LARGEST_ANSWER: usize = 16 << 20;

/// GitHub's messages are sentences; what is longer is a page that was meant for a browser.
const LONGEST_MESSAGE: usize = 300;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct GitHubCall {
    /// What it does, as in "read pull request #7".
    pub(super) doing: String,
    /// The method.
    pub(super) method: Method,
    /// The path below the repository, escaped, with a leading slash.
    pub(super) path: String,
    /// The query.
    pub(super) query: Vec<(&'static str, String)>,
    /// What it carries.
    pub(super) body: Option<Value>,
    /// Whether it may be sent twice.
    pub(super) repeat: Repeat,
    /// The permission it needs, as a workflow writes it.
    pub(super) permission: &'static str,
}

/// A whole answer.
struct GitHubReply {
    body: Value,
    /// Whether the list goes on.
    more: bool,
}

impl GitHubCall {
    /// A read: it may be repeated.
    pub(super) fn get(path: impl Into<String>, permission: &'static str, doing: impl Into<String>) -> Self {
        let (path, doing) = (path.into(), doing.into());
        Self { doing, method: Method::GET, path, query: Vec::new(), body: None, repeat: Repeat::Always, permission }
    }

    /// Reads a whole body; octocrab would read one of any size.
    async fn read(&self, mut body: BoxBody<Bytes, octocrab::Error>, server: Server) -> Result<Bytes, GitHubError> {
        let mut whole = Bounded::new(LARGEST_ANSWER);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.fail(&error, server))?;
            if frame.data_ref().is_some_and(|piece| !whole.take(piece)) {
                let why = format!("it is larger than {} MiB", LARGEST_ANSWER >> 20);
                return Err(GitHubError::Unreadable { doing: self.doing.clone(), why });
            }
        }
        Ok(whole.into_bytes())
    }

    fn fail(&self, error: &octocrab::Error, server: Server) -> GitHubError {
        let doing = self.doing.clone();
        if let octocrab::Error::GitHub { source, .. } = error {
            let status = source.status_code.as_u16();
            let message = message(&source.message, source.errors.as_deref(), source.status_code);
            let number = |name: &str| {
                let value = source.headers.as_ref()?.get(name)?;
                value.to_str().ok()?.trim().parse::<i64>().ok()
            };
            let now = time::OffsetDateTime::now_utc().unix_timestamp();
            return match limit(status, &message, number, now) {
                Some(after) => GitHubError::Limited { doing, after, message },
                None => GitHubError::Refused { doing, status, message, permission: self.permission, server },
            };
        }
        let (mut why, mut sent) = (error.to_string(), true);
        let mut next = error.source();
        while let Some(cause) = next {
            if let Some(error) = cause.downcast_ref::<reqwest::Error>() {
                sent = !is_unsent(error);
            }
            why = cause.to_string();
            next = cause.source();
        }
        if sent { GitHubError::NoAnswer { doing, why } } else { GitHubError::NotSent { doing, why } }
    }
}

impl GitHub {
    /// Sends a request and reads its answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &GitHubCall) -> Result<T, GitHubError> {
        let path = format!("/repos/{}{}", self.repository, call.path);
        self.read(call, &path).await.map(|(value, _)| value)
    }

    /// Sends a request about the token, not about the repository.
    pub(super) async fn ask_outside<T: DeserializeOwned>(&self, call: &GitHubCall) -> Result<T, GitHubError> {
        self.read(call, &call.path).await.map(|(value, _)| value)
    }

    /// Reads all pages of a list.
    pub(super) async fn pages<T: DeserializeOwned>(&self, call: &GitHubCall) -> Result<Vec<T>, GitHubError> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let (items, more) = self.page(call, page).await?;
            all.extend(items);
            if !more {
                break;
            }
        }
        Ok(all)
    }

    /// Reads one page of a list, counted from 1, and whether the list goes on.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        call: &GitHubCall,
        page: usize,
    ) -> Result<(Vec<T>, bool), GitHubError> {
        let path = format!("/repos/{}{}", self.repository, call.path);
        let mut call = call.clone();
        // The page's number, not the address that GitHub gives: the token goes nowhere else.
        call.query.extend([("per_page", PAGE.to_string()), ("page", page.to_string())]);
        self.read(&call, &path).await
    }

    /// Waits before the author of a lost request looks again; false when there is no patience left.
    pub(super) async fn pause(&self, attempt: u32) -> bool {
        let pause = RULE.pause(attempt, chance());
        let patient = pause <= self.left();
        if patient {
            self.wait(pause).await;
        }
        patient
    }

    async fn read<T: DeserializeOwned>(&self, call: &GitHubCall, path: &str) -> Result<(T, bool), GitHubError> {
        let mut attempt = 1;
        loop {
            let error = match self.attempt(call, path).await.and_then(|reply| typed(call, reply)) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match RULE.verdict(error.failed(), call.repeat, attempt, self.left(), chance()) {
                Verdict::Again { after, counts } => {
                    attempt += u32::from(counts);
                    self.wait(after).await;
                }
                Verdict::Stop => return Err(error),
            }
        }
    }

    async fn attempt(&self, call: &GitHubCall, path: &str) -> Result<GitHubReply, GitHubError> {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish();
        let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let request = Request::builder().method(&call.method).uri(uri).header(ACCEPT, "application/vnd.github+json");
        let fail = |error: octocrab::Error| call.fail(&error, self.server);
        let exchange = async {
            let request = self.octocrab.build_request(request, call.body.as_ref()).map_err(fail)?;
            let response = self.octocrab.execute(request).await.map_err(fail)?;
            let (head, body) = response.into_parts();
            let body = BoxBody::new(Full::new(call.read(body, self.server).await?).map_err(|never| match never {}));
            let response = octocrab::map_github_error(http::Response::from_parts(head, body)).await;
            let response = response.map_err(fail)?;
            let more = goes_on(response.headers());
            let text = self.octocrab.body_to_string(response).await.map_err(fail)?;
            Ok::<_, GitHubError>((text, more))
        };
        let (body, more) = match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(answer) => answer?,
            Err(_) => {
                let why = format!("none came within {} s", TIMEOUT.as_secs());
                return Err(GitHubError::NoAnswer { doing: call.doing.clone(), why });
            }
        };
        let body = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&body) };
        match body {
            Ok(body) => Ok(GitHubReply { body, more }),
            Err(error) => Err(GitHubError::Unreadable { doing: call.doing.clone(), why: error.to_string() }),
        }
    }

    /// How much waiting is left for all requests.
    fn left(&self) -> Duration {
        PATIENCE.saturating_sub(*self.waited.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn wait(&self, pause: Duration) {
        *self.waited.lock().unwrap_or_else(PoisonError::into_inner) += pause;
        self.clock.sleep(pause).await;
    }
}

fn typed<T: DeserializeOwned>(call: &GitHubCall, reply: GitHubReply) -> Result<(T, bool), GitHubError> {
    match serde_json::from_value(reply.body) {
        Ok(value) => Ok((value, reply.more)),
        Err(error) => Err(GitHubError::Unreadable { doing: call.doing.clone(), why: error.to_string() }),
    }
}

/// Whether a `Link` header leads to a next page.
fn goes_on(headers: &HeaderMap) -> bool {
    headers.get(LINK).and_then(|value| value.to_str().ok()).is_some_and(|links| links.contains("rel=\"next\""))
}

/// GitHub's message and the reasons it adds, on one line and fit to stand between backticks.
fn message(message: &str, errors: Option<&[Value]>, status: http::StatusCode) -> String {
    let mut text = message.to_owned();
    if text.trim_start().starts_with('<') {
        status.canonical_reason().unwrap_or("a page for a browser").clone_into(&mut text);
    }
    for error in errors.unwrap_or_default() {
        let reason = error.as_str().or_else(|| error["message"].as_str()).map(str::to_owned);
        let word = |name: &str| error[name].as_str().map(str::to_owned);
        if let Some(reason) = reason.or_else(|| Some(format!("{} {}", word("field")?, word("code")?))) {
            text.push_str("; ");
            text.push_str(&reason);
        }
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    line.chars().take(LONGEST_MESSAGE).collect()
}

/// One segment of a path: everything but unreserved characters is escaped, slashes too.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A text of at most so many characters; what is cut off leaves a mark.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_one_line_with_its_reasons() {
        let validation = [
            json!({"resource": "X", "code": "custom", "field": "data", "message": "Body is too `long`"}),
            json!({"resource": "X", "code": "missing_field", "field": "title"}),
            json!("plain"),
        ];
        let told = message("Validation\n\nFailed", Some(&validation), http::StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(told, "Validation Failed; Body is too 'long'; title missing_field; plain");
        assert_eq!(message("\n<!DOCTYPE html><p>Unicorn", None, http::StatusCode::BAD_GATEWAY), "Bad Gateway");
        assert_eq!(message(&"x".repeat(999), None, http::StatusCode::BAD_GATEWAY).len(), LONGEST_MESSAGE);
    }

    #[test]
    fn names_become_segments_and_texts_are_cut_between_characters() {
        assert_eq!(segment("feature/a b#1?ü"), "feature%2Fa%20b%231%3F%C3%BC");
        assert_eq!(cut("üüü", 3), "üüü");
        assert_eq!(cut("üüüü", 3), "üü…");
    }
}
