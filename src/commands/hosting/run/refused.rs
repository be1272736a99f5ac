//! What Hosting's refusals mean: it names neither the permission nor the role.

use slipway_failure::Failure;
use slipway_google::error::ApiError;
use slipway_google::http::Http;
use slipway_google::roles;

/// A failure of `sentence`. Hosting's 403 says no more than that (as firebase-tools shows it), so the role is
/// named from what was asked.
pub(crate) fn of(http: &Http, sentence: impl Into<String>, error: ApiError) -> Failure {
    let silent = error.is_forbidden() && error.refusal().is_some_and(|refusal| refusal.permission().is_none());
    let failure = Failure::of(sentence, error);
    if silent { failure.hint(grant(http)).more_hints(http.principal().mapped().iter().cloned()) } else { failure }
}

/// The command that grants what sites need.
pub(super) fn grant(http: &Http) -> String {
    let command = roles::grant_on_project(http.project(), http.principal().member(), roles::HOSTING_ROLE);
    format!("An owner grants it with: {command}")
}
