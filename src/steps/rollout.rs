//! The rollout: the candidate on an address of its own, then the traffic, step by step; each step
//! leaves the service in a state that can be put back.

use super::traffic::{self, Move};
use super::verify::{self, Place};
use super::{Context, gate};
use crate::console::duration;
use crate::explain::{Class, Failure};
use crate::google::cloud_run::Service;
use crate::inputs::deploy::{Ask, OnUnknown, Way, What, Who};
use crate::model::facts::{Facts, RolloutEnd, RolloutFact, Written};
use crate::model::ids::RevisionName;
use crate::model::kind::Kind;
use crate::model::traffic::{Share, Target, Traffic};
use crate::plan::rollout::{Record, Rollout, Served, follows_latest, pinned, run_tag, without_tag};

/// Whether the traffic shall be moved by a rollout, and from what: `None` for what has to be
/// direct, because nothing serves yet or the user said so.
pub(super) fn begin(
    context: &Context<'_>,
    facts: &mut Facts,
    service: Option<&Service>,
    revision: &RevisionName,
    newest: bool,
) -> Result<Option<Record>, Failure> {
    let wish = &context.deploy.rollout;
    let moves_only = matches!(context.deploy.what, What::Revision(_));
    // What nobody sends requests to has no traffic to move.
    if (wish.way == Way::Direct || context.deploy.kind == Kind::WorkerPool) && !moves_only {
        return Ok(None);
    }
    let latest = service.and_then(Service::latest_ready);
    let now = service.and_then(|service| pinned(&service.traffic(), latest.as_ref()));
    let (Some(service), Some(now)) = (service, now) else {
        if wish.no_traffic {
            return Err(Failure::plain(
                Class::Config,
                format!(
                    "Service `{}` serves nothing yet, so its first revision cannot wait without traffic",
                    context.deploy.service
                ),
            )
            .hint("Leave `no_traffic` out of the first deploy"));
        }
        return Ok(None);
    };
    let served = Served::on(service.json());
    let left = Record::on(service.json());
    // A tag that another run made for itself is not the user's, even when it is named now.
    let run_made = |tag: &String| {
        served.candidate.as_ref() == Some(tag)
            || left.as_ref().is_some_and(|left| left.rollout.tag == *tag && !left.rollout.keep_tag)
    };
    let keep_tag = wish.tag.as_ref().is_some_and(|tag| !run_made(tag));
    // A run that was killed left its record: what was there before *it* is what is known to be good.
    let (before, followed_latest) = match &left {
        Some(left) => {
            context.warn(
                facts,
                format!(
                    "A rollout of revision {} was left unfinished; going on from what served before it: {}",
                    left.rollout.revision,
                    left.rollout.before.words(None)
                ),
            );
            (left.rollout.before.clone(), left.rollout.followed_latest)
        }
        None => (now, follows_latest(&service.traffic()) || served.followed_latest),
    };
    let before = match &served.candidate {
        Some(tag) => without_tag(before, tag),
        None => before,
    };
    let nonce = context.marks.request_tag.trim_start_matches("req_");
    let Some(tag) = wish.tag.clone().or_else(|| run_tag(context.deploy.service.as_str(), nonce)) else {
        let text = format!(
            "The name of service {} leaves no room for a traffic tag: deploying directly",
            context.deploy.service
        );
        context.warn(facts, text);
        return Ok(None);
    };
    facts.rollout = Some(RolloutFact {
        before: before.clone(),
        tag: tag.clone(),
        uri: None,
        stops: Vec::new(),
        end: RolloutEnd::Open,
    });
    facts.service.previous = before.main_revision(None).cloned();
    let rollout = Rollout { before, followed_latest, revision: revision.clone(), tag, keep_tag, newest };
    Ok(Some(Record { run: context.marks.request_tag.clone(), rollout }))
}

/// Where the candidate is asked: the address of its tag.
pub(super) fn candidate_place(context: &Context<'_>, service: &Service, record: &Record) -> Result<Place, Failure> {
    let tag = &record.rollout.tag;
    let uri = service.tag_uri(tag).ok_or_else(|| {
        Failure::plain(
            Class::Verify,
            format!("Revision `{}` has no address of its own to be asked at (tag `{tag}`)", record.rollout.revision),
        )
        .hint("The service's default URL is disabled: leave the checks out, enable it, or use `strategy: direct`")
    })?;
    verify::place(context, "candidate", uri, service.uri(), &record.rollout)
}

