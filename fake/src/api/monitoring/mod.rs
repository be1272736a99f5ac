//! Cloud Monitoring: time series of Cloud Run's requests and latencies.

mod aggregation;
mod filter;
mod series;

use crate::apis::Api;
use crate::refusal::{self, Family};
use crate::reply::Reply;
use crate::world::World;

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
    answer: |world, call| (call.id == "monitoring.projects.timeSeries.list").then(|| series::list(world, call)),
};

/// Refuses what Google may know and the fake does not, and notes it.
fn strange(world: &mut World, sentence: &str) -> Reply {
    world.unexpected.push(format!("monitoring.projects.timeSeries.list: {sentence}"));
    refusal::invalid(sentence)
}
