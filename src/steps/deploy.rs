//! The service: read, changed, written with its etag, waited for, read back.

use std::time::Duration;

use super::{Context, deploy_failure, rollout};
use crate::clock::jitter;
use crate::console::duration;
use crate::explain::{Class, Failure};
use crate::google::cloud_run::{self, Revision, Service};
use crate::google::error::ApiError;
use crate::google::operation::{self, End, Operation, Watched};
use crate::model::facts::{Facts, Written};
use crate::model::image::{ImageRef, PinnedImage};
use crate::model::kind::Kind;
use crate::plan::rollout::{self as plan, Record};
use crate::plan::service::{ChangeError, change, from_manifest};
use crate::plan::worker_pool;

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

/// A revision may take its startup probes (240 s by default) and a few minutes of Google's.
const LONGEST_START: Duration = Duration::from_secs(600);

/// Pause between looks at a service whose operation is not known.
const LOOK: Duration = Duration::from_secs(3);

pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: Option<Service>,
    image: &str,
) -> Result<(Option<Record>, String), Failure> {
    let revision = context.marks.revision.clone();
    facts.service.revision = Some(revision.clone());
    context.console.group(&format!("Revision {revision} of {} in {}", context.deploy.service, context.deploy.region));
    let limit = context.clock().limit(LONGEST_START);
    let begun = context.clock().now();
    let (record, operation) = write(context, facts, seen, image).await?;
    match operation {
        Some(operation) => {
            let progress = || {
                context.console.live(&format!("Deploying, {}", duration(context.clock().now().saturating_sub(begun))))
            };
            match operation::watch(context.http, operation, limit, progress).await {
                Watched::Ended(End::Done) => {}
                Watched::Ended(End::Failed(why)) => {
                    return Err(deploy_failure::explain(context, facts, Some(why)).await);
                }
                Watched::StoppedWatching => return Err(stopped(context, limit.length)),
                // The service itself says how it is doing.
                Watched::Unseen(_) => settle(context, facts, limit).await?,
            }
        }
        None => settle(context, facts, limit).await?,
    }
    let (service, revision_now) = read_back(context, facts).await?;
    let ready = revision_now.condition("Ready");
    let failed = ready.is_some_and(|ready| ready.holds == Some(false));
    if failed || ready.is_none_or(|ready| ready.holds.is_none()) && service.latest_ready().as_ref() != Some(&revision) {
        return Err(deploy_failure::explain(context, facts, None).await);
    }
    facts.service.ready = true;
    pin(facts, &revision_now, image);
    let without = if record.is_some() { ", without traffic" } else { "" };
    Ok((record, format!("revision `{revision}` is ready{without}")))
}

