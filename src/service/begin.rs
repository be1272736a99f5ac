//! How a revision comes: at once, by a rollout, or as a candidate that waits. Decided from the service as it is, and
//! again whenever it is read again.

use std::time::Duration;

use super::{Context, access, guest, over, proxy, traffic, wanted};
use crate::cloud_run::notes::{ByRun, Candidate, Notes, RolloutRecord};
use crate::cloud_run::rollout::{Rollout, follows_latest, latest_tags, pinned, run_tag, tagged, without_tags};
use crate::cloud_run::service_level::Patch;
use crate::commands::deploy::inputs::{DeployWhat, RolloutStrategy};
use crate::facts::{Facts, RolloutEnd, RolloutFact};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_names::ids::RevisionName;
use slipway_names::kind::ResourceKind;
use slipway_names::traffic::Traffic;
use slipway_wire::clock::{ahead_rfc3339, now_rfc3339};

/// A revision may take its startup probes (240 s by default) and a few minutes of Google's.
pub(super) const LONGEST_START: Duration = Duration::from_secs(600);

/// How a revision comes.
pub(super) enum RevisionStart {
    /// In one write, with everything: nothing serves yet, or the user said so.
    AtOnce,
    /// Without traffic at first.
    Rolls(Box<Start>),
    /// Without traffic, until it is promoted.
    Waits(Box<WaitingCandidate>),
    /// Not yet: another run is rolling out.
    Held(Box<RolloutRecord>),
}

/// A rollout that begins.
pub(super) struct Start {
    /// What is noted on the service.
    pub record: RolloutRecord,
    /// The rollout that a run left behind, which is taken back by the same write.
    pub left: Option<RolloutRecord>,
}

/// A candidate that is to wait.
pub(super) struct WaitingCandidate {
    /// What is noted on the service.
    pub candidate: Candidate,
    /// The allocation that it is added to.
    pub now: Traffic,
}

/// Decides it. `service` is `None` where there is none yet; `over` is a run that was waited for, and is over.
pub(super) async fn begin(
    context: &Context<'_>,
    facts: &mut Facts,
    service: Option<&Service>,
    revision: &RevisionName,
    over: Option<&str>,
) -> Result<RevisionStart, Failure> {
    if let Some(service) = service {
        guest::known(context, service)?;
        guest::give_way(context, service).await?;
    }
    let wish = &context.deploy.rollout;
    let moves_only = matches!(context.deploy.what, DeployWhat::Revision(_));
    // What nobody sends requests to has no traffic to move.
    if context.deploy.kind == ResourceKind::WorkerPool {
        return Ok(RevisionStart::AtOnce);
    }
    let latest = service.and_then(Service::latest_ready);
    let now = service.and_then(|service| pinned(&service.traffic(), latest.as_ref()));
    let (Some(service), Some(now)) = (service, now) else {
        if wish.no_traffic {
            return Err(nothing_serves(context));
        }
        return Ok(RevisionStart::AtOnce);
    };
    let notes = Notes::on(service.json());
    let waits = wish.no_traffic && !moves_only;
    let others = notes.record.as_ref().filter(|record| record.run != context.marks.request_tag);
    // A person who names what shall serve decides over a rollout that goes on; a candidate leaves it alone.
    if let Some(other) = others.filter(|other| !waits && !moves_only && over != Some(&other.run))
        && !over::is_over(context, other).await
    {
        return Ok(RevisionStart::Held(Box::new(other.clone())));
    }
    if wish.way == RolloutStrategy::Direct && !moves_only {
        if let Some(left) = others {
            return Err(left_there(context, left));
        }
        return Ok(RevisionStart::AtOnce);
    }
    let nonce = context.marks.request_tag.trim_start_matches("req_");
    let Some(tag) = wish.tag.clone().or_else(|| run_tag(context.deploy.service.as_str(), nonce)) else {
        if waits {
            return Err(no_room(context));
        }
        if !moves_only {
            let text = format!(
                "The name of service {} leaves no room for a traffic tag: deploying directly",
                context.deploy.service
            );
            context.warn(facts, text);
        }
        return Ok(RevisionStart::AtOnce);
    };
    let passing = notes.passing_tags(&now_rfc3339());
    let dead = notes.dead_tags(&now_rfc3339());
    // A tag that another run made for itself is not the user's, even when it is named now.
    let run_made =
        passing.contains(&tag) || others.is_some_and(|other| other.rollout.tag == tag && !other.rollout.keep_tag);
    let keep_tag = wish.tag.is_some() && !run_made;
    let fact = |before: &Traffic| RolloutFact {
        before: before.clone(),
        tag: tag.clone(),
        uri: None,
        stops: Vec::new(),
        settings: Vec::new(),
        end: RolloutEnd::Open,
    };
    if waits {
        guest::within(context, service).await?;
        let now = without_tags(now, &dead);
        facts.rollout = Some(fact(&now));
        facts.service.previous = now.main_revision(None).cloned();
        let public = context.deploy.settings.public;
        let then = access::front_then(context, service, revision);
        let changes = access::planned(context, then, public).await?.is_some();
        let candidate = Candidate {
            run: context.marks.request_tag.clone(),
            open_until: Some(until(context, trial(context))),
            revision: revision.clone(),
            tag_before: tagged(&now, &tag).cloned(),
            tag,
            keep_tag,
            later: wanted::level(context, service),
            public: public.filter(|_| changes),
        };
        return Ok(RevisionStart::Waits(Box::new(WaitingCandidate { candidate, now })));
    }
    // A run that was killed left its record: what was there before *it* is what is known to be good.
    let left = others.cloned();
    let (now, mut followed) = match &left {
        Some(left) => (left.rollout.undone(&now), left.rollout.latest_tags.clone()),
        None => (now, latest_tags(&service.traffic())),
    };
    followed.extend(notes.served.latest_tags.iter().cloned());
    followed.sort();
    followed.dedup();
    let before = without_tags(now, &dead);
    facts.rollout = Some(fact(&before));
    facts.service.previous = before.main_revision(None).cloned();
    let followed_latest = match &left {
        Some(left) => left.rollout.followed_latest,
        None => follows_latest(&service.traffic()) || notes.served.followed_latest,
    };
    let (later, public) = match &context.deploy.what {
        DeployWhat::Revision(_) => notes.coming_with(revision),
        _ => (wanted::level(context, service), context.deploy.settings.public),
    };
    let then = access::front_then(context, service, revision);
    let record = RolloutRecord {
        run: context.marks.request_tag.clone(),
        by: by_run(context),
        until: until(context, trial(context)),
        commit: context.origin.sha.clone().filter(|_| !moves_only),
        rollout: Rollout { before, followed_latest, latest_tags: followed, revision: revision.clone(), tag, keep_tag },
        undo: Patch::default(),
        access: access::planned(context, then, public).await?,
        agent: proxy::planned(context, facts, Some(service.front()), then).await,
        later,
        public,
    };
    Ok(RevisionStart::Rolls(Box::new(Start { record, left })))
}