/// What the service says about itself when the rollout is over.
pub(super) fn served(context: &Context<'_>, facts: &Facts, record: &Record) -> Served {
    let commit = match context.deploy.what {
        // Which commit an older revision was made from is not known here.
        What::Revision(_) | What::Traffic(_) => None,
        _ => context.origin.sha.clone(),
    };
    Served {
        revision: record.rollout.revision.to_string(),
        commit,
        previous: facts.service.previous.as_ref().map(ToString::to_string),
        followed_latest: record.rollout.followed_latest && !record.rollout.newest,
        candidate: None,
    }
}

/// Moves the traffic to `percent`; the last step ends the rollout when nothing is left to check.
pub(super) async fn shift(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &Record,
    percent: u8,
) -> Result<((), String), Failure> {
    let rollout = &record.rollout;
    let note = if percent == 100 && !super::ends_later(context) {
        let served = served(context, facts, record);
        let wanted = Move { traffic: &rollout.done(), record: None, served: Some(&served), begins: false };
        traffic::write(context, facts, &wanted).await?;
        end(facts, RolloutEnd::Finished);
        format!("revision `{}` receives every request", rollout.revision)
    } else {
        let wanted = Move { traffic: &rollout.at(percent), record: Some(record), served: None, begins: false };
        traffic::write(context, facts, &wanted).await?;
        format!("revision `{}` receives {percent} % of the requests", rollout.revision)
    };
    stop(facts, percent, String::new());
    Ok(((), note))
}

/// Waits at a step of a canary and looks whether the gates hold.
pub(super) async fn hold(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &Record,
    percent: u8,
) -> Result<((), String), Failure> {
    let verdict = gate::watch(context, facts, record, percent).await?;
    let revision = &record.rollout.revision;
    match verdict {
        gate::Verdict::Pass(what) => {
            stop(facts, percent, what.clone());
            Ok(((), format!("{percent} % for {}: {what}", duration(context.deploy.rollout.interval))))
        }
        gate::Verdict::Fail(what) => {
            stop(facts, percent, what.clone());
            Err(Failure::plain(Class::Verify, format!("Revision `{revision}` does not hold at {percent} %: {what}"))
                .hint(verify::log_hint(context, revision)))
        }
        gate::Verdict::Unknown(what) => {
            stop(facts, percent, format!("unknown: {what}"));
            let sentence = format!("Whether revision `{revision}` holds at {percent} % is not known: {what}");
            match context.deploy.rollout.gates.on_unknown {
                OnUnknown::Continue => {
                    context.warn(facts, format!("{sentence}; going on, as `on_unknown: continue` says"));
                    Ok(((), format!("{percent} %: not known ({what})")))
                }
                OnUnknown::Rollback => Err(Failure::plain(Class::Verify, sentence)),
                // What moves together stops together or not at all.
                OnUnknown::Hold if !context.together.is_alone() => Err(Failure::plain(Class::Verify, sentence)),
                OnUnknown::Hold => {
                    end(facts, RolloutEnd::Left("`on_unknown: hold`"));
                    let deploy = context.deploy;
                    Err(Failure::plain(Class::Verify, sentence)
                        .hint(format!(
                            "Go on by hand: slipway promote --service={} --region={} --project-id={} --tag={}",
                            deploy.service, deploy.region, deploy.project, record.rollout.tag
                        ))
                        .more_hints([format!(
                            "Or go back: slipway rollback --service={} --region={} --project-id={}",
                            deploy.service, deploy.region, deploy.project
                        )]))
                }
            }
        }
    }
}

