//! Going to a revision that exists: rollback and promotion.

use super::begin::RevisionStart;
use super::traffic::{self, Decided, Guard};
use super::{Context, access, allocate, begin, deploy, pick, reading, roll, step, verify_service};
use crate::cloud_run::notes::Notes;
use crate::commands::deploy::inputs::{Allocation, Pick};
use crate::facts::{Facts, Written};
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;

/// Rounds of read, decide, write while others write the same service.
const ROUNDS: u32 = 5;

/// Sends the traffic to a revision that exists. What was decided holds for the service that it was decided from; where
/// that has changed before the write, it is decided again.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, pick: &Pick) -> Result<(), Failure> {
    let mut service = reading::find(context).await?;
    reading::remember(facts, Some(&service));
    let mut revision = step(context, facts, StepName::Pick, async |_| pick::run(context, &service, pick).await).await?;
    let mut round = 1;
    let record = loop {
        facts.service.revision = Some(revision.clone());
        facts.service.ready = true;
        let begun = begin::begin(context, facts, Some(&service), &revision, None).await?;
        let RevisionStart::Rolls(start) = begun else {
            // No tag, so no address of its own to ask it at: the traffic moves at once.
            return allocate(context, facts, &Allocation::whole(revision)).await;
        };
        let record = start.record;
        let nothing_else = start.left.is_none() && !record.changes_access() && record.later.is_empty();
        if record.rollout.share_before() == 100 && nothing_else {
            facts.rollout = None;
            reading::see(facts, &service);
            context.console.line(&format!("Revision `{revision}` receives every request already: nothing to move"));
            return verify_service(context, facts, None).await;
        }
        let left = start.left;
        begin::tell_left(context, facts, left.as_ref());
        let mut stale = false;
        if let Some(left) = left.as_ref().filter(|left| left.changes_access()) {
            stale = reading::read(context).await?.etag() != service.etag();
            if !stale {
                access::put_back(context, left).await?;
            }
        }
        if !stale {
            deploy::open(context);
            let changed = std::cell::Cell::new(false);
            let decide = |now: &Service| {
                if now.etag() != service.etag() {
                    changed.set(true);
                    let what = format!("Service `{}` changes all the time", context.deploy.service);
                    return Err(Failure::plain(Class::Superseded, what).hint("Run it again"));
                }
                let mut notes = Notes::on(now.json());
                let patch = left.as_ref().map(|left| left.undo.clone()).unwrap_or_default();
                notes.record = Some(record.clone());
                Ok(Decided { traffic: record.rollout.candidate(&record.rollout.before), notes, patch })
            };
            facts.service.written = Written::Unknown;
            let written = traffic::write(context, facts, Guard::Nothing, decide).await;
            match written {
                Ok(_) => break record,
                Err(failure) if !changed.get() || round >= ROUNDS => return Err(failure),
                Err(_) => facts.service.written = Written::No,
            }
        }
        round += 1;
        service = reading::read(context).await?;
        reading::remember(facts, Some(&service));
        revision = pick::run(context, &service, pick).await?.0;
    };
    facts.service.written = Written::Yes;
    roll(context, facts, &record).await
}
