//! Cloud Monitoring: time series of Cloud Run's requests and latencies.

mod aggregation;
mod filter;
mod series;

use crate::api::page::{self, Size};
use crate::apis::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::Value;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "monitoring",
    service: "monitoring.googleapis.com",
    title: "Cloud Monitoring API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[
        include_str!("../../../../tests/schemas/monitoring.v3.json"),
        include_str!("../../../../tests/schemas/monitoring.v1.json"),
    ],
    extras: &[],
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "monitoring.projects.timeSeries.list" => series::list(world, call),
        "monitoring.projects.alertPolicies.list" => alert_policies(world, call),
        _ => return None,
    })
}

/// The project's alert policies.
fn alert_policies(world: &World, call: &Call) -> Answer {
    let permission = "monitoring.alertPolicies.list";
    let resource = format!("projects/{}", call.hole("projectsId"));
    if !world.allows(&call.account, permission, call.hole("projectsId"), None) {
        return Err(refusal::denied(permission, &resource, &resource));
    }
    let own = world.alert_policies.iter().filter(|(name, _)| name.starts_with(&format!("{resource}/")));
    let policies: Vec<Value> = own.map(|(_, policy)| policy.clone()).collect();
    Ok(Reply::ok(&page::of(call, "alertPolicies", Size { usual: 100, most: 1000 }, policies)))
}

/// Refuses what Google may know and the fake does not, and notes it.
fn strange(world: &mut World, sentence: &str) -> Reply {
    world.unexpected.push(format!("monitoring.projects.timeSeries.list: {sentence}"));
    refusal::invalid(sentence)
}
