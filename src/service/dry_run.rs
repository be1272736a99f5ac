//! What a run would change on the service, checked by Google where it can, with nothing written.

use super::begin::{RevisionStart, begin, tell_left};
use super::preflight::Seen;
use super::{Context, access, allocation, foresee, pick, pre_deploy, proxy, reading, wanted};
use crate::build::{resolve, submit};
use crate::cloud_run::difference::{Difference, between};
use crate::cloud_run::manifest::kept;
use crate::cloud_run::notes::Notes;
use crate::cloud_run::read_only::settings_of;
use crate::cloud_run::rollout::{Rollout, follows_latest, traffic_json, whole, with_tag, without_tags};
use crate::commands::deploy::inputs::{Allocation, DeployWhat};
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::cloud_run::{self as cloud_run, Service};
use slipway_names::json::set;
use slipway_names::traffic::Traffic;
use slipway_wire::clock::now_rfc3339;

/// An image that exists everywhere, for checking a service whose own image is not built yet.
pub(crate) const STAND_IN: &str = "us-docker.pkg.dev/cloudrun/container/hello";

pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, seen: &Seen) -> Result<Vec<Difference>, Failure> {
    let (image, shown) = match &context.deploy.what {
        DeployWhat::Image(image) => (image.to_string(), image.to_string()),
        DeployWhat::Promoted(place) => {
            let (image, _) = resolve::promoted(context.http, facts, place).await?;
            (image.clone(), image)
        }
        DeployWhat::Build(build) => (
            STAND_IN.to_owned(),
            format!("{}@(the digest of the build)", submit::repository(context, build, seen.images())),
        ),
        DeployWhat::Revision(_) | DeployWhat::Traffic(_) => return moves(context, facts).await,
    };
    let sentence =
        || format!("Cloud Run would not take {} `{}` like this", context.deploy.kind.word(), context.deploy.service);
    let current = seen.service.as_ref();
    facts.service.existed = current.is_some();
    let begun = begin(context, facts, current, &context.marks.revision, None).await?;
    facts.rollout = None;
    let before = wanted::started(context, current).await?;
    if before.is_none() && context.deploy.manifest.is_none() {
        foresee::nothing_to_take(&context.deploy.settings, &format!("service `{}`", context.deploy.service))?;
    }
    if let Some(revision) = current.filter(|_| context.deploy.guest.is_none()).and_then(wanted::instead) {
        context.console.line(&format!(
            "It starts from revision `{revision}`, which serves: the service's own template was never promoted"
        ));
    }
    if let (Some(manifest), Some(before)) = (&context.deploy.manifest, &before) {
        let kept: Vec<String> = kept(manifest, before).iter().map(|name| format!("`{name}`")).collect();
        if !kept.is_empty() {
            context.console.line(&format!("Kept, because the manifest does not mention it: {}", kept.join(", ")));
        }
    }
    let body =
        |image: &str| wanted::changed(context, before.as_ref(), image).map_err(|error| Failure::of(sentence(), error));
    let mut candidate = body(&image)?;
    foresee::say(context, before.as_ref(), &candidate);
    let mut allocation = None;
    match &begun {
        RevisionStart::AtOnce => {
            let tag = context.deploy.rollout.tag.as_deref();
            allocation =
                tag.zip(current).map(|(tag, now)| with_tag(whole(&now.traffic()), tag, &context.marks.revision));
        }
        RevisionStart::Held(record) => context.console.line(&format!(
            "Another run is rolling out revision `{}`: a deploy would wait for its end first",
            record.rollout.revision
        )),
        RevisionStart::Rolls(start) => {
            tell_left(context, facts, start.left.as_ref());
            let rollout = &start.record.rollout;
            set(&mut candidate, "traffic", traffic_json(&rollout.candidate(&rollout.before)));
            allocation = Some(in_the_end(current, rollout, true));
        }
        RevisionStart::Waits(wait) => {
            let then = with_tag(wait.now.clone(), &wait.candidate.tag, &context.marks.revision);
            set(&mut candidate, "traffic", traffic_json(&then));
            allocation = Some(then);
            let access = wait.candidate.public.map(|_| "access".to_owned());
            told_later(context, &wait.candidate.later.fields().into_iter().chain(access).collect::<Vec<_>>());
        }
    }
    cloud_run::validate(context.http, &context.service_name, &candidate)
        .await
        .map_err(|error| Failure::of(sentence(), error))?;
    if let Some(wish) = context.deploy.pre_deploy.as_deref() {
        pre_deploy::rehearse(context, &candidate, &image, wish).await?;
    }
    let mut changes = between(before.as_ref().map(settings_of).as_ref(), &body(&shown)?);
    if let (Some(then), Some(service)) = (&allocation, current) {
        changes.extend(moved(service, then, Some(&context.marks.revision)));
    }
    let then = match current {
        Some(service) => access::front_then(context, service, &context.marks.revision),
        None => Service::from_json(candidate.clone()).front(),
    };
    changes.extend(proxy::difference(proxy::planned(context, facts, current.map(Service::front), then).await));
    if let Some(service) = current {
        changes.extend(access::difference(context, service, then, context.deploy.settings.public).await);
    }
    changes.extend(access::invited(context, current).await);
    if current.is_none()
        && let Some(tag) = &context.deploy.rollout.tag
    {
        let after = Some(context.marks.revision.to_string());
        changes.push(Difference { what: format!("tag {tag}"), before: None, after });
    }
    Ok(changes)
}