/// Writes the service. No operation when the write is known to have happened and its operation is not;
/// a record when the revision comes without traffic.
async fn write(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: Option<Service>,
    image: &str,
) -> Result<(Option<Record>, Option<Operation>), Failure> {
    let service_name = context.deploy.service.as_str();
    let sentence =
        || format!("Could not deploy {} `{service_name}` in `{}`", context.deploy.kind.word(), context.deploy.region);
    let mut current = seen;
    for round in 1.. {
        remember(facts, current.as_ref());
        let record = rollout::begin(context, facts, current.as_ref(), &context.marks.revision, true)?;
        let mut body = changed(context, current.as_ref(), image).map_err(|error| Failure::of(sentence(), error))?;
        if let Some(record) = &record {
            plan::write(&mut body, &record.rollout.candidate(), Some(record), None);
        }
        open(context, record.is_some());
        facts.service.written = Written::Unknown;
        let error = match cloud_run::apply(context.http, &context.service_name, &body).await {
            Ok(operation) => {
                facts.service.written = Written::Yes;
                return Ok((record, Some(operation)));
            }
            Err(error) => error,
        };
        let worth_a_look = error.is_ambiguous() || error.is_conflict();
        if !worth_a_look {
            facts.service.written = Written::No;
            facts.rollout = None;
            return Err(deploy_failure::refused(context, sentence(), error));
        }
        // Either our own write that was not answered, or somebody else's: the service tells.
        let now = look(context).await.map_err(|error| Failure::of(sentence(), error))?;
        if now.as_ref().is_some_and(|service| service.template_revision() == context.marks.revision.as_str()) {
            context.console.line("The reply was lost, and the write had arrived: going on with it");
            facts.service.written = Written::Yes;
            return Ok((record, None));
        }
        facts.service.written = Written::No;
        facts.rollout = None;
        if round >= ROUNDS {
            return Err(deploy_failure::refused(context, sentence(), error));
        }
        if error.is_conflict() {
            context
                .console
                .line("Somebody else changed the service meanwhile; applying the settings to what it is now");
        }
        current = now;
        context.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

/// The service as it shall be.
pub(super) fn changed(
    context: &Context<'_>,
    current: Option<&Service>,
    image: &str,
) -> Result<serde_json::Value, ChangeError> {
    let current = current.map(Service::json);
    let base = context.deploy.manifest.as_ref().map(|manifest| from_manifest(manifest, current));
    let changed = change(base.as_ref().or(current), &context.deploy.settings, image, &context.marks.revision)?;
    Ok(match context.deploy.kind {
        Kind::Service => changed,
        Kind::WorkerPool => worker_pool::adapt(changed, context.deploy.settings.instances),
    })
}

/// Tells the post step that a rollout is open, and on what; a killed run cannot do so later.
pub(super) fn open(context: &Context<'_>, rolls: bool) {
    if !rolls {
        return;
    }
    if let Err(why) = context.files.save_state("rollout_run", &context.marks.request_tag) {
        context.console.warning(&why);
    }
}

async fn look(context: &Context<'_>) -> Result<Option<Service>, ApiError> {
    cloud_run::service(context.http, &context.service_name).await
}

pub(super) fn remember(facts: &mut Facts, current: Option<&Service>) {
    facts.service.existed = current.is_some();
    let Some(service) = current else { return };
    facts.service.traffic_before = service.serving();
    let latest = service.latest_ready();
    facts.service.previous = service.serving().main_revision(latest.as_ref()).cloned();
    facts.service.latest_before = latest;
    facts.service.url = (!service.uri().is_empty()).then(|| service.uri().to_owned());
}

/// Waits by looking at the service, where there is no operation to wait for.
async fn settle(context: &Context<'_>, facts: &mut Facts, limit: crate::clock::Limit) -> Result<(), Failure> {
    loop {
        match look(context).await {
            Ok(Some(service)) if service.is_settled() => return Ok(()),
            Ok(None) => {
                facts.service.ready = false;
                return Err(Failure::plain(
                    Class::Deploy,
                    format!(
                        "{} `{}` was deleted while it was deployed",
                        context.deploy.kind.capital(),
                        context.deploy.service
                    ),
                )
                .hint("Run again to create it anew"));
            }
            Ok(Some(_)) => {}
            Err(error) if error.is_transient() => {}
            Err(error) => {
                return Err(Failure::of(
                    format!(
                        "{} `{}` can no longer be watched; it may still be deploying",
                        context.deploy.kind.capital(),
                        context.deploy.service
                    ),
                    error,
                ));
            }
        }
        if limit.reached(context.clock()) {
            return Err(stopped(context, limit.length));
        }
        context.clock().sleep(jitter(LOOK, 0.8, 1.2)).await;
    }
}

fn stopped(context: &Context<'_>, limit: Duration) -> Failure {
    let deploy = context.deploy;
    Failure::plain(
        Class::Timeout,
        format!(
            "Stopped watching {} `{}` after {} s: revision `{}` is neither ready nor failed",
            deploy.kind.word(),
            deploy.service,
            limit.as_secs(),
            context.marks.revision
        ),
    )
    .hint(format!(
        "See how it ends: gcloud run revisions describe {} --region={} --project={}",
        context.marks.revision, deploy.region, deploy.project
    ))
}

/// Reads the service and the revision: what is true, whatever the operation said.
async fn read_back(context: &Context<'_>, facts: &mut Facts) -> Result<(Service, Revision), Failure> {
    let revision = &context.marks.revision;
    let (service, now) =
        tokio::join!(look(context), cloud_run::revision(context.http, &context.service_name, revision));
    let unread = |error| {
        Failure::of(
            format!(
                "{} `{}` was deployed, but could not be read back",
                context.deploy.kind.capital(),
                context.deploy.service
            ),
            error,
        )
    };
    let (service, now) = (service.map_err(unread)?, now.map_err(unread)?);
    let (Some(service), Some(now)) = (service, now) else {
        return Err(Failure::plain(
            Class::Deploy,
            format!(
                "Revision `{revision}` of {} `{}` is not there after the deploy",
                context.deploy.kind.word(),
                context.deploy.service
            ),
        )
        .hint("It was deleted meanwhile; run again"));
    };
    see(facts, &service);
    Ok((service, now))
}

/// Keeps what a reading of the service shows.
pub(super) fn see(facts: &mut Facts, service: &Service) {
    facts.service.traffic = Some(service.serving());
    facts.service.latest_ready = service.latest_ready();
    facts.service.url = (!service.uri().is_empty()).then(|| service.uri().to_owned());
    if let Some(rollout) = &mut facts.rollout
        && let Some(uri) = service.tag_uri(&rollout.tag)
    {
        rollout.uri = Some(uri.to_owned());
    }
}

/// Takes the digest from the revision, where the image was deployed by a name that could not be
/// looked up.
fn pin(facts: &mut Facts, revision: &Revision, image: &str) {
    if facts.image.is_some() {
        return;
    }
    let repository = ImageRef::parse(image).ok().map(|image| image.repository);
    let pinned: Vec<PinnedImage> =
        revision.images.iter().filter_map(|text| ImageRef::parse(text).ok()?.pinned()).collect();
    let ours = pinned.iter().find(|pinned| {
        repository.as_ref().is_some_and(|repository| pinned.to_string().starts_with(&format!("{repository}@")))
    });
    if let Some(pinned) = ours.or_else(|| pinned.first().filter(|_| pinned.len() == 1)) {
        facts.digest = Some(pinned.digest().clone());
        facts.image = Some(pinned.clone());
    }
}