/// Ends the rollout: the run's tag and its record go. What is reached is never lost by this.
pub(super) async fn finish(context: &Context<'_>, facts: &mut Facts, record: &Record) -> Result<((), String), Failure> {
    let rollout = &record.rollout;
    let waits = context.deploy.rollout.no_traffic;
    let served = if waits {
        let before = Served::on(traffic::read(context).await?.json());
        Served {
            candidate: (!rollout.keep_tag).then(|| rollout.tag.clone()),
            // It is pinned now, so that the candidate gets nothing; the next rollout follows again.
            followed_latest: rollout.followed_latest,
            ..before
        }
    } else {
        served(context, facts, record)
    };
    let (traffic, note, how) = if waits {
        let note = format!("candidate `{}` stays on tag `{}`", rollout.revision, rollout.tag);
        (rollout.candidate(), note, RolloutEnd::Candidate)
    } else {
        let tag = if rollout.keep_tag { "stays" } else { "is removed" };
        (rollout.done(), format!("tag `{}` {tag}", rollout.tag), RolloutEnd::Finished)
    };
    let wanted = Move { traffic: &traffic, record: None, served: Some(&served), begins: false };
    let written = traffic::write(context, facts, &wanted).await;
    match written {
        Ok(_) => {
            end(facts, how);
            Ok(((), note))
        }
        Err(failure) if failure.class() == Class::Superseded => Err(failure),
        Err(failure) => {
            end(facts, how);
            context.warn(
                facts,
                format!(
                    "The traffic is where it shall be, but tag {} and the rollout's record could not be removed: {failure}. Until `traffic: {}=100` is run, the next deploy begins from what served before",
                    rollout.tag, rollout.revision
                ),
            );
            Ok(((), note))
        }
    }
}

/// Writes an allocation that the user asked for; tags stay where they are.
pub(super) async fn allocate(context: &Context<'_>, facts: &mut Facts, asks: &[Ask]) -> Result<((), String), Failure> {
    let service = traffic::read(context).await?;
    super::deploy::remember(facts, Some(&service));
    let wanted = asked(context, &service, asks)?;
    let latest = service.latest_ready();
    let served = Served {
        revision: wanted.main_revision(latest.as_ref()).map(ToString::to_string).unwrap_or_default(),
        commit: None,
        previous: facts.service.previous.as_ref().map(ToString::to_string),
        followed_latest: false,
        candidate: Served::on(service.json()).candidate,
    };
    let wanted = Move { traffic: &wanted, record: None, served: Some(&served), begins: true };
    let now = traffic::write(context, facts, &wanted).await?;
    facts.service.written = Written::Yes;
    Ok(((), format!("the traffic is {}", now.serving().words(now.latest_ready().as_ref()))))
}

/// The allocation that is asked for, on the service as it is.
pub(super) fn asked(context: &Context<'_>, service: &Service, asks: &[Ask]) -> Result<Traffic, Failure> {
    let there = service.traffic().shares;
    let mut shares: Vec<Share> =
        there.iter().filter(|share| share.tag.is_some()).map(|share| Share { percent: 0, ..share.clone() }).collect();
    for ask in asks {
        let target = match &ask.who {
            Who::Latest => Target::Latest,
            // A name that is a tag of the service means the tag: revisions begin with the service's name.
            Who::Revision(name) => match shares.iter_mut().find(|share| share.tag.as_deref() == Some(name.as_str())) {
                Some(tagged) => {
                    tagged.percent = ask.percent;
                    continue;
                }
                None => Target::Revision(name.clone()),
            },
            Who::Tag(tag) => {
                let Some(tagged) = shares.iter_mut().find(|share| share.tag.as_ref() == Some(tag)) else {
                    let name = &context.deploy.service;
                    return Err(Failure::plain(
                        Class::Config,
                        format!("Service `{name}` has no revision with tag `{tag}`"),
                    )
                    .hint(format!("Its traffic is {}", service.traffic().words(service.latest_ready().as_ref()))));
                };
                tagged.percent = ask.percent;
                continue;
            }
        };
        shares.push(Share { target, percent: ask.percent, tag: None });
    }
    Ok(Traffic { shares })
}

/// Keeps a percent that was reached, or what was seen there.
fn stop(facts: &mut Facts, percent: u8, seen: String) {
    let Some(rollout) = facts.rollout.as_mut() else { return };
    match rollout.stops.iter_mut().find(|(at, _)| *at == percent) {
        Some((_, before)) => *before = seen,
        None => rollout.stops.push((percent, seen)),
    }
}

pub(super) fn end(facts: &mut Facts, how: RolloutEnd) {
    if let Some(rollout) = facts.rollout.as_mut() {
        rollout.end = how;
    }
}

/// The revisions that served before and are not the new one.
pub(super) fn others(rollout: &Rollout) -> Vec<RevisionName> {
    let serving = rollout.before.shares.iter().filter(|share| share.percent > 0);
    let names = serving.filter_map(|share| match &share.target {
        Target::Revision(name) if *name != rollout.revision => Some(name.clone()),
        _ => None,
    });
    names.collect()
}
