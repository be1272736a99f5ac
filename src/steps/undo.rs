//! Going back: the allocation that was recorded before the first move is written again, exactly.

use super::Context;
use super::rollout::end;
use super::traffic::{self, Move};
use crate::explain::{Class, Failure};
use crate::google::cloud_run::{self, Service};
use crate::model::facts::{Facts, RolloutEnd, StepName, Written};
use crate::model::traffic::{Target, Traffic};
use crate::plan::rollout::{Record, Served};

/// Puts the traffic back after a failure, where a rollout of this run is open, and gives back the
/// failure with what came of that.
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
            traffic::overtaken(context, "a newer run took over").evidence(vec![failure.to_string()])
        }
        Ok(()) => failure,
        Err(why) if why.class() == Class::Superseded => {
            end(facts, RolloutEnd::Left("another run took over"));
            failure
        }
        Err(why) => {
            end(facts, RolloutEnd::Stuck(why.to_string()));
            let causes = why.causes();
            let before = facts.rollout.as_ref().map(|rollout| rollout.before.clone()).unwrap_or_default();
            failure
                .with_class(Class::Rollback)
                .evidence(std::iter::once(why.to_string()).chain(causes).collect())
                .hint(format!("Put the traffic back by hand: {}", by_hand(context, &before)))
        }
    }
}

/// Writes the recorded allocation again, when the record on the service is this run's. Gives back a
/// sentence.
///
/// # Errors
/// When the allocation could not be written, or does not hold.
pub async fn restore(context: &Context<'_>, facts: &mut Facts) -> Result<String, Failure> {
    let service = traffic::read(context).await?;
    let Some(record) = Record::on(service.json()).filter(|record| record.run == context.marks.request_tag) else {
        super::deploy::see(facts, &service);
        // The write that would have begun the rollout never arrived, or another run took over: either
        // way nothing of this run is left to be undone.
        if facts.service.written == Written::Yes {
            end(facts, RolloutEnd::Left("another run took over"));
            return Ok("another run took over; nothing of this one is left".into());
        }
        end(facts, RolloutEnd::Restored);
        return Ok("nothing of this run is on the service".into());
    };
    let wanted = record.rollout.undone();
    let served = Served {
        followed_latest: record.rollout.followed_latest || Served::on(service.json()).followed_latest,
        ..Served::on(service.json())
    };
    traffic::write(context, facts, &Move { traffic: &wanted, record: None, served: Some(&served), begins: false })
        .await?;
    end(facts, RolloutEnd::Restored);
    Ok(format!("the traffic is as before: {}", wanted.words(None)))
}

/// Puts the traffic back for a run that is gone, by what it left on the service; for the post step.
/// Gives back the sentence to print, or nothing when nothing was left.
///
/// # Errors
/// As [`restore`].
pub async fn left_behind(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let service = cloud_run::service(context.http, &context.service_name)
        .await
        .map_err(|error| Failure::of(format!("Could not read service `{}`", context.deploy.service), error))?;
    let open = service.as_ref().map(Service::json).and_then(Record::on);
    if open.is_none_or(|record| record.run != context.marks.request_tag) {
        return Ok(None);
    }
    restore(context, &mut Facts::default()).await.map(Some)
}

/// The command that writes an allocation.
fn by_hand(context: &Context<'_>, before: &Traffic) -> String {
    let deploy = context.deploy;
    let shares = before.shares.iter().filter(|share| share.percent > 0);
    let shares: Vec<String> = shares
        .map(|share| match &share.target {
            Target::Revision(name) => format!("{name}={}", share.percent),
            Target::Latest => format!("LATEST={}", share.percent),
        })
        .collect();
    format!(
        "gcloud run services update-traffic {} --region={} --project={} --to-revisions={}",
        deploy.service,
        deploy.region,
        deploy.project,
        shares.join(",")
    )
}
