//! The service: read, changed, written with its etag, waited for, read back.

use std::time::Duration;

use super::begin::{LONGEST_START, RevisionStart, begin, tell_left};
use super::{Context, access, again, deploy_failure, guest, order, over, reading, settle, wanted};
use crate::cloud_run::base;
use crate::cloud_run::notes::{Candidate, Notes, RolloutRecord, Served};
use crate::cloud_run::own_names::REPLACED;
use crate::cloud_run::rollout::{following, follows_latest, latest_tags, traffic_json, with_tag};
use crate::cloud_run::service_level::Patch;
use crate::facts::{Facts, Written};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Revision, Service};
use slipway_google::operation::{self as operation, Operation, OperationEnd, OperationWatched};
use slipway_names::image::{ImageRef, PinnedImage};
use slipway_names::json::{object, set};
use slipway_runner::duration;
use slipway_wire::clock::jitter;

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

/// What became of the image.
pub(super) enum Delivered {
    /// Nothing was written: by now there is nothing to deploy.
    Unchanged,
    /// A revision, with the traffic that the service sends it.
    AtOnce,
    /// A revision without traffic, and the rollout that it waits for.
    Rolls(Box<RolloutRecord>),
    /// A revision without traffic, which waits.
    Waits(Box<Candidate>),
}

pub(super) async fn run(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: Option<Service>,
    image: &str,
) -> Result<(Delivered, String), Failure> {
    let revision = context.marks.revision.clone();
    facts.service.revision = Some(revision.clone());
    context.console.group(&format!("Revision {revision} of {} in {}", context.deploy.service, context.deploy.region));
    let (delivered, operation) = write(context, facts, seen, image).await?;
    let limit = context.clock().limit(LONGEST_START);
    let begun = context.clock().now();
    if let Delivered::Unchanged = delivered {
        return Ok((delivered, facts.unchanged.clone().unwrap_or_default()));
    }
    match operation {
        Some(operation) => {
            let progress = || {
                context.console.live(&format!("Deploying, {}", duration(context.clock().now().saturating_sub(begun))))
            };
            match operation::watch(context.http, operation, limit, progress).await {
                OperationWatched::Ended(OperationEnd::Done) => {}
                OperationWatched::Ended(OperationEnd::Failed(why)) => {
                    return Err(deploy_failure::explain(context, facts, Some(why)).await);
                }
                OperationWatched::StoppedWatching => return Err(settle::stopped(context, limit.length)),
                // The service itself says how it is doing.
                OperationWatched::Unseen(_) => settle::run(context, facts, limit).await?,
            }
        }
        None => settle::run(context, facts, limit).await?,
    }
    let (service, revision_now) = read_back(context, facts).await?;
    let ready = revision_now.condition("Ready");
    let failed = ready.is_some_and(|ready| ready.holds == Some(false));
    if failed || ready.is_none_or(|ready| ready.holds.is_none()) && service.latest_ready().as_ref() != Some(&revision) {
        return Err(deploy_failure::explain(context, facts, None).await);
    }
    facts.service.ready = true;
    pin(facts, &revision_now, image);
    let without = if matches!(delivered, Delivered::AtOnce) { "" } else { ", without traffic" };
    Ok((delivered, format!("revision `{revision}` is ready{without}")))
}

