//! Who may call the service: only touched when the user says how it shall be, with the traffic, and taken back with it.

use std::time::Duration;

use super::Context;
use crate::explain::Failure;
use crate::google::error::ApiError;
use crate::google::invoker;
use crate::model::access::AccessChange;
use crate::model::facts::Facts;

/// A binding takes typically 2 minutes, potentially 7 or longer, until it holds everywhere
/// (cloud.google.com/iam/docs/access-change-propagation).
pub(super) const PROPAGATION: Duration = Duration::from_secs(600);

/// What a wish changes about who may call the service; nothing where it is so already, or where there is no wish.
pub(super) async fn planned(context: &Context<'_>, public: Option<bool>) -> Result<Option<AccessChange>, Failure> {
    let Some(public) = public else { return Ok(None) };
    invoker::change(context.http, &context.service_name, public).await.map_err(|error| refused(context, public, error))
}

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, public: bool) -> Result<((), String), Failure> {
    let outcome = invoker::set_public(context.http, &context.service_name, public)
        .await
        .map_err(|error| refused(context, public, error))?;
    let note = match (public, &outcome) {
        (true, Some(_)) => "everybody may call it now",
        (true, None) => "everybody may call it already",
        (false, Some(_)) => "nobody may call it without a grant now",
        (false, None) => "nobody may call it without a grant already",
    };
    facts.service.access = Some(note.to_owned());
    if outcome.is_some() {
        facts.service.access_changed = outcome;
    }
    Ok(((), note.to_owned()))
}

/// Takes back what a rollout did to who may call the service.
///
/// # Errors
/// When the policy cannot be read or written.
pub(super) async fn put_back(context: &Context<'_>, change: Option<&AccessChange>) -> Result<(), Failure> {
    let Some(change) = change else { return Ok(()) };
    let sentence = || format!("Could not put back who may call service `{}`", context.deploy.service);
    invoker::take_back(context.http, &context.service_name, change)
        .await
        .map(drop)
        .map_err(|error| Failure::of(sentence(), error))
}

fn refused(context: &Context<'_>, public: bool, error: ApiError) -> Failure {
    let service = &context.deploy.service;
    let forbidden_by_policy = error.refusal().is_some_and(|refusal| {
        refusal.constraints.iter().any(|constraint| constraint.contains("allowedPolicyMemberDomains"))
            || refusal.message.contains("permitted customer")
    });
    let verb = if public { "opened" } else { "closed" };
    let failure = Failure::of(format!("Service `{service}` could not be {verb} to everybody"), error);
    if forbidden_by_policy {
        failure.hint(format!(
            "The organisation forbids `allUsers`. Without that binding a service is public when its invoker check is off: gcloud run services update {service} --no-invoker-iam-check --region={} --project={}",
            context.deploy.region, context.deploy.project
        ))
    } else {
        failure
    }
}
