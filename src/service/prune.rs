//! Deleting old revisions: what serves, is tagged, or is the newest always stays.

use super::{Context, reading};
use crate::facts::Facts;
use slipway_google::cloud_run;
use slipway_names::ids::RevisionName;
use slipway_names::traffic::TrafficTarget;

/// More than this in one run would take longer than the deploy; the next run goes on.
const MOST: usize = 50;

/// Deletes all but the `keep` newest of the revisions nobody needs. Trouble is a warning: what was
/// deployed is deployed.
pub(super) async fn run(context: &Context<'_>, facts: &mut Facts, keep: u32) -> String {
    let service = match reading::read(context).await {
        Ok(service) => service,
        Err(failure) => return skip(context, facts, &failure.to_string()),
    };
    let revisions = match cloud_run::revisions(context.http, &context.service_name).await {
        Ok(revisions) => revisions,
        Err(error) => return skip(context, facts, &error.to_string()),
    };
    let mut needed: Vec<RevisionName> =
        [service.latest_ready(), service.latest_created()].into_iter().flatten().collect();
    for share in service.traffic().shares.into_iter().chain(service.serving().shares) {
        if let TrafficTarget::Revision(name) = share.target {
            needed.push(name);
        }
    }
    let idle = revisions.into_iter().filter_map(|revision| revision.name).filter(|name| !needed.contains(name));
    let mut deleted = 0;
    for name in idle.skip(usize::try_from(keep).unwrap_or(usize::MAX)).take(MOST) {
        match cloud_run::delete_revision(context.http, &context.service_name, &name).await {
            Ok(()) => deleted += 1,
            Err(error) => context.warn(facts, format!("Revision {name} could not be deleted: {error}")),
        }
    }
    format!("{deleted} old revisions deleted, {keep} kept besides those that are needed")
}

fn skip(context: &Context<'_>, facts: &mut Facts, why: &str) -> String {
    context.warn(facts, format!("Old revisions were not deleted: {why}"));
    "not done".into()
}
