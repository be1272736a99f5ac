//! The rollout: the candidate on an address of its own, then the traffic, step by step; each step leaves the service in
//! a state that can be put back. What holds for all revisions comes with the last step.

use super::traffic::{self, Decided, Guard};
use super::{Context, access, begin, door, gate, verify, wanted};
use crate::cloud_run::notes::{Notes, RolloutRecord, Served};
use crate::cloud_run::rollout::{whole, with_tag, without_tags};
use crate::cloud_run::service_level::Patch;
use crate::commands::deploy::inputs::{DeployWhat, OnUnknown};
use crate::facts::{Facts, RolloutEnd};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_names::ids::RevisionName;
use slipway_runner::duration;
use slipway_wire::clock::now_rfc3339;

/// Puts the user's tag on a revision that came without a rollout: only now, when it is known to be good.
pub(super) async fn tag(context: &Context<'_>, facts: &mut Facts, tag: &str) -> Result<((), String), Failure> {
    let revision = &context.marks.revision;
    let decide = |service: &Service| {
        let (traffic, mut notes) = (with_tag(whole(&service.traffic()), tag, revision), Notes::on(service.json()));
        notes.sweep(&traffic);
        Ok(Decided { traffic, notes, patch: Patch::default() })
    };
    traffic::write(context, facts, Guard::Nothing, decide).await?;
    Ok(((), format!("tag `{tag}` stands on revision `{revision}`")))
}

/// Moves the traffic to `percent`; the last step ends the rollout when nothing is left to check.
pub(super) async fn shift(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &RolloutRecord,
    percent: u8,
) -> Result<((), String), Failure> {
    let rollout = &record.rollout;
    let (last, ends) = (percent == 100, percent == 100 && !super::ends_later(context, record));
    let previous = facts.service.previous.clone();
    let decide = |service: &Service| {
        // A deploy's settings are decided from the service as it is; a candidate's were, when it came.
        let patch = match (last, &context.deploy.what) {
            (false, _) => Patch::default(),
            (true, DeployWhat::Revision(_)) => record.later.clone(),
            (true, _) => wanted::level(context, service),
        };
        if ends {
            return Ok(over(context, previous.as_ref(), record, service, patch));
        }
        let (now, mut notes) = (service.traffic(), Notes::on(service.json()));
        let mut after = service.json().clone();
        patch.apply(&mut after);
        // After a reply that was lost the settings may have changed already: what was noted then is what was there.
        let noted = notes.record.as_ref().map(|there| there.undo.clone()).filter(|undo| !undo.is_empty());
        let undo = noted.unwrap_or_else(|| Patch::between(&after, service.json()));
        let next = match last {
            true => context.deploy.checks.timeout + door::PROPAGATION,
            false => context.deploy.rollout.interval.max(gate::LAG),
        };
        notes.record = Some(RolloutRecord { until: begin::until(context, next), undo, ..record.clone() });
        Ok(Decided { traffic: rollout.at(percent, &now), notes, patch })
    };
    let front = facts.service.front;
    let service = traffic::write(context, facts, Guard::Record, decide).await?;
    if last {
        settings(facts, record, &service);
        access::mark_open(context, facts, front);
    }
    if ends {
        end(facts, RolloutEnd::Finished);
    }
    stop(facts, percent, String::new());
    let share = if last { "every request".to_owned() } else { format!("{percent} % of the requests") };
    Ok(((), format!("revision `{}` receives {share}", rollout.revision)))
}

/// Keeps which settings of the service have come with the traffic.
fn settings(facts: &mut Facts, record: &RolloutRecord, service: &Service) {
    let undo = Notes::on(service.json()).record.filter(|there| there.run == record.run).map(|there| there.undo);
    if let (Some(rollout), Some(undo)) = (facts.rollout.as_mut(), undo) {
        rollout.settings = undo.fields();
    }
}

/// What the service says when the rollout has ended well.
fn over(
    context: &Context<'_>,
    previous: Option<&RevisionName>,
    record: &RolloutRecord,
    service: &Service,
    patch: Patch,
) -> Decided {
    let rollout = &record.rollout;
    // Another revision may have come in between, and `LATEST` would be that one.
    let newest =
        [service.latest_ready(), service.latest_created()].iter().all(|name| name.as_ref() == Some(&rollout.revision));
    let mut notes = Notes::on(service.json());
    // Candidates that waited at tags of their runs go now that something newer serves.
    let traffic = without_tags(rollout.done(newest, &service.traffic()), &notes.passing_tags(&now_rfc3339()));
    notes.record = None;
    notes.served = Served {
        revision: rollout.revision.to_string(),
        // Which commit an older revision was made from, its label says.
        commit: context.origin.sha.clone().filter(|_| !matches!(context.deploy.what, DeployWhat::Revision(_))),
        previous: previous.map(ToString::to_string),
        followed_latest: rollout.followed_latest && !newest,
        latest_tags: if newest { Vec::new() } else { rollout.latest_tags.clone() },
    };
    notes.promoted(&rollout.revision);
    notes.sweep(&traffic);
    if service.template_revision() == rollout.revision.as_str() {
        notes.hidden.clear();
    }
    Decided { traffic, notes, patch }
}

/// Waits at a step of a canary and looks whether the gates hold.
pub(super) async fn hold(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &RolloutRecord,
    percent: u8,
) -> Result<((), String), Failure> {
    let verdict = gate::watch(context, facts, record, percent).await?;
    let revision = &record.rollout.revision;
    match verdict {
        gate::GateVerdict::Pass(what) => {
            stop(facts, percent, what.clone());
            Ok(((), format!("{percent} % for {}: {what}", duration(context.deploy.rollout.interval))))
        }
        gate::GateVerdict::Fail(what) => {
            stop(facts, percent, what.clone());
            Err(Failure::plain(Class::Verify, format!("Revision `{revision}` does not hold at {percent} %: {what}"))
                .hint(verify::log_hint(context, revision)))
        }
        gate::GateVerdict::Unknown(what) => {
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
                    let (flags, tag) = (context.flags(), &record.rollout.tag);
                    Err(Failure::plain(Class::Verify, sentence)
                        .hint(format!("Go on by hand: slipway promote {flags} --tag={tag}"))
                        .more_hints([format!("Or go back: slipway rollback {flags}")]))
                }
            }
        }
    }
}

/// Ends the rollout: the run's tag and its record go. What is reached is never lost by this.
pub(super) async fn finish(
    context: &Context<'_>,
    facts: &mut Facts,
    record: &RolloutRecord,
) -> Result<((), String), Failure> {
    let rollout = &record.rollout;
    let previous = facts.service.previous.clone();
    let decide = |service: &Service| Ok(over(context, previous.as_ref(), record, service, Patch::default()));
    let written = traffic::write(context, facts, Guard::Record, decide).await;
    let tag = if rollout.keep_tag { "stays" } else { "is removed" };
    match written {
        Ok(_) => {}
        Err(failure) if failure.class() == Class::Superseded => return Err(failure),
        Err(failure) => context.warn(
            facts,
            format!(
                "The traffic is where it shall be, but tag {} and the rollout's record could not be removed: {failure}. Until `traffic: {}=100` is run, the next deploy begins from what served before",
                rollout.tag, rollout.revision
            ),
        ),
    }
    end(facts, RolloutEnd::Finished);
    Ok(((), format!("tag `{}` {tag}", rollout.tag)))
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
