//! Whether the deployed service answers as promised: at the candidate's address, and at its own.

use std::time::Duration;

use url::Url;

use super::Context;
pub(super) use super::asking::Place;
use super::asking::{self, Asked, Asker};
use crate::explain::{Class, Failure};
use crate::google::federation_error::no_identity;
use crate::model::facts::{CheckFact, Facts};
use crate::model::ids::RevisionName;
use crate::plan::rollout::Rollout;

/// Enough for a few tries.
const BRIEF: Duration = Duration::from_secs(20);

/// An address during a rollout: answers of the new revision count, and nobody else's.
pub(super) fn place(
    context: &Context<'_>,
    name: &'static str,
    uri: &str,
    audience: &str,
    rollout: &Rollout,
) -> Result<Place, Failure> {
    let base = Url::parse(uri).map_err(|_| no_address(context))?;
    Ok(Place {
        name: name.to_owned(),
        base,
        audience: Some(audience.to_owned()),
        revision: Some(rollout.revision.clone()),
        alone: name == "candidate",
        others: super::rollout::others(rollout),
    })
}

/// The service's own address.
pub(super) fn service_place(context: &Context<'_>, facts: &Facts, rollout: Option<&Rollout>) -> Result<Place, Failure> {
    let url = facts.service.url.clone().ok_or_else(|| no_address(context))?;
    match rollout {
        Some(rollout) => place(context, "service", &url, &url, rollout),
        None => Ok(Place {
            name: "service".to_owned(),
            base: Url::parse(&url).map_err(|_| no_address(context))?,
            audience: Some(url),
            revision: None,
            alone: false,
            others: Vec::new(),
        }),
    }
}

fn no_address(context: &Context<'_>) -> Failure {
    Failure::plain(Class::Verify, format!("Service `{}` has no address to ask", context.deploy.service))
        .hint("Its default URL is disabled; leave the checks out, or enable the URL")
}

/// Asks until everything passes, as often in a row as was asked for, or the time is up.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, place: &Place) -> Result<((), String), Failure> {
    ask_for(context, facts, place, context.deploy.checks.timeout).await
}

/// The same with little time: for looks that are repeated anyway.
pub(super) async fn briefly(context: &Context<'_>, facts: &mut Facts, place: &Place) -> Result<(), Failure> {
    ask_for(context, facts, place, BRIEF.min(context.deploy.checks.timeout)).await.map(|_| ())
}

async fn ask_for(
    context: &Context<'_>,
    facts: &mut Facts,
    place: &Place,
    time: Duration,
) -> Result<((), String), Failure> {
    let checks = &context.deploy.checks;
    let asker = Asker { http: context.http, probe: context.probe, console: context.console, checks, place };
    match asking::ask(&asker, facts, time).await {
        Asked::Passed(told) => Ok(((), told)),
        Asked::TimeUp { private, limit } => Err(failure(context, facts, place, private, limit)),
    }
}

fn failure(context: &Context<'_>, facts: &Facts, place: &Place, private: bool, limit: Duration) -> Failure {
    let asked = || facts.checks.iter().filter(|check| check.at == place.name);
    let failed: Vec<&CheckFact> = asked().filter(|check| !check.passed).collect();
    let what = match failed.as_slice() {
        [] => "not often enough in a row".to_owned(),
        [one] => format!("`{}` is not answered with {}", one.request, one.expected),
        many => format!("{} of {} checks do not pass", many.len(), asked().count()),
    };
    let who = match (&place.revision, place.name.as_str()) {
        (Some(revision), "candidate") => format!("Revision `{revision}` is ready but not healthy"),
        (Some(revision), _) => {
            format!("Service `{}` is not healthy with revision `{revision}`", context.deploy.service)
        }
        (None, _) => format!("Service `{}` is deployed but not healthy", context.deploy.service),
    };
    let evidence = failed
        .iter()
        .map(|check| format!("{}: expected {}, last answer {}", check.request, check.expected, check.answer))
        .collect();
    let mut failure = Failure::plain(
        Class::Verify,
        format!(
            "{who}: {what} (asked {} times in {} s)",
            asked().next().map_or(0, |check| check.attempts),
            limit.as_secs()
        ),
    )
    .evidence(evidence);
    if failed.iter().any(|check| check.answer.starts_with("403") || check.answer.starts_with("401")) {
        let principal = context.deploy.credentials.principal.shown();
        failure = failure.hint(if !context.deploy.credentials.has_identity() {
            no_identity()
        } else if private {
            format!("The service is private; check that `{principal}` may call it (run.routes.invoke, in roles/run.admin and roles/run.invoker)")
        } else {
            "The service does not let this caller in; `allow_unauthenticated: true` would make it public".to_owned()
        });
    }
    if failed.iter().any(|check| check.answer.starts_with("404")) {
        failure = failure.more_hints([format!("Check the path: the service was asked at {}", place.base)]);
    }
    failure = failure.more_hints(facts.service.revision.as_ref().map(|revision| log_hint(context, revision)));
    // A rollout goes back by itself.
    let back = facts.service.previous.as_ref().filter(|_| place.revision.is_none()).map(|previous| {
        format!(
            "Go back to what served before: gcloud run services update-traffic {} --region={} --project={} --to-revisions={previous}=100",
            context.deploy.service, context.deploy.region, context.deploy.project
        )
    });
    failure.more_hints(back)
}

/// Where the reason stands that an answer does not give.
pub(super) fn log_hint(context: &Context<'_>, revision: &RevisionName) -> String {
    format!(
        "Read the revision's log: gcloud logging read 'resource.labels.revision_name=\"{revision}\"' --project={} --limit=50",
        context.deploy.project
    )
}
