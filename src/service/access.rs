//! Who may call the service: what this run makes of it, with the traffic, and takes back with it; how whoever asks is let
//! in; and what is said about it.

use slipway_names::shown::listed;
use std::time::Duration;

use super::asking::{Audience, SignIn, TokenAudience};
use super::{Context, guest, reading, wanted};
use crate::cloud_run::difference::Difference;
use crate::cloud_run::notes::{Notes, RolloutRecord};
use crate::cloud_run::service_level::Patch;
use crate::commands::deploy::inputs::DeployWhat;
use crate::commands::preview::inputs::Guest;
use crate::commands::preview::plan as preview;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_google::error::ApiError;
use slipway_google::{invoker, roles};
use slipway_names::access::{AccessChange, Callers, Front};
use slipway_names::ids::RevisionName;
use slipway_names::kind::ResourceKind;
use slipway_runner::duration;

/// The line about checks that may reach nobody; inputs that make a service internal are told of with the same words.
const INSIDE: &str = "The service's ingress lets only the project's own networks in: on a runner outside of them the checks reach nobody, and that its revision is ready is all that is known";

/// Looks at what stands in front of the service now, and will after this run: refuses what cannot be had, and says what
/// the checks will meet.
///
/// # Errors
/// When the service shall be closed and nobody's identity is asked for.
pub(super) fn foresee(context: &Context<'_>, facts: &mut Facts, service: Option<&Service>) -> Result<(), Failure> {
    let deploy = context.deploy;
    if deploy.kind == ResourceKind::WorkerPool {
        return Ok(());
    }
    let now = service.map(Service::front).unwrap_or_default();
    let then = match (service, &deploy.what) {
        (_, DeployWhat::Revision(_) | DeployWhat::Traffic(_)) => now,
        (Some(service), _) => with(service, &wanted::level(context, service)),
        // A document that cannot be made is refused where it is to be written, with its own sentence.
        (None, _) => wanted::changed(context, None, "image").map_or(now, |made| Service::from_json(made).front()),
    };
    if deploy.settings.public == Some(false) && then.unchecked {
        let sentence = format!(
            "`allow_unauthenticated: false` cannot close service `{}`: its invoker check is off, so everybody may call it",
            deploy.service
        );
        return Err(Failure::plain(Class::Config, sentence).hint("Write `invoker_iam_check: true` too"));
    }
    if deploy.checks.checks.is_empty() {
        return Ok(());
    }
    if deploy.settings.ingress.is_none() && (now.internal || then.internal) {
        context.warn(facts, INSIDE.to_owned());
    }
    if now.proxy || then.proxy {
        context.console.line("Identity-Aware Proxy stands in front of the service: the checks are asked with a token that the deployer signs for it; where it lets that not in, the revision's readiness counts");
    }
    Ok(())
}

/// A service's front with other settings.
fn with(service: &Service, settings: &Patch) -> Front {
    let mut after = service.json().clone();
    settings.apply(&mut after);
    Service::from_json(after).front()
}

/// What will stand in front of the service when all traffic has moved to a revision.
pub(super) fn front_then(context: &Context<'_>, service: &Service, revision: &RevisionName) -> Front {
    let coming = match context.deploy.what {
        DeployWhat::Revision(_) => Notes::on(service.json()).coming_with(revision).0,
        _ => wanted::level(context, service),
    };
    with(service, &coming)
}

/// What a wish changes about who may call the service, which is `then` behind such a front; nothing where it is so
/// already, where there is no wish, or where a grant would change nothing.
///
/// # Errors
/// When the policy cannot be read.
pub(super) async fn planned(
    context: &Context<'_>,
    then: Front,
    public: Option<bool>,
) -> Result<Option<AccessChange>, Failure> {
    let Some(public) = public.filter(|public| !(*public && then.unchecked)) else { return Ok(None) };
    invoker::change(context.http, &context.service_name, public).await.map_err(|error| refused(context, public, error))
}

/// Whether the rollout of a revision opens the service to everybody, with its last step or with its promotion.
pub(super) fn opens(context: &Context<'_>, service: &Service, revision: &RevisionName) -> bool {
    let notes = Notes::on(service.json());
    let record = notes.record.as_ref().filter(|record| record.rollout.revision == *revision);
    record.is_some_and(|record| record.access == Some(AccessChange::Opens))
        || notes.candidate(revision).is_some_and(|candidate| candidate.public == Some(true))
        || front_then(context, service, revision).unchecked
}

/// When the service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before this run has changed who may call it.
    Before {
        /// Whether it opens it to everybody later.
        opens: bool,
    },
    /// After.
    After {
        /// Whether it is open to everybody.
        open: bool,
        /// When this run opened it, by the run's clock, if it did.
        since: Option<Duration>,
    },
}

