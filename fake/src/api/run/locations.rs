//! The regions of Cloud Run, and what becomes of a call that names another one.

use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::{Value, json};

/// `projects.locations.list`, of the first version.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let project = call.hole("projectsId");
    if !world.allows(&call.account, "run.locations.list", project, None) {
        let name = format!("projects/{project}");
        return Err(refusal::denied("run.locations.list", &name, &format!("//run.googleapis.com/{name}")));
    }
    let all: Vec<Value> = world
        .regions
        .iter()
        .map(|region| json!({"name": format!("projects/{project}/locations/{region}"), "locationId": region}))
        .collect();
    Ok(Reply::ok(&page::of(call, "locations", Size::RUN, all)))
}

/// Whether a call names a region that there is, or all of them.
pub(super) fn is_one(world: &World, call: &Call) -> bool {
    let named = call.hole("locationsId");
    named == "-" || world.regions.contains(named)
}

/// What Cloud Run says of a region that it does not have.
pub(super) fn nowhere() -> Reply {
    let message = "Operation is not implemented, or supported, or enabled.";
    refusal::rpc(501, "UNIMPLEMENTED", message, Vec::new())
}
