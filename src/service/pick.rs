//! Which revision that exists is meant: the one that served before, a named one, a tagged one.

use super::{Context, secret_age};
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::pinned;
use crate::commands::deploy::inputs::Pick;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Revision, Service};
use slipway_names::ids::RevisionName;
use slipway_names::secret_version::SecretName;

pub(super) async fn run(
    context: &Context<'_>,
    service: &Service,
    pick: &Pick,
) -> Result<(RevisionName, String), Failure> {
    let name = &context.deploy.service;
    let latest = service.latest_ready();
    let serving = pinned(&service.traffic(), latest.as_ref());
    let main = serving.as_ref().and_then(|traffic| traffic.main_revision(None)).cloned();
    let (revision, how) = match pick {
        Pick::Named(revision) => (revision.clone(), "as named".to_owned()),
        Pick::Tagged(tag) => {
            let shares = service.traffic().shares;
            let share = shares.into_iter().find(|share| share.tag.as_deref() == Some(tag.as_str()));
            let target = share.map(|share| share.target).and_then(|target| match target {
                slipway_names::traffic::TrafficTarget::Revision(name) => Some(name),
                slipway_names::traffic::TrafficTarget::Latest => latest.clone(),
            });
            let revision = target.ok_or_else(|| {
                let there = service.traffic().words(latest.as_ref());
                Failure::plain(Class::Config, format!("Service `{name}` has no revision with tag `{tag}`"))
                    .hint(format!("Its traffic is {there}"))
            })?;
            (revision, format!("the one with tag `{tag}`"))
        }
        Pick::Previous => previous(context, service, main.as_ref()).await?,
    };
    let json = cloud_run::revision_json(context.http, &context.service_name, &revision)
        .await
        .map_err(|error| Failure::of(format!("Could not read revision `{revision}`"), error))?;
    let Some(json) = json else {
        // `slipway status` shows those that serve, no others.
        return Err(Failure::plain(Class::Config, format!("Service `{name}` has no revision `{revision}`")).hint(
            format!(
                "See which it has: gcloud run revisions list --service={name} --region={} --project={}",
                context.deploy.region, context.deploy.project
            ),
        ));
    };
    let found = Revision::read(&json);
    if !is_ready(&found) {
        let why = found.condition("Ready").map(|ready| ready.message.clone()).unwrap_or_default();
        return Err(Failure::plain(Class::Deploy, format!("Revision `{revision}` is not ready and cannot serve"))
            .evidence(vec![why]));
    }
    // Cloud Run keeps calling it ready: only the next instance finds out.
    if let Some((reference, version)) = secret_age::disabled(context, &json).await.into_iter().next() {
        let (number, secret) = (version.number, &reference.secret);
        let (short, project) = (secret.rsplit('/').next().unwrap_or(secret), context.deploy.project.as_str());
        let home = SecretName::parse(secret, project).map_or_else(|_| project.to_owned(), |secret| secret.project);
        let sentence = format!(
            "Revision `{revision}` reads version {number} of secret `{secret}`, which is disabled: no instance of it would start"
        );
        return Err(Failure::plain(Class::Deploy, sentence).hint(format!(
            "Enable it first: gcloud secrets versions enable {number} --secret={short} --project={home}"
        )));
    }
    Ok((revision.clone(), format!("revision `{revision}`, {how}")))
}

/// A revision that Cloud Run has retired for lack of traffic is ready again as soon as it gets some.
fn is_ready(revision: &Revision) -> bool {
    revision.condition("Ready").is_none_or(|ready| ready.holds != Some(false) || ready.reason == "RETIRED")
}

/// What served before: before a rollout that was left unfinished; else as the last rollout noted it, else
/// the newest ready revision before the one that serves.
async fn previous(
    context: &Context<'_>,
    service: &Service,
    main: Option<&RevisionName>,
) -> Result<(RevisionName, String), Failure> {
    let notes = Notes::on(service.json());
    let unfinished = notes.record.as_ref().and_then(|left| left.rollout.before.main_revision(None).cloned());
    if let Some(before) = unfinished {
        return Ok((before, "which served before the unfinished rollout".into()));
    }
    let noted = &notes.served;
    let serves_noted = main.is_some_and(|main| main.as_str() == noted.revision);
    if let Some(previous) =
        noted.previous.clone().filter(|_| serves_noted).and_then(|name| RevisionName::parse(&name).ok())
    {
        return Ok((previous, "which served before".into()));
    }
    let name = &context.deploy.service;
    let revisions = cloud_run::revisions(context.http, &context.service_name)
        .await
        .map_err(|error| Failure::of(format!("Could not list the revisions of service `{name}`"), error))?;
    let older = revisions
        .into_iter()
        .skip_while(|revision| main.is_some() && revision.name.as_ref() != main)
        .filter(|revision| revision.name.as_ref() != main && is_ready(revision))
        .filter_map(|revision| revision.name)
        // What failed, or waits, never served.
        .find(|name| !notes.is_unpromoted(name));
    older.map(|older| (older, "the newest ready one before the one that serves".to_owned())).ok_or_else(|| {
        Failure::plain(Class::Config, format!("Service `{name}` has no earlier revision to go back to"))
            .hint("Name one with `to_revision`, or deploy")
    })
}
