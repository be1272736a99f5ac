//! The journal: every request in the order of arrival, and waiting for one.

use hyper::body::Bytes;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Whose address it came to: `run`, `storage`, …, `oauth2` for the token endpoint, `actions` for GitHub's
    /// identities, `github` for GitHub's API, `site` for a deployed service, `hosting` for a channel of a
    /// Hosting site.
    pub api: String,
    /// The method id, such as `run.projects.locations.services.patch`; empty if nothing fits.
    /// Besides Google's own ids: `oauth2.token`, `actions.idtoken`, `storage.upload.put` and `storage.upload.query`
    /// and `storage.upload.delete` (a resumable session's address), `firebasehosting.upload.file`,
    /// `site.request`, `hosting.request`, and GitHub's, such as `github.deployments.create`.
    pub call: String,
    /// HTTP method.
    pub verb: String,
    /// Path, still escaped.
    pub path: String,
    /// Query pairs, decoded.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
    /// The account whose token it carried, if the token was good.
    pub account: Option<String>,
    /// Status answered; none while it is open and when the connection was cut.
    pub status: Option<u16>,
    /// The answer's content type; empty where it has none.
    pub answer_type: String,
    /// The answer's body, whole even where only half of it was sent.
    pub answer: Bytes,
    /// Whether the answer is the story's own (a fault's words, a made-up life of a token) and not what this cloud says.
    pub scripted: bool,
    /// Whether it changed the world.
    pub effect: bool,
    /// The revision that answered, for requests to a deployed service.
    pub revision: Option<String>,
    /// When it arrived.
    pub at: Instant,
}

impl Recorded {
    /// Whether this is such a call: a method id, with query pairs behind `?` where they matter.
    pub fn is(&self, call: &str) -> bool {
        crate::faults::names(call, &self.call, &self.query)
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The answer as JSON, or null.
    pub fn answer_json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.answer).unwrap_or_default()
    }

    /// The body as JSON, or null.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The list of requests, and a bell that rings with each change.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Mutex<Vec<Recorded>>,
    bell: Condvar,
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an arrival down; its number is for [`Journal::amend`].
    pub(crate) fn arrive(&self, entry: Recorded) -> usize {
        let mut entries = self.lock();
        entries.push(entry);
        self.bell.notify_all();
        entries.len() - 1
    }

    /// Completes an entry.
    pub(crate) fn amend(&self, number: usize, change: impl FnOnce(&mut Recorded)) {
        if let Some(entry) = self.lock().get_mut(number) {
            change(entry);
        }
        self.bell.notify_all();
    }

    /// All of it, so far.
    pub(crate) fn read(&self) -> Vec<Recorded> {
        self.lock().clone()
    }

    /// Waits until an entry fits; false when the time is up.
    pub(crate) fn wait_for(&self, what: impl Fn(&Recorded) -> bool, limit: Duration) -> bool {
        let entries = self.lock();
        let missing = |entries: &mut Vec<Recorded>| !entries.iter().any(&what);
        let (_entries, timeout) =
            self.bell.wait_timeout_while(entries, limit, missing).unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }
}
