//! Sites: get, list, create.

use super::{place, view};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::Value;

/// `sites.get`.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    Ok(Reply::ok(&view::site(place::site(world, call, place::GET)?)))
}

/// `sites.list`, by id.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let project = place::project(world, call);
    place::need(world, call, "firebasehosting.sites.list", &project)?;
    let own = world.hosting.values().filter(|site| site.project == project).map(view::site).collect();
    Ok(Reply::ok(&page::of(call, "sites", Size { usual: 100, most: 100 }, own)))
}

/// `sites.create`. Ids are taken for all projects at once.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let project = place::project(world, call);
    place::need(world, call, "firebasehosting.sites.create", &project)?;
    let id = call.query("siteId").unwrap_or_default().to_owned();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let edges = [id.bytes().next(), id.bytes().last()];
    if !(6..=30).contains(&id.len()) || !id.bytes().all(legal) || edges.contains(&Some(b'-')) {
        return Err(refusal::invalid(format!("Invalid name: `{id}` is not a valid site id.")));
    }
    match world.hosting.get(&id) {
        Some(known) if known.project == project => {
            return Err(refusal::rpc(409, "ALREADY_EXISTS", format!("Site `{id}` already exists."), Vec::new()));
        }
        Some(_) => {
            return Err(refusal::invalid(format!("Invalid name: `{id}` is reserved by another project.")));
        }
        None => {}
    }
    let check_only = call.flag("validateOnly");
    world.add_site(&project, &id, false);
    if let Some(site) = world.hosting.get_mut(&id) {
        site.labels = super::versions::labels(&call.json["labels"]);
        site.app = call.json["appId"].as_str().map(str::to_owned);
    }
    let view = world.hosting.get(&id).map_or(Value::Null, view::site);
    if check_only {
        world.hosting.remove(&id);
    } else {
        world.effect("site created", id);
    }
    Ok(Reply::ok(&view))
}