/// Says what a run that is over has left.
pub(super) fn tell_left(context: &Context<'_>, facts: &mut Facts, left: Option<&RolloutRecord>) {
    let Some(left) = left else { return };
    let text = format!(
        "A rollout of revision {} was left unfinished; going on from what served before it: {}",
        left.rollout.revision,
        left.rollout.before.words(None)
    );
    if !facts.warnings.contains(&text) {
        context.warn(facts, text);
    }
}

fn nothing_serves(context: &Context<'_>) -> Failure {
    let what = format!(
        "Service `{}` serves nothing yet, so its first revision cannot wait without traffic",
        context.deploy.service
    );
    Failure::plain(Class::Config, what).hint("Leave `no_traffic` out of the first deploy")
}

fn no_room(context: &Context<'_>) -> Failure {
    let service = &context.deploy.service;
    let what =
        format!("The name of service `{service}` leaves no room for a traffic tag, at which a revision could wait");
    // Tag and service name may have 46 characters together.
    let room = 46_usize.saturating_sub(service.as_str().len());
    let failure = Failure::plain(Class::Config, what);
    match room {
        0 => failure.hint("Leave `no_traffic` out"),
        room => failure.hint(format!("Name a tag of up to {room} characters (`tag`), or leave `no_traffic` out")),
    }
}

fn left_there(context: &Context<'_>, left: &RolloutRecord) -> Failure {
    let what = format!(
        "A rollout of revision `{}` was left unfinished on service `{}`, and `strategy: direct` would write over it",
        left.rollout.revision, context.deploy.service
    );
    Failure::plain(Class::Config, what)
        .hint(format!("Take it back first: slipway rollback {}", context.flags()))
        .more_hints(["Or leave `strategy: direct` out: a candidate goes on from what served before".to_owned()])
}

fn by_run(context: &Context<'_>) -> Option<ByRun> {
    let origin = context.origin;
    Some(ByRun {
        repository: origin.repository.clone()?,
        id: origin.run_id.clone()?,
        attempt: origin.run_attempt.clone().unwrap_or_else(|| "1".to_owned()),
    })
}

/// Percents that the traffic is moved to, in turn.
pub(super) fn steps(context: &Context<'_>) -> Vec<u8> {
    let wish = &context.deploy.rollout;
    let canary = wish.way == RolloutStrategy::Canary && !matches!(context.deploy.what, DeployWhat::Revision(_));
    if canary { wish.steps.clone() } else { vec![100] }
}

/// When a run is over at the latest that has written now and writes again within `next`, by its own limits. Each of its
/// writes says so anew.
pub(super) fn until(context: &Context<'_>, next: Duration) -> String {
    // Whoever moves together waits for the slowest: its build is over by then, its upload may not be.
    let others = if context.together.is_alone() { Duration::ZERO } else { Duration::from_secs(1800) };
    // The next write may need some rounds, and so may the one that goes back.
    ahead_rfc3339(next + others + traffic::LONGEST_MOVE * 2)
}

/// How long it takes from a revision's write until it has passed its checks, at most.
pub(super) fn trial(context: &Context<'_>) -> Duration {
    LONGEST_START + context.deploy.checks.timeout
}
