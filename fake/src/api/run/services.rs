//! Services: reading one and deleting one.

use super::{conditions, operations};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, World};

/// `services.get`; a look at what is under way.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let name = super::service(world, call, "run.services.get")?.name.clone();
    operations::look_at_service(world, &name);
    match world.services.get(&name) {
        Some(service) => Ok(Reply::ok(&conditions::service(world, service))),
        None => Err(super::missing(call)),
    }
}

/// `services.delete`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let service = super::service(world, call, "run.services.delete")?.clone();
    super::check_etag(&service.name, service.version, call.query("etag"))?;
    if call.flag("validateOnly") {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Service", &service.name)));
    }
    world.effect("service deleted", service.name.clone());
    let operation = operations::begin(world, &service.name, Aim::DeleteService, Some(0));
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}
