//! Going back: what a run has moved and changed is as it was before its first move, by what it noted on the service.

use super::rollout::end;
use super::traffic::{self, Decided, Guard};
use super::{Context, access, order, park, reading};
use crate::cloud_run::notes::{Candidate, Notes, RolloutRecord};
use crate::commands::doctor::plan::fix::quoted;
use crate::facts::{Facts, RolloutEnd, Written};
use crate::step::StepName;
use slipway_failure::{Class, Failure};
use slipway_google::cloud_run::Service;
use slipway_names::access::AccessChange;
use slipway_names::traffic::{Traffic, TrafficTarget};

/// Puts back what a rollout of this run has changed, where one is open, after a failure; and gives back the failure
/// with what came of that.
pub(super) async fn after(context: &Context<'_>, facts: &mut Facts, failure: Failure) -> Failure {
    if !facts.rollout.as_ref().is_some_and(|rollout| rollout.end == RolloutEnd::Open) {
        return failure;
    }
    if failure.class() == Class::Superseded {
        end(facts, RolloutEnd::Left("another run took over"));
        return failure;
    }
    if !context.deploy.rollout.restore {
        end(facts, RolloutEnd::Left("`rollback_on_failure: false`"));
        return failure;
    }
    context.console.line(&format!("✗ {failure}: going back"));
    let restored = super::step(context, facts, StepName::Restore, async |facts| {
        let told = restore(context, facts).await?;
        Ok(((), told))
    });
    match restored.await {
        // Whatever failed, failed because its candidate was taken away.
        Ok(()) if matches!(facts.rollout.as_ref().map(|rollout| &rollout.end), Some(RolloutEnd::Left(_))) => {
            let service = reading::look(context).await.ok().flatten();
            let what = format!(
                "The rollout on service `{}` is no longer this run's: another run took over",
                context.deploy.service
            );
            let overtaken = order::overtaken(context, service.as_ref(), &what).await;
            let lines = overtaken.evidence_lines().iter().cloned().chain([failure.to_string()]).collect();
            overtaken.evidence(lines)
        }
        Ok(()) => failure,
        Err(why) if why.class() == Class::Superseded => {
            end(facts, RolloutEnd::Left("another run took over"));
            failure
        }
        Err(why) => {
            end(facts, RolloutEnd::Stuck(why.to_string()));
            let causes = why.causes();
            let record = read_again(context, facts).await;
            let hints = record.as_ref().map(|record| by_hand(context, record)).unwrap_or_default();
            let before = facts.rollout.as_ref().map(|rollout| rollout.before.clone()).unwrap_or_default();
            let failure = failure
                .with_class(Class::Rollback)
                .evidence(std::iter::once(why.to_string()).chain(causes).collect())
                .more_hints(hints);
            failure
                .hint(format!("Put the traffic back by hand: {}", traffic_by_hand(context, &before, record.is_some())))
        }
    }
}

/// Reads what is true now, after it could not be put back. Gives back what this run has noted, if it is still there.
async fn read_again(context: &Context<'_>, facts: &mut Facts) -> Option<RolloutRecord> {
    match reading::read(context).await {
        Ok(service) => {
            reading::see(facts, &service);
            Notes::on(service.json()).record.filter(|record| record.run == context.marks.request_tag)
        }
        Err(_) => {
            // What was read before the write that failed may not be so any more.
            facts.service.traffic = None;
            None
        }
    }
}

/// Puts everything back that this run has noted on the service. Gives back a sentence.
///
/// # Errors
/// When it could not be written, or does not hold.
pub async fn restore(context: &Context<'_>, facts: &mut Facts) -> Result<String, Failure> {
    let service = reading::read(context).await?;
    match open(context, &service) {
        Some(OpenRollout::Rollout(record)) => put_back(context, facts, &record).await,
        Some(OpenRollout::Candidate(candidate)) => park::take_back(context, facts, &candidate).await,
        None => {
            reading::see(facts, &service);
            // The write that would have begun the rollout never arrived, or another run took over: either
            // way nothing of this run is left to be undone.
            if facts.service.written == Written::Yes {
                end(facts, RolloutEnd::Left("another run took over"));
                return Ok("another run took over; nothing of this one is left".into());
            }
            end(facts, RolloutEnd::Restored);
            Ok("nothing of this run is on the service".into())
        }
    }
}

/// What of this run stands on the service and is not over.
enum OpenRollout {
    Rollout(Box<RolloutRecord>),
    Candidate(Box<Candidate>),
}

fn open(context: &Context<'_>, service: &Service) -> Option<OpenRollout> {
    let (notes, run) = (Notes::on(service.json()), &context.marks.request_tag);
    if let Some(record) = notes.record.filter(|record| record.run == *run) {
        return Some(OpenRollout::Rollout(Box::new(record)));
    }
    let own = notes.candidates.into_iter().find(|own| own.run == *run && own.open_until.is_some());
    own.map(|candidate| OpenRollout::Candidate(Box::new(candidate)))
}

