//! What rewrites lead to: the services are there, functions are told apart, and a site that keeps to a revision
//! (`pinTag`) gets a tag on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::target::{full_name, read};
use super::{SiteContext, fact, functions, refused};
use crate::cloud_run::notes::Notes;
use crate::cloud_run::rollout::{pinned, traffic_json, whole};
use crate::commands::hosting::inputs::SiteSource;
use crate::commands::hosting::serving::{self as serving, Generation, RewriteService, RewriteTargets};
use crate::facts::Facts;
use crate::inputs::firebase::RewriteTarget;
use crate::service::{again, region};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::{self as cloud_run, Service as Found};
use slipway_google::hosting;
use slipway_google::operation;
use slipway_names::hosting::{LIVE, short};
use slipway_names::ids::{Region, RevisionName};
use slipway_names::json;
use slipway_names::traffic::{Share, Traffic, TrafficTarget};
use slipway_wire::clock::jitter;

/// Rounds of read, change, write while others write the same service.
const ROUNDS: u32 = 5;

/// A tag is there within seconds; later than this something is wrong.
const LONGEST_WRITE: Duration = Duration::from_secs(120);

/// Tags of earlier versions that a service may have before old ones are removed; Cloud Run's limit is 2,000
/// (firebase-tools, src/deploy/hosting/convertConfig.ts).
const MOST_TAGS: usize = 500;

/// What was learned of the targets of rewrites.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What functions were found to be.
    pub resolved: RewriteTargets,
    /// The services as they are; nothing where there is none yet. Those that may not be looked at are not among them.
    pub services: BTreeMap<RewriteService, Option<Value>>,
}

/// Reads every service that a rewrite leads to, and refuses a preview that would change what live serves.
pub(super) async fn look(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    source: &SiteSource,
) -> Result<Looked, Failure> {
    let mut looked = Looked::default();
    let mut services = serving::runs(&source.serving);
    let named = services.len();
    for service in &services {
        let Ok(region) = Region::parse(&service.region) else { continue };
        if let Some(unknown) = region::unknown(context.http, &region).await {
            let sentence = format!(
                "A rewrite of `{}` leads to service `{}` in `{region}`, and Cloud Run has no such region",
                source.described, service.name
            );
            return Err(unknown.failure(context.http, sentence));
        }
    }
    for (function, service) in functions::find(context, facts, source).await? {
        looked.resolved.functions.insert(function, Generation::Second(service.clone()));
        services.push(service);
    }
    let reads = services.iter().map(|service| read(context, service));
    let found = futures_util::future::join_all(reads).await;
    for (at, (service, found)) in services.iter().zip(found).enumerate() {
        match found {
            Ok(None) if at < named && !context.is_coming(service) => return Err(missing(context, source, service)),
            Ok(found) => {
                looked.services.insert(service.clone(), found.map(|found| found.json().clone()));
            }
            // Completing the version needs it too, and then says so in Google's words.
            Err(failure) if failure.class() == Class::Permission => {
                context.warn(facts, format!("Service {} was not looked at: {failure}", service.name));
            }
            Err(failure) => return Err(failure),
        }
    }
    let pins = serving::pins(&source.serving, &looked.resolved);
    // A tag that is known beforehand is there already, and putting it into this version changes nobody's traffic.
    let pinned = pins.iter().any(|service| !context.fixed.contains_key(service));
    if pinned && !fact(facts, index).is_live() {
        keep_live(context, facts, index, source, &looked.resolved).await?;
    }
    Ok(looked)
}

fn missing(context: &SiteContext<'_>, source: &SiteSource, service: &RewriteService) -> Failure {
    let project = &context.hosting.project;
    let what = format!(
        "A rewrite of `{}` leads to service `{}`, and there is none in `{}` of project `{project}`",
        source.described, service.name, service.region
    );
    Failure::plain(Class::Config, what)
        .hint("Deploy the service first, or correct `run.serviceId` and `run.region` (us-central1 unless it is given)")
}