/// Writes the service. No operation when the write is known to have happened and its operation is not.
async fn write(
    context: &Context<'_>,
    facts: &mut Facts,
    seen: Option<Service>,
    image: &str,
) -> Result<(Delivered, Option<Operation>), Failure> {
    let service_name = context.deploy.service.as_str();
    let sentence =
        || format!("Could not deploy {} `{service_name}` in `{}`", context.deploy.kind.word(), context.deploy.region);
    let mut current = seen;
    let (mut over, mut sure) = (None, None);
    let mut round = 1;
    loop {
        reading::remember(facts, current.as_ref());
        let begun = begin(context, facts, current.as_ref(), &context.marks.revision, over.as_deref()).await?;
        if let RevisionStart::Held(record) = &begun {
            (current, over) = over::wait(context, record).await?;
            if nothing_left(context, facts, current.as_ref()).await? {
                return Ok((Delivered::Unchanged, None));
            }
            continue;
        }
        // What a run left may have been ended by its last breath since the service was read: it counts as left when it
        // is still there in a reading that is younger than the answer that its run is over.
        if let RevisionStart::Rolls(start) = &begun
            && let Some(left) = start.left.as_ref().filter(|left| sure.as_ref() != Some(&left.run))
        {
            sure = Some(left.run.clone());
            over.clone_from(&sure);
            current = reading::look(context).await?;
            continue;
        }
        if let RevisionStart::Rolls(start) = &begun {
            tell_left(context, facts, start.left.as_ref());
        }
        let base = wanted::started(context, current.as_ref()).await?;
        let wanted = wanted::service(context, base.as_ref(), image)?;
        let (delivered, body, fields) = assemble(context, current.as_ref(), begun, wanted).await?;
        facts.service.settings = match (&current, &delivered) {
            (Some(service), Delivered::AtOnce) => Patch::between(service.json(), &body).fields(),
            _ => Vec::new(),
        };
        if let Delivered::Rolls(_) | Delivered::Waits(_) = delivered {
            open(context);
        }
        facts.service.written = Written::Unknown;
        let written = match &fields {
            Some(fields) => cloud_run::write_fields(context.http, &context.service_name, &body, fields).await,
            None if current.is_none() && guest::own(context).is_some() => guest::make(context, &body).await,
            None => cloud_run::apply(context.http, &context.service_name, &body).await,
        };
        let error = match written {
            Ok(operation) => {
                facts.service.written = Written::Yes;
                return Ok((delivered, Some(operation)));
            }
            Err(error) => error,
        };
        if !(error.is_ambiguous() || error.is_conflict()) {
            facts.service.written = Written::No;
            facts.rollout = None;
            return Err(deploy_failure::refused(context, sentence(), error));
        }
        // Either our own write that was not answered, or somebody else's: the service and the revision tell.
        let (now, made) = look(context).await?;
        if is_ours(context, now.as_ref(), made.as_ref()) {
            context.console.line("The reply was lost, and the write had arrived: going on with it");
            facts.service.written = Written::Yes;
            return Ok((delivered, None));
        }
        facts.service.written = Written::No;
        facts.rollout = None;
        if let Some(made) = made.filter(|_| error.is_conflict()) {
            return Err(deploy_failure::taken(context, &made, Some(&body)));
        }
        if round >= ROUNDS {
            return Err(deploy_failure::refused(context, sentence(), error));
        }
        if error.is_conflict() {
            context.console.line("Somebody else changed the service meanwhile; deciding again from what it is now");
        }
        current = now;
        if nothing_left(context, facts, current.as_ref()).await? {
            return Ok((Delivered::Unchanged, None));
        }
        context.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
        round += 1;
    }
}

/// Asks again how this run's commit lies to what serves by now. Whether there is nothing to deploy any more.
async fn nothing_left(context: &Context<'_>, facts: &mut Facts, service: Option<&Service>) -> Result<bool, Failure> {
    let Some(service) = service.filter(|_| order::matters(context)) else { return Ok(false) };
    order::run(context, facts, service).await?;
    Ok(facts.unchanged.is_some())
}

