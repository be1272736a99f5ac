//! A candidate that waits without traffic: its tag is added to the allocation as it is, and taken away when it does not
//! pass. Whatever else goes on with the service is left alone.

use super::traffic::{self, Decided, Guard};
use super::{Context, StepName, reading, rollout, step, together, verify};
use crate::cloud_run::notes::{Candidate, Notes};
use crate::cloud_run::rollout::{Rollout, tagged, with_tag, without_tags};
use crate::cloud_run::service_level::Patch;
use crate::facts::{Facts, RolloutEnd};
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_names::traffic::Traffic;
use slipway_wire::clock::now_rfc3339;

/// Asks the candidate, and notes that it is good.
pub(super) async fn wait(context: &Context<'_>, facts: &mut Facts, candidate: &Candidate) -> Result<(), Failure> {
    let before = facts.rollout.as_ref().map(|rollout| rollout.before.clone()).unwrap_or_default();
    if !context.deploy.checks.checks.is_empty() {
        step(context, facts, StepName::Candidate, async |facts| {
            let service = reading::read(context).await?;
            let way = verify::candidate_place(context, &service, &as_rollout(candidate, before));
            verify::run(context, facts, &way).await
        })
        .await?;
    }
    for gate in [together::CANDIDATE, together::READY, together::VERIFIED, together::SHOWN] {
        context.together.pass(gate).await?;
    }
    step(context, facts, StepName::Finish, async |facts| finish(context, facts, candidate).await).await
}

fn as_rollout(candidate: &Candidate, before: Traffic) -> Rollout {
    Rollout {
        before,
        followed_latest: false,
        latest_tags: Vec::new(),
        revision: candidate.revision.clone(),
        tag: candidate.tag.clone(),
        keep_tag: candidate.keep_tag,
    }
}

async fn finish(context: &Context<'_>, facts: &mut Facts, candidate: &Candidate) -> Result<((), String), Failure> {
    let decide = |service: &Service| {
        let mut notes = Notes::on(service.json());
        let mut traffic = service.traffic();
        if !candidate.keep_tag {
            // It takes the place of those that waited at tags of their runs, now that it is good itself.
            traffic = without_tags(traffic, &notes.passing_tags(&now_rfc3339()));
            notes.sweep(&traffic);
        }
        for own in notes.candidates.iter_mut().filter(|own| own.run == candidate.run) {
            own.open_until = None;
        }
        Ok(Decided { traffic, notes, patch: Patch::default() })
    };
    match traffic::write(context, facts, Guard::Candidate, decide).await {
        Err(failure) if failure.class() == Class::Superseded => return Err(failure),
        Err(failure) => context.warn(
            facts,
            format!("The candidate waits at tag {}, but that it passed could not be noted: {failure}", candidate.tag),
        ),
        Ok(_) => {}
    }
    rollout::end(facts, RolloutEnd::Candidate);
    let mut note = format!("candidate `{}` stays on tag `{}`", candidate.revision, candidate.tag);
    let mut later = candidate.later.fields();
    later.retain(|field| field != "labels");
    later.extend(
        candidate
            .public
            .map(|public| format!("access for {}", if public { "everybody" } else { "nobody without a grant" })),
    );
    if !later.is_empty() {
        note.push_str(&format!("; with its promotion come {}", later.join(", ")));
    }
    Ok(((), note))
}

/// Takes the candidate of this run away: its tag goes, or goes back to where it was.
///
/// # Errors
/// When that could not be written, or does not hold.
pub(super) async fn take_back(
    context: &Context<'_>,
    facts: &mut Facts,
    candidate: &Candidate,
) -> Result<String, Failure> {
    let decide = |service: &Service| {
        let now = service.traffic();
        let traffic = match &candidate.tag_before {
            _ if tagged(&now, &candidate.tag) != Some(&candidate.revision) => now,
            Some(before) => with_tag(now, &candidate.tag, before),
            None => without_tags(now, std::slice::from_ref(&candidate.tag)),
        };
        let mut notes = Notes::on(service.json());
        notes.candidates.retain(|own| own.run != candidate.run);
        Ok(Decided { traffic, notes, patch: Patch::default() })
    };
    let service = traffic::write(context, facts, Guard::Candidate, decide).await?;
    rollout::end(facts, RolloutEnd::Restored);
    Ok(format!("the traffic is as before: {}", service.traffic().words(service.latest_ready().as_ref())))
}
