//! GitHub's refusals: the error body, and the texts that clients know.

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

/// The hour's calls are used up.
pub(crate) const PRIMARY: &str = "API rate limit exceeded for installation ID 4711.";
/// Too many calls at once.
pub(crate) const SECONDARY: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

/// The hour's calls are used up.
pub(crate) fn exceeded() -> Reply {
    refuse(403, PRIMARY)
}