/// Who may call it first, because the record that says so goes with the traffic; then traffic and settings in one write.
async fn put_back(context: &Context<'_>, facts: &mut Facts, record: &RolloutRecord) -> Result<String, Failure> {
    let access = access::put_back(context, record).await;
    let decide = |service: &Service| {
        let mut notes = Notes::on(service.json());
        let there = notes.record.take();
        let patch = there.as_ref().map(|there| there.undo.clone()).unwrap_or_default();
        if access.is_err() {
            // The next try finds it.
            notes.record = there.map(|there| RolloutRecord { undo: Default::default(), ..there });
        }
        notes.served.followed_latest |= record.rollout.followed_latest;
        notes.served.latest_tags.extend(record.rollout.latest_tags.iter().cloned());
        notes.served.latest_tags.sort();
        notes.served.latest_tags.dedup();
        Ok(Decided { traffic: record.rollout.undone(&service.traffic()), notes, patch })
    };
    let front = facts.service.front;
    let service = traffic::write(context, facts, Guard::Record, decide).await?;
    access?;
    end(facts, RolloutEnd::Restored);
    access::forget(facts, front);
    Ok(format!("the traffic is as before: {}", service.traffic().words(service.latest_ready().as_ref())))
}

/// Puts back what a run that is gone left on the service; for the post step. Gives back the sentence to print, or
/// nothing when nothing was left.
///
/// # Errors
/// As [`restore`].
pub async fn left_behind(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let service = reading::look(context).await?;
    let left = service.as_ref().and_then(|service| open(context, service));
    // With `rollback_on_failure: false` what a rollout reached stays; a candidate that nobody tried does not.
    if left.is_none_or(|left| matches!(left, OpenRollout::Rollout(_)) && !context.deploy.rollout.restore) {
        return Ok(None);
    }
    restore(context, &mut Facts::default()).await.map(Some)
}

/// The command that puts the traffic back: all that is noted, where it still is, else the allocation alone.
fn traffic_by_hand(context: &Context<'_>, before: &Traffic, is_noted: bool) -> String {
    if is_noted {
        return format!("slipway rollback {}", context.flags());
    }
    let shares = before.shares.iter().filter(|share| share.percent > 0);
    let shares: Vec<String> = shares
        .map(|share| match &share.target {
            TrafficTarget::Revision(name) => format!("{name}={}", share.percent),
            TrafficTarget::Latest => format!("latest={}", share.percent),
        })
        .collect();
    format!("slipway deploy {} --traffic={}", context.flags(), shares.join(","))
}

/// Commands for what a record says besides.
fn by_hand(context: &Context<'_>, record: &RolloutRecord) -> Vec<String> {
    let deploy = context.deploy;
    let place = format!("--region={} --project={}", deploy.region, deploy.project);
    let mut all = Vec::new();
    let changed = record.undo.fields();
    if !changed.is_empty() {
        all.push(format!(
            "These settings of the service have changed with the traffic and are still so: {}. They are {} before, as the service's annotation `slipway.dev/rollout` says",
            changed.join(", "),
            record.undo.json()
        ));
    }
    let member = "--member=allUsers --role=roles/run.invoker";
    match &record.access {
        Some(AccessChange::Opens) => all.push(format!(
            "Close it to everybody again: gcloud run services remove-iam-policy-binding {} {member} {place}",
            deploy.service
        )),
        // As it was: not everybody where it was everybody with an account, and with the condition that was there.
        Some(AccessChange::Closes(bindings)) => all.extend(bindings.iter().flat_map(grants).map(
            |(member, role, condition)| {
                format!(
                    "Grant again what was taken away: gcloud run services add-iam-policy-binding {} --member={member} --role={role}{condition} {place}",
                    deploy.service
                )
            },
        )),
        None => {}
    }
    all.extend(record.agent.as_ref().map(|agent| {
        format!(
            "Take it from the agent of Identity-Aware Proxy again: gcloud run services remove-iam-policy-binding {} --member={agent} --role=roles/run.invoker {place}",
            deploy.service
        )
    }));
    all
}

/// Member, role and the flag of the condition, where there is one, of each grant in a binding.
fn grants(binding: &serde_json::Value) -> Vec<(String, String, String)> {
    let text = |json: &serde_json::Value, key: &str| json.get(key).and_then(|text| text.as_str()).map(str::to_owned);
    let role = text(binding, "role").unwrap_or_default();
    let condition = binding.get("condition").map(|condition| {
        let parts = ["expression", "title", "description"].map(|key| Some((key, text(condition, key)?)));
        let parts: Vec<String> = parts.into_iter().flatten().map(|(key, text)| format!("{key}={text}")).collect();
        format!(" --condition={}", quoted(&format!("^;^{}", parts.join(";"))))
    });
    let members = binding.get("members").and_then(|members| members.as_array()).cloned().unwrap_or_default();
    let members = members.iter().filter_map(|member| member.as_str());
    members.map(|member| (member.to_owned(), role.clone(), condition.clone().unwrap_or_default())).collect()
}