/// The document to write, and its fields where the rest of the service is to stay as it is.
async fn assemble(
    context: &Context<'_>,
    current: Option<&Service>,
    begun: RevisionStart,
    mut wanted: serde_json::Value,
) -> Result<(Delivered, serde_json::Value, Option<Vec<String>>), Failure> {
    let revision = &context.marks.revision;
    let mut notes = current.map(|service| Notes::on(service.json())).unwrap_or_default();
    let Some(current) = current else {
        notes.served = served_at_once(context, None, &notes);
        notes.write(&mut wanted);
        return Ok((Delivered::AtOnce, wanted, None));
    };
    let (delivered, traffic, patch) = match begun {
        RevisionStart::AtOnce => {
            notes.served = served_at_once(context, Some(current), &notes);
            if notes.record.is_none() && notes.served.followed_latest {
                // It was pinned by a candidate, or by a rollout that went back.
                let followed = std::mem::take(&mut notes.served.latest_tags);
                set(&mut wanted, "traffic", traffic_json(&following(&current.traffic(), &followed)));
                notes.served.followed_latest = false;
            } else if !reaches_latest(current) {
                // It will serve nobody, so the next deploy must not start from it.
                notes.came(revision);
            }
            notes.write(&mut wanted);
            return Ok((Delivered::AtOnce, wanted, None));
        }
        RevisionStart::Rolls(start) => {
            let traffic = start.record.rollout.candidate(&start.record.rollout.before);
            let patch = match start.left {
                Some(left) => {
                    access::put_back(context, &left).await?;
                    left.undo
                }
                None => Default::default(),
            };
            notes.record = Some(start.record.clone());
            (Delivered::Rolls(Box::new(start.record)), traffic, patch)
        }
        RevisionStart::Waits(wait) => {
            let traffic = with_tag(wait.now.clone(), &wait.candidate.tag, revision);
            notes.candidates.push(wait.candidate.clone());
            notes.served.followed_latest |= follows_latest(&current.traffic());
            notes.served.latest_tags.extend(latest_tags(&current.traffic()));
            (Delivered::Waits(Box::new(wait.candidate)), traffic, Default::default())
        }
        RevisionStart::Held(_) => unreachable!("whoever waits does not write"),
    };
    if let Some(own) = current.json().get("template").filter(|_| starts_from_own(current)) {
        notes.hidden = base::hidden(Some(own));
    }
    notes.came(revision);
    notes.sweep(&traffic);
    let mut body = current.json().clone();
    let mut fields = vec!["template".to_owned(), "traffic".to_owned(), "annotations".to_owned()];
    set(&mut body, "template", wanted.get_mut("template").map(serde_json::Value::take).unwrap_or_default());
    if let Some(stage) = wanted.get("launchStage").filter(|stage| body.get("launchStage") != Some(stage)) {
        set(&mut body, "launchStage", stage.clone());
        fields.push("launchStage".to_owned());
    }
    set(&mut body, "traffic", traffic_json(&traffic));
    patch.apply(&mut body);
    fields.extend(patch.fields().into_iter().filter(|field| field != "annotations"));
    notes.write(&mut body);
    // A rotation notes what it replaces together with the template that no longer reads it.
    if let Some(replaced) = wanted.get("annotations").and_then(|annotations| annotations.get(REPLACED)) {
        set(object(&mut body).entry("annotations").or_insert(serde_json::Value::Null), REPLACED, replaced.clone());
    }
    Ok((delivered, body, Some(fields)))
}

/// What serves when a revision that is written with everything has become ready: the pair of commit and revision counts
/// only while that revision serves.
fn served_at_once(context: &Context<'_>, service: Option<&Service>, notes: &Notes) -> Served {
    let latest = service.and_then(Service::latest_ready);
    let main = service.and_then(|service| service.serving().main_revision(latest.as_ref()).cloned());
    Served {
        revision: context.marks.revision.to_string(),
        commit: context.origin.sha.clone(),
        previous: main.map(|main| main.to_string()),
        ..notes.served.clone()
    }
}

/// Whether requests go to whatever revision is the latest.
fn reaches_latest(service: &Service) -> bool {
    let traffic = service.traffic();
    traffic.shares.is_empty()
        || traffic
            .shares
            .iter()
            .any(|share| share.target == slipway_names::traffic::TrafficTarget::Latest && share.percent > 0)
}

fn starts_from_own(service: &Service) -> bool {
    wanted::instead(service).is_none()
}

/// Whether the write that was not answered has arrived: the template bears this run's mark, or its revision does.
fn is_ours(context: &Context<'_>, now: Option<&Service>, made: Option<&serde_json::Value>) -> bool {
    let own = Some((context.marks.request_tag.as_str(), context.marks.revision.as_str()));
    now.is_some_and(|service| base::written_by(service.json().get("template")) == own) || base::written_by(made) == own
}

/// Tells the post step that a rollout is open, and on what; a killed run cannot do so later.
pub(super) fn open(context: &Context<'_>) {
    if let Err(why) = context.files.save_state("rollout_run", &context.marks.request_tag) {
        context.console.warning(&why);
    }
}

/// The service, and the revision of this run's name where there is one.
async fn look(context: &Context<'_>) -> Result<(Option<Service>, Option<serde_json::Value>), Failure> {
    let revision = &context.marks.revision;
    let made = cloud_run::revision_json(context.http, &context.service_name, revision);
    let (service, made) = tokio::join!(reading::look(context), made);
    let unread = |error| Failure::of(format!("Could not read revision `{revision}`"), error);
    Ok((service?, made.map_err(unread)?))
}

/// Reads the service and the revision: what is true, whatever the operation said.
async fn read_back(context: &Context<'_>, facts: &mut Facts) -> Result<(Service, Revision), Failure> {
    let revision = &context.marks.revision;
    let (service, now) = tokio::join!(
        again::until(
            context.clock(),
            async || cloud_run::service(context.http, &context.service_name).await,
            Option::is_some
        ),
        again::until(
            context.clock(),
            async || cloud_run::revision(context.http, &context.service_name, revision).await,
            Option::is_some
        )
    );
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
    reading::see(facts, &service);
    Ok((service, now))
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
