//! A preview among the live services: what its own service starts from and who may call it, what a tag may not touch, and
//! which of two runs for one pull request is the newer.

use serde_json::Value;

use super::{Context, reading};
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::{pinned, tagged};
use crate::cloud_run::service::level_change;
use crate::commands::preview::inputs::{Guest, OF_LABEL, PREVIEW_LABEL, REPOSITORY_LABEL, name};
use crate::commands::preview::plan as preview;
use crate::facts::Facts;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_google::error::ApiError;
use slipway_google::invoker;
use slipway_google::operation::Operation;

/// The preview whose own service this is.
pub(super) fn own<'a>(context: &Context<'a>) -> Option<&'a Guest> {
    context.deploy.guest.as_deref().filter(|guest| guest.own)
}

/// The live service of a preview's own.
pub(super) async fn live(context: &Context<'_>, guest: &Guest) -> Result<Option<Service>, Failure> {
    let full = live_name(context, guest);
    let unread = |error| Failure::of(format!("Could not read service `{}`, to make a preview of it", guest.of), error);
    cloud_run::service(context.http, &full).await.map_err(unread)
}

/// The full name of that service.
fn live_name(context: &Context<'_>, guest: &Guest) -> String {
    cloud_run::service_name(context.deploy.project.as_str(), &context.deploy.region, &guest.of)
}

/// What a preview's own service starts from; nothing where there is no live one.
pub(super) async fn start(
    context: &Context<'_>,
    guest: &Guest,
    own: Option<&Service>,
) -> Result<Option<Value>, Failure> {
    let Some(live) = live(context, guest).await? else {
        return Ok(own.map(|own| own.json().clone()));
    };
    let serving = pinned(&live.traffic(), live.latest_ready().as_ref());
    let full = live_name(context, guest);
    let revision = match preview::serving(live.json(), serving.as_ref()) {
        Some(revision) => cloud_run::revision_json(context.http, &full, &revision)
            .await
            .map_err(|error| Failure::of(format!("Could not read revision `{revision}`, to start from it"), error))?,
        None => None,
    };
    let open = everybody(context, guest, &live).await?;
    let open = preview::is_open(live.json(), open, live.json());
    Ok(Some(preview::start(live.json(), revision.as_ref(), own.map(Service::json), open)))
}

/// Makes a preview's own service. Another run may make the same one at this time, and a write without an etag would replace
/// it.
pub(super) async fn make(context: &Context<'_>, service: &Value) -> Result<Operation, ApiError> {
    cloud_run::create(context.http, &context.service_name, service).await
}

/// Whether the policy of the live service lets everybody call it. Where nobody is asked, the policy does not matter.
pub(super) async fn everybody(context: &Context<'_>, guest: &Guest, live: &Service) -> Result<bool, Failure> {
    if live.json().get("invokerIamDisabled") == Some(&Value::Bool(true)) {
        return Ok(false);
    }
    invoker::is_everybody(context.http, &live_name(context, guest))
        .await
        .map_err(|error| Failure::of("Could not read who may call the live service", error))
}

/// Refuses a service of that name which is no preview of this pull request: whatever it is, it is not a preview's to change.
pub(super) fn known(context: &Context<'_>, service: &Service) -> Result<(), Failure> {
    let Some(guest) = own(context) else { return Ok(()) };
    let own = |name: &str| guest.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str());
    let same = |name: &str| service.label(name) == own(name);
    // Of one that was made on a terminal nobody knows whose it is.
    let whose = service.label(REPOSITORY_LABEL).zip(own(REPOSITORY_LABEL));
    if same(PREVIEW_LABEL) && same(OF_LABEL) && whose.is_none_or(|(there, here)| there == here) {
        return Ok(());
    }
    let deploy = context.deploy;
    let what = format!(
        "Service `{}` is there and is no preview of pull request #{} of this repository: its labels say otherwise",
        deploy.service, guest.number
    );
    // This program deletes no service but its own previews.
    Err(Failure::plain(Class::Config, what).hint(format!(
        "If nobody needs it: gcloud run services delete {} --region={} --project={}",
        deploy.service, deploy.region, deploy.project
    )))
}

/// Refuses what the manifest asks of the live service besides a revision: a preview with a tag changes nothing else.
pub(super) async fn within(context: &Context<'_>, service: &Service) -> Result<(), Failure> {
    let Some(guest) = context.deploy.guest.as_deref().filter(|guest| !guest.own) else { return Ok(()) };
    let level =
        level_change(service.json(), context.deploy.manifest.as_ref(), &context.deploy.settings, &context.deploy.what);
    let public = match guest.public {
        Some(_) => Some(
            invoker::is_everybody(context.http, &context.service_name)
                .await
                .map_err(|error| Failure::of("Could not read who may call the service", error))?,
        ),
        None => None,
    };
    let beyond = preview::beyond(&level, guest, public);
    if beyond.is_empty() {
        return Ok(());
    }
    let what = format!(
        "A preview with a tag changes nothing of service `{}` but a revision of its own, and the manifest asks for more: {}",
        guest.of,
        beyond.join(", ")
    );
    Err(Failure::plain(Class::Config, what).hint(
        "Leave out `preview_service: false`: a service of its own takes all of it; or release these settings first, and preview then",
    ))
}

/// The commit that a preview shows by now.
async fn shown(context: &Context<'_>, guest: &Guest, service: &Service) -> Option<String> {
    if guest.own {
        return super::order::serving_commit(context, service).await;
    }
    let traffic = service.traffic();
    let revision = tagged(&traffic, &name(guest.number))?;
    cloud_run::revision(context.http, &context.service_name, revision).await.ok()??.commit
}

/// Gives way where the preview shows by now what is at the head of the pull request, and this run's commit is not that.
pub(super) async fn give_way(context: &Context<'_>, service: &Service) -> Result<(), Failure> {
    let (Some(guest), Some(own), Some(github)) =
        (context.deploy.guest.as_deref(), context.origin.sha.as_deref(), context.github)
    else {
        return Ok(());
    };
    let Some(there) = shown(context, guest, service).await.filter(|there| there != own) else { return Ok(()) };
    // What is not known stops nothing.
    match github.pull(guest.number).await {
        Ok(pull) if pull.head_sha == there => Err(replaced(context, guest, &there, own)),
        _ => Ok(()),
    }
}

fn replaced(context: &Context<'_>, guest: &Guest, there: &str, own: &str) -> Failure {
    let what = format!(
        "The preview of pull request #{} shows a newer commit by now: `{there}`; this run's `{own}` is not put in its place",
        guest.number
    );
    Failure::plain(Class::Superseded, what).hint(format!(
        "Nothing needs to be done: another run of this pull request made `{}` what it is",
        context.deploy.service
    ))
}

/// Whether another run for the same pull request has put its revision in the place of this run's. One of the same commit is
/// as good; one of another commit is the newer one.
pub(super) async fn judge(context: &Context<'_>, facts: &Facts, guest: &Guest) -> Result<Option<String>, Failure> {
    if facts.share().unwrap_or(0) > 0 {
        return Ok(None);
    }
    let service = reading::read(context).await?;
    let served = Notes::on(service.json()).served;
    match (served.commit, context.origin.sha.as_deref()) {
        (Some(there), Some(own)) if there == own => {
            Ok(Some(format!("another run for the same commit put revision `{}` in its place", served.revision)))
        }
        (Some(there), Some(own)) => Err(replaced(context, guest, &there, own)),
        _ => Ok(None),
    }
}
