//! GitHub's refusals: the error body, and the texts that clients know.

use crate::faults::Action;
use crate::reply::Reply;
use serde_json::{Value, json};

/// An error with GitHub's usual body.
pub(crate) fn refuse(status: u16, message: &str) -> Reply {
    let body =
        json!({"message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
    github(status, &body)
}

/// A reply with GitHub's headers.
pub(crate) fn github(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json; charset=utf-8", body.to_string())
        .with("X-GitHub-Media-Type", "github.v3; format=json")
        .with("Server", "github.com")
}

/// 404, also for what must not be seen.
pub(crate) fn not_found() -> Reply {
    refuse(404, "Not Found")
}

/// 422 with one error of validation.
pub(crate) fn invalid(error: &Value) -> Reply {
    let body = json!({"message": "Validation Failed", "errors": [error],
        "documentation_url": "https://docs.github.com/rest", "status": "422"});
    github(422, &body)
}

/// What GitHub usually says with this status, when nothing more is known.
pub(crate) fn standard(status: u16) -> Reply {
    let message = match status {
        401 => "Bad credentials",
        403 => "Resource not accessible by integration",
        404 => "Not Found",
        409 => "Conflict",
        422 => "Validation Failed",
        429 => "API rate limit exceeded",
        502 | 503 => "Server Error",
        504 => "We couldn't respond to your request in time. Sorry about that.",
        _ => "Server Error",
    };
    refuse(status, message)
}

const PRIMARY: &str = "API rate limit exceeded for installation ID 4711.";
const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

/// The hour's calls are used up.
pub(crate) fn exceeded() -> Reply {
    refuse(403, PRIMARY)
}

impl Action {
    /// GitHub's primary rate limit is reached; it ends at this moment, in seconds since 1970.
    pub fn github_rate_limit(status: u16, resets: i64) -> Action {
        let headers = [("x-ratelimit-limit", "1000"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-resource", "core")];
        let mut headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        headers.push(("x-ratelimit-reset".to_owned(), resets.to_string()));
        Action::Status(status, Some(json!({"message": PRIMARY, "status": status.to_string()})), headers)
    }

    /// GitHub's secondary rate limit is reached; it says for how many seconds, or does not.
    pub fn github_secondary_limit(status: u16, retry_after: Option<u64>) -> Action {
        let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        let body = json!({"message": SECONDARY, "status": status.to_string(),
            "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"});
        Action::Status(status, Some(body), headers.into_iter().collect())
    }
}