/// How whoever asks the service is let in. That it is open is proven without an identity; until it is to be open, one
/// is shown where it is asked for.
pub(super) fn entry(context: &Context<'_>, front: Front, address: &str, when: When) -> SignIn {
    let deploy = context.deploy;
    if front.proxy {
        let member = deploy.credentials.principal.member();
        let (service, region, project) = (deploy.service.as_str(), deploy.region.as_str(), deploy.project.as_str());
        return SignIn::Proxy(roles::let_through_proxy(project, region, service, member));
    }
    let (opens, open, opened) = match when {
        When::Before { opens } => (opens, false, None),
        When::After { open, since } => (false, open, since),
    };
    if front.unchecked || open {
        return SignIn::Everybody(opened);
    }
    SignIn::Identity(TokenAudience {
        audience: address.to_owned(),
        service: context.service_name.clone(),
        opens,
        opened,
    })
}

/// Keeps when this run switched the service's invoker check off; `before` is what stood in front of it then.
pub(super) fn mark_open(context: &Context<'_>, facts: &mut Facts, before: Front) {
    let now = facts.service.front;
    if now.unchecked && !before.unchecked && !now.proxy {
        facts.service.opened = Some(context.clock().now());
    }
}

/// Grants the service to everybody, or to nobody without a grant of their own; `front` is what stands in front of it when
/// this holds.
///
/// # Errors
/// When Google does not let that happen.
pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    public: bool,
    front: Front,
) -> Result<((), String), Failure> {
    if public && front.unchecked {
        // A grant would change nothing, and organisations that forbid it recommend the other way.
        return Ok(((), told(facts, Callers::Unchecked, Callers::Unchecked.words())));
    }
    let outcome = invoker::set_public(context.http, &context.service_name, public)
        .await
        .map_err(|error| refused(context, public, error))?;
    if outcome == Some(AccessChange::Opens) {
        facts.service.opened = Some(context.clock().now());
    }
    let callers = front.callers(Some(public)).unwrap_or(Callers::Granted);
    let note = match (public, &outcome) {
        _ if front.proxy => callers.words(),
        (true, Some(_)) => "open to everybody, as soon as Google lets the change through",
        (true, None) => "everybody may call it already",
        (false, Some(_)) => "nobody may call it without a grant now",
        (false, None) => "nobody may call it without a grant already",
    };
    if outcome.is_some() {
        facts.service.access_changed = outcome;
    }
    Ok(((), told(facts, callers, note)))
}

/// Opens a preview's own service to everybody where the live one is, else closes it.
pub(super) async fn admit(context: &Context<'_>, facts: &mut Facts, guest: &Guest) -> Result<((), String), Failure> {
    let own = reading::read(context).await?;
    let live = guest::live(context, guest).await?;
    let by_policy = match &live {
        Some(live) => guest::everybody(context, guest, live).await?,
        None => false,
    };
    let open = live.as_ref().is_some_and(|live| preview::is_open(live.json(), by_policy, own.json()));
    let front = facts.service.front;
    let (_, note) = run(context, facts, open, front).await?;
    let note = match (open, live) {
        (true, _) => format!("{note}, as `{}` is", guest.of),
        (false, Some(_)) => {
            format!("nobody may call it without a grant: `{}` is not open to everybody either", guest.of)
        }
        (false, None) => format!("nobody may call it without a grant: there is no `{}` yet that is open", guest.of),
    };
    facts.service.access = Some(note.clone());
    Ok(((), note))
}

/// Lets those call the service whom the inputs name, once it serves what was deployed.
///
/// # Errors
/// When Google does not let that happen.
pub(super) async fn invite(context: &Context<'_>) -> Result<((), String), Failure> {
    let members = &context.deploy.settings.invokers;
    let sentence =
        || format!("Service `{}` serves, and whom `invokers` names may not all call it", context.deploy.service);
    let added = invoker::add(context.http, &context.service_name, members)
        .await
        .map_err(|error| Failure::of(sentence(), error))?;
    let note = match added.as_slice() {
        [] => "whom `invokers` names may call it already".to_owned(),
        added => format!("{} may call it now", listed(added)),
    };
    Ok(((), note))
}

/// What `invokers` would change.
pub(super) async fn invited(context: &Context<'_>, service: Option<&Service>) -> Vec<Difference> {
    let members = &context.deploy.settings.invokers;
    if members.is_empty() {
        return Vec::new();
    }
    let fresh = match service {
        Some(_) => invoker::without(context.http, &context.service_name, members).await.unwrap_or_default(),
        None => members.clone(),
    };
    let after = |member| Difference { what: "invokers".into(), before: None, after: Some(member) };
    fresh.into_iter().map(after).collect()
}

/// What a wish would change of who may call a service, which is `then` behind such a front; nothing where that is so
/// already, or may not be read.
pub(super) async fn difference(
    context: &Context<'_>,
    service: &Service,
    then: Front,
    public: Option<bool>,
) -> Option<Difference> {
    let now = invoker::callers(context.http, &context.service_name, service.front()).await.ok()?;
    let then = then.callers(Some(public?))?;
    let words = |callers: Callers| Some(callers.words().to_owned());
    (now != then).then(|| Difference { what: "access".into(), before: words(now), after: words(then) })
}

/// Keeps who may call the service.
fn told(facts: &mut Facts, callers: Callers, note: &str) -> String {
    facts.service.callers = Some(callers);
    facts.service.access = Some(note.to_owned());
    note.to_owned()
}

