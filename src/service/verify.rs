//! Whether the deployed service answers as promised: at the candidate's address, and at its own.

use std::time::Duration;

use url::Url;

use super::asking::{self, Asked, Asker, Audience, SignIn};
use super::{Context, access, door};
use crate::cloud_run::rollout::Rollout;
use crate::facts::{CheckFact, Facts};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_google::federation_error::no_identity;
use slipway_names::access::{Callers, Front};
use slipway_names::ids::RevisionName;
use slipway_names::traffic::TrafficTarget;

/// Enough for a few tries.
const BRIEF: Duration = Duration::from_secs(20);

/// How something can be judged.
pub(super) enum VerifyMethod {
    /// By asking it.
    Ask(Box<Audience>),
    /// By its readiness alone, because nobody can ask it; why.
    Ready(String),
}

/// The address of the candidate's tag, where it has one: answers of the new revision count, and nobody else's.
pub(super) fn candidate_place(context: &Context<'_>, service: &Service, rollout: &Rollout) -> VerifyMethod {
    let front = service.front();
    let when = access::When::Before { opens: access::opens(context, service, &rollout.revision) };
    let uri = service.tag_uri(&rollout.tag).filter(|_| !front.no_address);
    let Some(base) = uri.and_then(|uri| Url::parse(uri).ok()) else { return VerifyMethod::Ready(no_address(front)) };
    VerifyMethod::Ask(Box::new(Audience {
        name: "candidate".to_owned(),
        base,
        entry: access::entry(context, front, service.uri(), when),
        internal: front.internal,
        revision: Some(rollout.revision.clone()),
        alone: true,
        others: others(rollout),
    }))
}

/// The service's own address.
pub(super) fn service_place(context: &Context<'_>, facts: &Facts, rollout: Option<&Rollout>) -> VerifyMethod {
    let front = facts.service.front;
    let open = facts.service.callers.is_some_and(Callers::is_everybody);
    let when = access::When::After { open, since: facts.service.opened };
    let url = facts.service.url.as_deref().filter(|_| !front.no_address);
    let Some((base, url)) = url.and_then(|url| Some((Url::parse(url).ok()?, url))) else {
        return VerifyMethod::Ready(no_address(front));
    };
    VerifyMethod::Ask(Box::new(Audience {
        name: "service".to_owned(),
        base,
        entry: access::entry(context, front, url, when),
        internal: front.internal,
        revision: rollout.map(|rollout| rollout.revision.clone()),
        alone: false,
        others: rollout.map(others).unwrap_or_default(),
    }))
}

/// The revisions that served before and are not the new one.
fn others(rollout: &Rollout) -> Vec<RevisionName> {
    let serving = rollout.before.shares.iter().filter(|share| share.percent > 0);
    let names = serving.filter_map(|share| match &share.target {
        TrafficTarget::Revision(name) if *name != rollout.revision => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

fn no_address(front: Front) -> String {
    match front.no_address {
        true => "its default URL is disabled".to_owned(),
        false => "it has no address".to_owned(),
    }
}

/// Asks until everything passes, as often in a row as was asked for, or the time is up.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, way: &VerifyMethod) -> Result<((), String), Failure> {
    let patience = door::PROPAGATION;
    let judged = ask_for(context, facts, way, context.deploy.checks.timeout, patience).await?;
    Ok(((), judged))
}

/// The same with little time: for looks that are repeated anyway.
pub(super) async fn briefly(context: &Context<'_>, facts: &mut Facts, way: &VerifyMethod) -> Result<(), Failure> {
    let time = BRIEF.min(context.deploy.checks.timeout);
    ask_for(context, facts, way, time, Duration::ZERO).await.map(drop)
}

async fn ask_for(
    context: &Context<'_>,
    facts: &mut Facts,
    way: &VerifyMethod,
    time: Duration,
    patience: Duration,
) -> Result<String, Failure> {
    let place = match way {
        VerifyMethod::Ask(place) => place,
        VerifyMethod::Ready(why) => return Ok(ready(context, facts, why, &[])),
    };
    let checks = &context.deploy.checks;
    let (http, probe, console) = (context.http, context.probe, context.console);
    let asker = Asker { http, probe, console, checks, place, patience };
    match asking::ask(&asker, facts, time).await {
        Asked::Passed { told, private } => {
            if private {
                facts.service.callers = Some(Callers::Granted);
            } else if facts.service.front.proxy {
                facts.service.callers = Some(Callers::Proxied);
            }
            if matches!(place.entry, SignIn::Everybody(_)) {
                access::proven(facts);
            }
            Ok(told)
        }
        Asked::Unreachable(why, hints) => Ok(ready(context, facts, &why, &hints)),
        Asked::Closed { limit } => Err(access::closed(context, facts, place, limit).await),
        Asked::TimeUp { private, limit } => Err(failure(context, facts, place, private, limit)),
    }
}

/// Judged by readiness: said once for each reason.
fn ready(context: &Context<'_>, facts: &mut Facts, why: &str, hints: &[String]) -> String {
    let hints: String = hints.iter().map(|hint| format!(". {hint}")).collect();
    let text = format!(
        "Service {} cannot be asked from here: {why}. What is known is that its revision is ready{hints}",
        context.deploy.service
    );
    if !facts.warnings.contains(&text) {
        context.warn(facts, text);
    }
    format!("not asked, because {why}; its revision is ready")
}

fn failure(context: &Context<'_>, facts: &Facts, place: &Audience, private: bool, limit: Duration) -> Failure {
    let asked = || facts.checks.iter().filter(|check| check.at == place.name);
    let failed: Vec<&CheckFact> = asked().filter(|check| check.failed()).collect();
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
    if failed.iter().any(|check| check.answer == door::NOT_FOUND) {
        failure = failure.more_hints([
            "Google keeps some paths that end with `z` to itself, such as /healthz: check another one".to_owned(),
        ]);
    } else if failed.iter().any(|check| check.answer.starts_with("404")) {
        failure = failure.more_hints([format!("Check the path: the service was asked at {}", place.base)]);
    }
    failure = failure.more_hints(facts.service.revision.as_ref().map(|revision| log_hint(context, revision)));
    // A rollout goes back by itself.
    let back = facts.service.previous.as_ref().filter(|_| place.revision.is_none()).map(|previous| {
        format!("Go back to what served before: slipway rollback {} --to-revision={previous}", context.flags())
    });
    failure.more_hints(back)
}

/// Where the reason stands that an answer does not give.
pub(super) fn log_hint(context: &Context<'_>, revision: &RevisionName) -> String {
    format!("Read the revision's log: slipway logs {} --revision={revision}", context.flags())
}
