//! The service as it shall be: the document that it starts from, and what the inputs make of it.

use serde_json::Value;

use super::{Context, guest};
use crate::cloud_run::base;
use crate::cloud_run::change_error::ChangeError;
use crate::cloud_run::enrolment;
use crate::cloud_run::manifest::from_manifest;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::pinned;
use crate::cloud_run::service::{change, level_change};
use crate::cloud_run::service_level::Patch;
use crate::cloud_run::worker_pool;
use crate::commands::preview::plan as preview;
use slipway_failure::Failure;
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_names::ids::RevisionName;
use slipway_names::kind::ResourceKind;

/// The document to start from, where there is one: a preview's own service starts from the live one.
pub(super) async fn started(context: &Context<'_>, current: Option<&Service>) -> Result<Option<Value>, Failure> {
    match (guest::own(context), current) {
        (Some(guest), there) => guest::start(context, guest, there).await,
        (None, Some(service)) => base(context, service).await.map(Some),
        (None, None) => Ok(None),
    }
}

/// The service to start from: as it is, or with the template of what serves where its own was never promoted.
pub(super) async fn base(context: &Context<'_>, service: &Service) -> Result<Value, Failure> {
    // A rotation brings the template of what serves itself.
    let own = context.deploy.settings.repoint.is_some();
    let Some(revision) = instead(service).filter(|_| !own) else { return Ok(service.json().clone()) };
    let found = cloud_run::revision_json(context.http, &context.service_name, &revision)
        .await
        .map_err(|error| Failure::of(format!("Could not read revision `{revision}`, to start from it"), error))?;
    match found {
        Some(found) => Ok(base::with_template(service.json(), &found, &Notes::on(service.json()))),
        // It is gone, and with it whatever could be started from.
        None => Ok(service.json().clone()),
    }
}

/// The revision to start from, where the service's own template was never promoted.
pub(super) fn instead(service: &Service) -> Option<RevisionName> {
    let latest = service.latest_ready();
    let serving = pinned(&service.traffic(), latest.as_ref());
    base::instead(service.json(), &Notes::on(service.json()), serving.as_ref(), latest.as_ref())
}

/// The service as it shall be when everything is done, from what it starts from.
pub(super) fn service(context: &Context<'_>, base: Option<&Value>, image: &str) -> Result<Value, Failure> {
    changed(context, base, image).map_err(|error| {
        let deploy = context.deploy;
        let what = format!("Could not deploy {} `{}` in `{}`", deploy.kind.word(), deploy.service, deploy.region);
        Failure::of(what, error)
    })
}

/// The same, where the caller has a sentence of its own for what cannot be made.
pub(super) fn changed(context: &Context<'_>, current: Option<&Value>, image: &str) -> Result<Value, ChangeError> {
    let base = context.deploy.manifest.as_ref().map(|manifest| from_manifest(manifest, current));
    let mut changed = change(base.as_ref().or(current), &context.deploy.settings, image, context.marks)?;
    enrolment::end(&mut changed, context.deploy.settings.container.as_deref(), &context.deploy.what);
    if let Some(guest) = guest::own(context) {
        preview::finish(&mut changed, current, guest);
    }
    Ok(match context.deploy.kind {
        ResourceKind::Service => changed,
        ResourceKind::WorkerPool => {
            worker_pool::adapt(changed, base.as_ref().or(current), context.deploy.settings.instances)
        }
    })
}

/// What the settings change on a service besides its template.
pub(super) fn level(context: &Context<'_>, service: &Service) -> Patch {
    let deploy = context.deploy;
    level_change(service.json(), deploy.manifest.as_ref(), &deploy.settings, &deploy.what)
}
