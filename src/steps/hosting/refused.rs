//! What Hosting's refusals mean: it names neither the permission nor the role.

use super::SiteContext;
use crate::explain::Failure;
use crate::google::error::ApiError;
use crate::google::roles;

/// A failure of `sentence`. Hosting's 403 says no more than that (`google-samples.md` 7.16), so the role is
/// named from what was asked.
pub(super) fn of(context: &SiteContext<'_>, sentence: impl Into<String>, error: ApiError) -> Failure {
    let silent = error.is_forbidden() && error.refusal().is_some_and(|refusal| refusal.permission().is_none());
    let failure = Failure::of(sentence, error);
    if silent { failure.hint(grant(context)) } else { failure }
}

/// The command that grants what sites need.
pub(super) fn grant(context: &SiteContext<'_>) -> String {
    let (project, principal) = (context.hosting.project.as_str(), context.hosting.key.email.as_str());
    format!("An owner grants it with: {}", roles::grant_on_project(project, principal, roles::HOSTING_ROLE))
}
