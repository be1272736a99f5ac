//! What a run would change on the service, checked by Google where it can, with nothing written.

use super::preflight::Seen;
use super::{Context, deploy, pick, pre_deploy, resolve, rollout, traffic};
use crate::explain::Failure;
use crate::google::cloud_run::{self, Service};
use crate::inputs::deploy::What;
use crate::model::facts::Facts;
use crate::model::traffic::Traffic;
use crate::plan::difference::{Difference, between};
use crate::plan::rollout as plan;
use crate::plan::service::settings_of;

/// An image that exists everywhere, for checking a service whose own image is not built yet.
const STAND_IN: &str = "us-docker.pkg.dev/cloudrun/container/hello";

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, seen: &Seen) -> Result<Vec<Difference>, Failure> {
    let (image, shown) = match &context.deploy.what {
        What::Image(image) => (image.to_string(), image.to_string()),
        What::Promoted(place) => {
            let (image, _) = resolve::promoted(context.http, facts, place).await?;
            (image.clone(), image)
        }
        What::Build(build) => (STAND_IN.to_owned(), format!("{}@(the digest of the build)", build.repository)),
        What::Revision(_) | What::Traffic(_) => return moves(context, facts).await,
    };
    let sentence =
        || format!("Cloud Run would not take {} `{}` like this", context.deploy.kind.word(), context.deploy.service);
    let current = seen.service.as_ref().map(Service::json);
    facts.service.existed = current.is_some();
    let body = |image: &str| {
        deploy::changed(context, seen.service.as_ref(), image).map_err(|error| Failure::of(sentence(), error))
    };
    let record = rollout::begin(context, facts, seen.service.as_ref(), &context.marks.revision, true)?;
    let mut candidate = body(&image)?;
    if let Some(record) = &record {
        plan::write(&mut candidate, &record.rollout.candidate(), Some(record), None);
    }
    cloud_run::validate(context.http, &context.service_name, &candidate)
        .await
        .map_err(|error| Failure::of(sentence(), error))?;
    if let Some(wish) = context.deploy.pre_deploy.as_deref() {
        pre_deploy::rehearse(context, &candidate, &image, wish).await?;
    }
    let mut changes = between(current.map(settings_of).as_ref(), &body(&shown)?);
    changes.retain(|change| !plan::is_note(&change.what));
    if let (Some(record), Some(service)) = (&record, &seen.service) {
        let then = if context.deploy.rollout.no_traffic { record.rollout.candidate() } else { record.rollout.done() };
        changes.extend(moved(service, &then, Some(&context.marks.revision)));
    }
    facts.rollout = None;
    Ok(changes)
}

/// What a run changes that only moves traffic.
async fn moves(context: &Context<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    let service = traffic::read(context).await?;
    facts.service.existed = true;
    let then = match &context.deploy.what {
        What::Traffic(asks) => rollout::asked(context, &service, asks)?,
        What::Revision(wish) => {
            let (revision, note) = pick::run(context, &service, wish).await?;
            context.console.line(&format!("Chosen: {note}"));
            let newest = service.latest_ready().as_ref() == Some(&revision);
            let record = rollout::begin(context, facts, Some(&service), &revision, newest)?;
            facts.rollout = None;
            record.map(|record| record.rollout.done()).unwrap_or_default()
        }
        _ => Traffic::default(),
    };
    Ok(moved(&service, &then, service.latest_ready().as_ref()).into_iter().collect())
}

/// The traffic before and after, in words; nothing when it stays, or goes on following the latest revision.
fn moved(service: &Service, then: &Traffic, latest: Option<&crate::model::ids::RevisionName>) -> Option<Difference> {
    if plan::follows_latest(&service.traffic()) && plan::follows_latest(then) {
        return None;
    }
    let before = service.traffic().words(service.latest_ready().as_ref());
    let after = then.words(latest);
    (before != after).then(|| Difference { what: "traffic".into(), before: Some(before), after: Some(after) })
}