/// A pin on a preview moves the tag of a service that live asks without one: that would change what everybody
/// sees, so it is refused, as firebase-tools does.
async fn keep_live(
    context: &SiteContext<'_>,
    facts: &Facts,
    index: usize,
    source: &SiteSource,
    resolved: &RewriteTargets,
) -> Result<(), Failure> {
    let site = &fact(facts, index).site;
    let sentence = || format!("Could not read what site `{site}` serves live");
    let live = hosting::channel(context.http, site, LIVE)
        .await
        .map_err(|error| refused::of(context.http, sentence(), error))?;
    let Some(version) = live.as_ref().and_then(hosting::ChannelState::version) else { return Ok(()) };
    let version =
        hosting::version(context.http, version).await.map_err(|error| refused::of(context.http, sentence(), error))?;
    let Some(version) = version else { return Ok(()) };
    let mut own = source.serving.clone();
    own.rewrites.retain(|rewrite| {
        !matches!(&rewrite.to, RewriteTarget::Run { service, region, .. }
            if context.fixed.contains_key(&RewriteService { region: region.clone(), name: service.clone() }))
    });
    let harmed = serving::unsafe_pins(&own, resolved, &version.config);
    if harmed.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = harmed.iter().map(|pattern| format!("`{pattern}`")).collect();
    let what = format!(
        "Rewrites of {} are pinned here and not on the live site: this preview would change what everybody sees",
        list.join(", ")
    );
    Err(Failure::plain(Class::Config, what)
        .hint("Release live with `pinTag` first, or take `pinTag` out of these rewrites"))
}

/// Puts a tag on the latest revision of every service that the site keeps to. Gives back what was learned.
pub(super) async fn set(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    version: &str,
    source: &SiteSource,
) -> Result<RewriteTargets, Failure> {
    // Asked once more where it matters: what is deployed together with the site is there by now.
    let asks = !(serving::runs(&source.serving).is_empty() && serving::functions(&source.serving).is_empty());
    let looked = if asks { look(context, facts, index, source).await? } else { Looked::default() };
    let mut resolved = looked.resolved;
    let mut tags = BTreeMap::new();
    for service in serving::pins(&source.serving, &resolved) {
        let tag = match context.fixed.get(&service) {
            Some(tag) => tag.clone(),
            None => tag(context, facts, index, short(version), &service).await?,
        };
        tags.insert(service, tag);
    }
    resolved.tags = tags;
    Ok(resolved)
}

/// The tag of a service's latest revision: the one it has, or a new one.
async fn tag(
    context: &SiteContext<'_>,
    facts: &mut Facts,
    index: usize,
    version: &str,
    service: &RewriteService,
) -> Result<String, Failure> {
    let sentence = || format!("Could not pin service `{}` in `{}`", service.name, service.region);
    let Some(name) = full_name(context, service) else {
        return Err(Failure::plain(Class::Config, format!("{}: that is no service's name", sentence())));
    };
    for round in 1.. {
        let look = async || read(context, service).await;
        let found = again::until(context.clock(), look, Option::is_some).await?;
        let Some(found) = found else {
            return Err(Failure::plain(Class::Config, format!("{}: it is not there", sentence())));
        };
        let Some(latest) = good(&found, context.is_coming(service)) else {
            return Err(Failure::plain(Class::Config, format!("{}: it has no revision that is ready", sentence())));
        };
        if let Some(tag) = standing(&found, &latest) {
            return Ok(tag);
        }
        let tag = serving::tag_for(version, &service.name).map_err(|error| Failure::of(sentence(), error))?;
        let mut traffic = whole(&found.traffic());
        make_room(context, &mut traffic).await;
        traffic.shares.push(Share { target: TrafficTarget::Revision(latest), percent: 0, tag: Some(tag.clone()) });
        let pin = (name.clone(), tag.clone());
        if !facts.sites[index].pins.contains(&pin) {
            facts.sites[index].pins.push(pin);
        }
        match put(context, &name, &found, &traffic).await {
            Ok(()) => return Ok(tag),
            Err(error) if (error.is_conflict() || error.is_ambiguous()) && round < ROUNDS => {}
            Err(error) => return Err(Failure::of(sentence(), error)),
        }
        context.clock().sleep(jitter(Duration::from_secs(1 << round.min(4)), 0.3, 1.0)).await;
    }
    unreachable!("the loop ends by returning")
}

