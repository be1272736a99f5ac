//! Cloud Monitoring: time series of Cloud Run's requests, latencies and instances; alert policies, uptime checks and
//! notification channels.

mod aggregation;
mod filter;
mod kept;
mod laws;
mod series;

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
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
    answer,
};

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let (kind, verb) = call.id.strip_prefix("monitoring.projects.")?.split_once('.')?;
    if (kind, verb) == ("timeSeries", "list") {
        return Some(series::list(world, call));
    }
    let kind = kept::KINDS.into_iter().find(|known| *known == kind)?;
    kept::answer(world, call, kind, verb)
}

/// Refuses what Google may know and the fake does not, and notes it.
fn strange(world: &mut World, method: &str, sentence: &str) -> Reply {
    world.unexpected.push(format!("{method}: {sentence}"));
    refusal::invalid(sentence)
}
