//! Asking the user's own service. This client never carries the access token: what answers here is
//! the user's program.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::string_slice, reason = "what answers hold may be anything")
)]

use std::time::Duration;

use url::Url;

use slipway_wire::net::{HttpClients, Net, NetError};

/// A cold start may take most of this; what is slower is not healthy.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Enough of an answer to find a text in, and to show.
const LARGEST_BODY: usize = 256 << 10;

/// Redirects that are followed within the same host.
const REDIRECTS: usize = 3;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; `None` when no answer came.
    pub status: Option<u16>,
    /// The body as text, cut at a quarter of a MiB; the reason when no answer came.
    pub text: String,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Whether the embedded cloud answered in the place of a program, which it does not run.
    pub not_run: bool,
}

impl Answer {
    /// No answer came, and why.
    fn none(text: String) -> Self {
        Self { status: None, text, headers: Vec::new(), not_run: false }
    }

    /// Whether the answer names something: in its body or a header, as a word of its own.
    pub fn names(&self, name: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let values = self.headers.iter().map(|(_, value)| value);
        std::iter::once(&self.text).chain(values).any(|text| {
            text.match_indices(name).any(|(at, _)| {
                let before = text.get(..at).is_some_and(|before| before.ends_with(part));
                let after = text.get(at + name.len()..).is_some_and(|after| after.starts_with(part));
                !before && !after
            })
        })
    }

    /// The value of a header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The answer on one line, for people.
    pub fn shown(&self) -> String {
        let text: String = self.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect();
        match self.status {
            Some(status) if text.is_empty() => status.to_string(),
            Some(status) => format!("{status} {text}"),
            None => format!("no answer: {text}"),
        }
    }
}

/// The client.
#[derive(Debug, Clone)]
pub struct Probe {
    clients: HttpClients,
    /// Whether what is asked is the embedded cloud.
    embedded: bool,
}

/// The header by which the embedded cloud says that it has no program to ask. Elsewhere it means nothing.
const NOT_RUN: &str = "x-fake-not-run";

impl Probe {
    /// A client of its own.
    ///
    /// # Errors
    /// When connections cannot be set up.
    pub fn new(net: &Net, embedded: bool) -> Result<Self, NetError> {
        Ok(Self { clients: net.clients_within(TIMEOUT)?, embedded })
    }

    /// Asks once. Redirects within the host are followed unless `settles` takes their status as
    /// the answer; an identity token goes to that host alone.
    pub async fn ask(&self, method: &str, url: &Url, identity: Option<&str>, settles: impl Fn(u16) -> bool) -> Answer {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let method = if method == "HEAD" { reqwest::Method::HEAD } else { reqwest::Method::GET };
            let mut request = self.clients.to(&url).request(method, url.clone());
            if let Some(token) = identity {
                request = request.bearer_auth(token);
            }
            let response = match request.send().await {
                Ok(response) => response,
                Err(error) => return Answer::none(reason(&error)),
            };
            let status = response.status().as_u16();
            let onward =
                response.headers().get("location").and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            match onward {
                Some(next) if (300..400).contains(&status) && !settles(status) && same_host(&url, &next) => {
                    url = secure(&url, next)
                }
                _ => {
                    let all = response.headers().iter();
                    let readable =
                        all.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
                    let headers = readable.collect();
                    let not_run = self.embedded && response.headers().contains_key(NOT_RUN);
                    return Answer { status: Some(status), text: body(response).await, headers, not_run };
                }
            }
        }
        Answer::none(format!("more than {REDIRECTS} redirects"))
    }
}

fn same_host(a: &Url, b: &Url) -> bool {
    a.host() == b.host()
        && (a.port_or_known_default() == b.port_or_known_default() || b.scheme() == "http" && b.port().is_none())
}

/// Frameworks behind Cloud Run often redirect to `http://`; the service is asked by https again.
fn secure(from: &Url, mut to: Url) -> Url {
    if from.scheme() == "https" && to.scheme() == "http" {
        // Cannot fail: http and https are both special schemes.
        let _unchanged_on_failure = to.set_scheme("https");
    }
    to
}

async fn body(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend(chunk.iter().take(LARGEST_BODY.saturating_sub(bytes.len())));
        if bytes.len() >= LARGEST_BODY {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("none within {} s", TIMEOUT.as_secs());
    }
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        text = error.to_string();
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    #[test]
    fn a_redirect_stays_with_the_service() {
        let service = url("https://web-1.run.app/health");
        assert!(same_host(&service, &url("https://web-1.run.app/health/")));
        assert!(same_host(&service, &url("http://web-1.run.app/health/")));
        assert!(!same_host(&service, &url("https://evil.example/")));
        assert!(!same_host(&service, &url("https://web-1.run.app:8443/")));
        assert_eq!(secure(&service, url("http://web-1.run.app/x")).as_str(), "https://web-1.run.app/x");
    }

    #[test]
    fn a_name_is_found_as_a_word() {
        let answer = Answer {
            status: Some(200),
            text: "rev=web-10;x-web-2".into(),
            headers: vec![("x-revision".into(), "web-3".into())],
            not_run: false,
        };
        assert!(answer.names("web-10") && answer.names("web-3"));
        assert!(!answer.names("web-1") && !answer.names("web-2"));
    }

    #[test]
    fn an_answer_is_shown_on_one_line() {
        let answer = Answer { status: Some(503), text: "a\n  b".repeat(100), headers: Vec::new(), not_run: false };
        assert!(answer.shown().starts_with("503 a b"));
        assert!(answer.shown().len() < 170);
    }
}