/// The latest revision; where that was never promoted, and does not come `along` with the site, the one that serves.
fn good(service: &Found, along: bool) -> Option<RevisionName> {
    let latest = service.latest_ready()?;
    let notes = Notes::on(service.json());
    // What comes with the site is being tried; a preview that waits there is somebody else's.
    let tried = notes.record.as_ref().is_some_and(|record| record.rollout.revision == latest)
        || notes.candidate(&latest).is_some_and(|candidate| candidate.open_until.is_some());
    if along && tried || !notes.is_unpromoted(&latest) {
        return Some(latest);
    }
    let serving = pinned(&service.traffic(), Some(&latest));
    serving.as_ref().and_then(|traffic| traffic.main_revision(None)).cloned().or(Some(latest))
}

/// A tag that the revision has and keeps: those of a rollout go with it.
fn standing(service: &Found, latest: &RevisionName) -> Option<String> {
    let notes = Notes::on(service.json());
    let record = notes.record.as_ref().filter(|record| !record.rollout.keep_tag).map(|record| &record.rollout.tag);
    let candidates = notes.candidates.iter().filter(|candidate| !candidate.keep_tag).map(|candidate| &candidate.tag);
    let passing: Vec<&String> = record.into_iter().chain(candidates).collect();
    let shares = service.traffic().shares;
    let stays = |tag: &String| !passing.contains(&tag);
    let latest_is = |share: &Share| match &share.target {
        TrafficTarget::Latest => false,
        TrafficTarget::Revision(name) => name == latest,
    };
    shares.into_iter().filter(latest_is).find_map(|share| share.tag.filter(stays))
}

/// Writes an allocation and waits for it; what stands on the service besides stays.
async fn put(
    context: &SiteContext<'_>,
    name: &str,
    service: &Found,
    traffic: &Traffic,
) -> Result<(), slipway_google::error::ApiError> {
    let mut body = service.json().clone();
    json::set(&mut body, "traffic", traffic_json(traffic));
    let begun = cloud_run::write_fields(context.http, name, &body, &["traffic".to_owned()]).await?;
    let limit = context.clock().limit(LONGEST_WRITE);
    // Whether it holds shows when the version is completed: Hosting checks that the tag is there.
    match operation::watch(context.http, begun, limit, || ()).await {
        operation::OperationWatched::Ended(_)
        | operation::OperationWatched::StoppedWatching
        | operation::OperationWatched::Unseen(_) => Ok(()),
    }
}

/// Takes away tags of versions that are no more, where a service has very many.
async fn make_room(context: &SiteContext<'_>, traffic: &mut Traffic) {
    let ours = |share: &Share| share.percent == 0 && share.tag.as_deref().is_some_and(|tag| tag.starts_with("fh-"));
    if traffic.shares.iter().filter(|share| ours(share)).count() < MOST_TAGS {
        return;
    }
    let used = async {
        let mut used = BTreeSet::new();
        for site in hosting::sites(context.http).await? {
            used.extend(hosting::tags_in_use(context.http, &site.id).await?);
        }
        Ok::<_, slipway_google::error::ApiError>(used)
    };
    match used.await {
        Ok(used) => {
            traffic.shares.retain(|share| !ours(share) || share.tag.as_ref().is_some_and(|tag| used.contains(tag)))
        }
        Err(why) => context.console.line(&format!("Old tags were left where they are: {why}")),
    }
}

/// Takes away the tags that this run put on services, for a version that nobody will see.
pub(super) async fn remove(context: &SiteContext<'_>, facts: &mut Facts, index: usize) {
    for (name, tag) in std::mem::take(&mut facts.sites[index].pins) {
        let mut ended = Ok(());
        for _ in 0..ROUNDS {
            ended = take_away(context, &name, &tag).await;
            if !ended.as_ref().is_err_and(slipway_google::error::ApiError::is_conflict) {
                break;
            }
        }
        if let Err(why) = ended {
            context.warn(facts, format!("Tag {tag} of service {} could not be removed: {why}", short(&name)));
        }
    }
}

async fn take_away(context: &SiteContext<'_>, name: &str, tag: &str) -> Result<(), slipway_google::error::ApiError> {
    let Some(service) = cloud_run::service(context.http, name).await? else { return Ok(()) };
    let mut traffic = service.traffic();
    let there = traffic.shares.len();
    traffic.shares.retain(|share| share.tag.as_deref() != Some(tag) || share.percent > 0);
    if traffic.shares.len() == there { Ok(()) } else { put(context, name, &service, &traffic).await }
}