/// Says what a candidate that waits does not change yet.
fn told_later(context: &Context<'_>, fields: &[String]) {
    let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    if !fields.is_empty() {
        context
            .console
            .line(&format!("{} of the service would change with the promotion, not before", fields.join(", ")));
    }
}

/// The allocation when a rollout has ended well: tags of runs that are over go with it.
fn in_the_end(service: Option<&Service>, rollout: &Rollout, newest: bool) -> Traffic {
    let notes = service.map(|service| Notes::on(service.json())).unwrap_or_default();
    without_tags(rollout.done(newest, &rollout.before), &notes.passing_tags(&now_rfc3339()))
}

/// What a run changes that only moves traffic.
async fn moves(context: &Context<'_>, facts: &mut Facts) -> Result<Vec<Difference>, Failure> {
    let service = reading::find(context).await?;
    facts.service.existed = true;
    let mut changes = Vec::new();
    let then = match &context.deploy.what {
        DeployWhat::Traffic(asked) => allocation::asked(context, &service, asked)?,
        DeployWhat::Revision(wish) => {
            let (revision, note) = pick::run(context, &service, wish).await?;
            context.console.line(&format!("Chosen: {note}"));
            let begun = begin(context, facts, Some(&service), &revision, None).await?;
            facts.rollout = None;
            let mut after = service.json().clone();
            let (later, public) = Notes::on(service.json()).coming_with(&revision);
            later.apply(&mut after);
            changes = between(Some(&settings_of(service.json())), &settings_of(&after));
            let then = access::front_then(context, &service, &revision);
            changes.extend(access::difference(context, &service, then, public).await);
            changes.extend(proxy::difference(proxy::planned(context, facts, Some(service.front()), then).await));
            let newest = service.latest_ready().as_ref() == Some(&revision);
            match begun {
                RevisionStart::Rolls(start) => {
                    tell_left(context, facts, start.left.as_ref());
                    in_the_end(Some(&service), &start.record.rollout, newest)
                }
                // Without room for a tag the traffic moves at once.
                _ => allocation::asked(context, &service, &Allocation::whole(revision))?,
            }
        }
        _ => Traffic::default(),
    };
    changes.extend(moved(&service, &then, service.latest_ready().as_ref()));
    Ok(changes)
}

/// The traffic before and after, in words; nothing when it stays, or goes on following the latest revision with the same
/// tags.
fn moved(service: &Service, then: &Traffic, latest: Option<&slipway_names::ids::RevisionName>) -> Option<Difference> {
    let tags =
        |traffic: &Traffic| traffic.shares.iter().filter(|share| share.tag.is_some()).cloned().collect::<Vec<_>>();
    if follows_latest(&service.traffic()) && follows_latest(then) && tags(&service.traffic()) == tags(then) {
        return None;
    }
    let before = service.traffic().words(service.latest_ready().as_ref());
    let after = then.words(latest);
    (before != after).then(|| Difference { what: "traffic".into(), before: Some(before), after: Some(after) })
}