/// The failure of a service that shall be open and lets nobody in without an identity. With one it is asked once more,
/// to say why.
pub(super) async fn closed(context: &Context<'_>, facts: &Facts, place: &Audience, limit: Duration) -> Failure {
    let deploy = context.deploy;
    let name = &deploy.service;
    let waited = if limit.is_zero() { String::new() } else { format!(", {} later", duration(limit)) };
    let sentence = format!(
        "Service `{name}` is open to everybody, and Google still turns away who does not say who it is{waited}"
    );
    let answers = facts.checks.iter().filter(|check| check.at == place.name && check.failed());
    let evidence = answers.map(|check| format!("{}: last answer {}", check.request, check.answer)).collect();
    let address = facts.service.url.as_deref().unwrap_or_else(|| place.base.as_str());
    let why = match with_identity(context, place, address).await {
        Some(true) => "With the deployer's own token it answers as it should: only access is missing",
        Some(false) => "With the deployer's own token it does not answer as it should either",
        None => "Whether it answers to the deployer is not known: there is no identity token",
    };
    let unchecked = facts.service.front.unchecked;
    let next = if unchecked {
        "Its invoker check is off; look for a VPC Service Controls perimeter or an organisation policy in front of it"
            .to_owned()
    } else {
        format!(
            "A deny policy, or a VPC Service Controls perimeter, may stand in front of the grant; see who may call it: gcloud run services get-iam-policy {name} --region={} --project={}",
            deploy.region, deploy.project
        )
    };
    let failure = Failure::plain(Class::Verify, sentence).evidence(evidence).hint(next).hint(why);
    match unchecked {
        true => failure,
        false => failure.more_hints(["`invoker_iam_check: false` opens a service without a grant".to_owned()]),
    }
}

/// Whether the first check passes when the deployer says who it is.
async fn with_identity(context: &Context<'_>, place: &Audience, address: &str) -> Option<bool> {
    let check = context.deploy.checks.checks.first()?;
    let url = place.base.join(check.path.trim_start_matches('/')).ok()?;
    let token = context.http.identity_token(address.trim_end_matches('/')).await.ok()?;
    let answer = context.probe.ask(check.method, &url, Some(&token), |status| check.statuses.contains(status)).await;
    Some(answer.status.is_some_and(|status| check.statuses.contains(status)))
}

/// Keeps that everybody is let in, once that has been seen and where this run had opened the service.
pub(super) fn proven(facts: &mut Facts) {
    if facts.service.opened.is_some() {
        facts.service.access = Some("everybody may call it, as was asked without an identity".to_owned());
    }
}

/// Of a service that is new and private: who may call it, and how it is opened. The report ends with it.
pub(super) fn tell(context: &Context<'_>, facts: &mut Facts) {
    let deploy = context.deploy;
    if facts.service.existed || deploy.kind == ResourceKind::WorkerPool {
        return;
    }
    let callers = facts.service.front.callers(Some(deploy.settings.public == Some(true)));
    facts.service.callers = callers;
    if callers == Some(Callers::Granted) {
        facts.service.access = Some(format!(
            "{}. Let everybody in with `allow_unauthenticated: true`, or somebody: gcloud run services add-iam-policy-binding {} --member=user:NAME@DOMAIN --role=roles/run.invoker --region={} --project={}",
            Callers::Granted.words(),
            deploy.service,
            deploy.region,
            deploy.project
        ));
    }
}

/// Takes back what a rollout did to who may call the service.
///
/// # Errors
/// When the policy cannot be read or written.
pub(super) async fn put_back(context: &Context<'_>, record: &RolloutRecord) -> Result<(), Failure> {
    let refused =
        |error| Failure::of(format!("Could not put back who may call service `{}`", context.deploy.service), error);
    if let Some(change) = &record.access {
        invoker::take_back(context.http, &context.service_name, change).await.map_err(refused)?;
    }
    match &record.agent {
        Some(agent) => invoker::revoke(context.http, &context.service_name, agent).await.map_err(refused),
        None => Ok(()),
    }
}

fn refused(context: &Context<'_>, public: bool, error: ApiError) -> Failure {
    let service = &context.deploy.service;
    let forbidden_by_policy = error.refusal().is_some_and(|refusal| {
        refusal.constraints.iter().any(|constraint| constraint.contains("allowedPolicyMemberDomains"))
            || refusal.message.contains("permitted customer")
    });
    let verb = if public { "opened" } else { "closed" };
    let failure = Failure::of(format!("Service `{service}` could not be {verb} to everybody"), error);
    if !forbidden_by_policy {
        return failure;
    }
    failure.hint("The organisation forbids `allUsers`: write `invoker_iam_check: false` in place of `allow_unauthenticated: true`, and everybody may call the service without that grant")
}

/// Keeps that who may call the service is as it was; `before` is what stood in front of it until then.
pub(super) fn forget(facts: &mut Facts, before: Front) {
    let service = &mut facts.service;
    let changed = service.access_changed.take().is_some();
    let opened = service.opened.take().is_some();
    if changed || opened || service.front != before {
        service.callers = None;
        service.access = service.access.take().map(|_| "as before".to_owned());
    }
}
