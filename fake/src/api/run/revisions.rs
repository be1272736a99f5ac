//! Revisions: reading, listing, deleting.

use super::{conditions, operations};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Revision, World};
use serde_json::Value;

/// `revisions.get`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    super::need(world, call, "run.revisions.get", &super::service_name(world, call))?;
    Ok(Reply::ok(&conditions::revision(find(world, call)?)))
}

/// `revisions.list`, newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let service = super::service(world, call, "run.revisions.list")?;
    let own = world.revisions_of(&service.name).into_iter().rev().map(conditions::revision).collect();
    Ok(Reply::ok(&page::of(call, "revisions", Size::RUN, own)))
}

/// `revisions.delete`; one that serves, is tagged or is the newest stays.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = super::service_name(world, call);
    super::need(world, call, "run.revisions.delete", &name)?;
    let revision = find(world, call)?.clone();
    let needed = world.services.get(&name).is_some_and(|service| {
        let short = Some(&revision.name);
        let targets = service.config.get("traffic").and_then(Value::as_array);
        service.serving.iter().any(|share| share.revision == revision.name)
            || targets.into_iter().flatten().any(|target| target["revision"] == revision.name)
            || service.latest_created.as_ref() == short
            || service.latest_ready.as_ref() == short
    });
    if needed {
        let message = format!(
            "Revision '{}' can not be deleted because it is the latest one, is serving traffic or has a traffic tag.",
            revision.name
        );
        return Err(refusal::precondition(message));
    }
    if call.flag("validateOnly") {
        let service = world.services.get(&name).cloned().ok_or_else(|| super::missing(call))?;
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Service", &service.name)));
    }
    world.effect("revision deleted", revision.name.clone());
    let operation = operations::begin(world, &name, Aim::DeleteRevision(revision.name), Some(0));
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}

fn find<'a>(world: &'a World, call: &Call) -> Result<&'a Revision, Reply> {
    let (service, name) = (super::service_name(world, call), call.hole("revisionsId"));
    world.revision_in(&service, name).ok_or_else(|| {
        refusal::not_found(format!(
            "Resource '{name}' of kind 'REVISION' in region '{}' in project '{}' does not exist.",
            call.hole("locationsId"),
            call.hole("projectsId")
        ))
    })
}
