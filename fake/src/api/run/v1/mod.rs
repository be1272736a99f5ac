//! Cloud Run's older API, which gcloud speaks: services and revisions in the form of Knative's resources. The world has
//! them once, as v2 does; here they are read and written in the other form.
//!
//! A namespace is a project, and the region is the address's: `us-central1-run.googleapis.com`.

mod annotations;
mod containers;
mod from_knative;
mod to_knative;

use super::{conditions, operations, patch};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Service, World};
use serde_json::{Value, json};

/// Answers a method of services or revisions.
pub(super) fn answer(world: &mut World, call: &Call, method: &str) -> Option<Answer> {
    Some(match method {
        "services.get" => get(world, call),
        "services.list" => list(world, call),
        "services.create" => write(world, call, call.json["metadata"]["name"].as_str().unwrap_or_default(), true),
        "services.replaceService" => write(world, call, call.hole("servicesId"), false),
        "services.delete" => delete(world, call),
        "revisions.get" => revision(world, call),
        "revisions.list" => revisions(world, call),
        _ => return None,
    })
}

/// Where the project's services of the address's region are.
fn place(world: &World, call: &Call) -> Result<String, Reply> {
    let host = call.header("host").unwrap_or_default();
    let region = host.split_once("-run.").map(|(region, _)| region);
    let region = region.ok_or_else(|| refusal::invalid("Namespaces are asked about at the address of a region."))?;
    let named = call.hole("namespacesId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    Ok(format!("projects/{project}/locations/{region}"))
}

/// The call as v2 would get it, for what both do alike.
fn as_v2(world: &World, call: &Call, short: &str, json: Value) -> Result<Call, Reply> {
    let place = place(world, call)?;
    let mut parts = place.split('/').skip(1).step_by(2).map(str::to_owned);
    let names = ["projectsId", "locationsId"].into_iter().filter_map(|name| Some((name.to_owned(), parts.next()?)));
    let holes = names.chain([("servicesId".to_owned(), short.to_owned())]).collect();
    let id = "run.projects.locations.services.patch".to_owned();
    Ok(Call { id, holes, json, query: Vec::new(), ..call.clone() })
}

/// The service of this short name, if the caller may do this with it.
fn service<'a>(world: &'a World, call: &Call, short: &str, permission: &str) -> Result<&'a Service, Reply> {
    super::service(world, &as_v2(world, call, short, Value::Null)?, permission)
}

/// A look at what is under way.
fn get(world: &mut World, call: &Call) -> Answer {
    let short = call.hole("servicesId");
    let name = service(world, call, short, "run.services.get")?.name.clone();
    operations::look_at_service(world, &name);
    Ok(Reply::ok(&to_knative::service(world, service(world, call, short, "run.services.get")?)))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let place = place(world, call)?;
    list_below(world, call, &place)
}

/// `projects.locations.services.list`, which takes `-` for every region.
pub(super) fn list_of_location(world: &mut World, call: &Call) -> Answer {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let place = match call.hole("locationsId") {
        "-" => format!("projects/{project}/locations"),
        region => format!("projects/{project}/locations/{region}"),
    };
    list_below(world, call, &place)
}

fn list_below(world: &World, call: &Call, place: &str) -> Answer {
    let project = place.split('/').nth(1).unwrap_or_default();
    if !world.allows(&call.account, "run.services.list", project, None) {
        return Err(refusal::denied("run.services.list", place, &format!("//run.googleapis.com/{place}")));
    }
    let below = format!("{place}/");
    let own = world.services.iter().filter(|(name, _)| name.starts_with(&below));
    let items = own.map(|(_, service)| to_knative::service(world, service)).collect();
    Ok(Reply::ok(&to_knative::list("ServiceList", items)))
}

/// `create` and `replaceService`; what comes back is the service, whose conditions tell how it goes on.
fn write(world: &mut World, call: &Call, short: &str, fresh: bool) -> Answer {
    let mut config = from_knative::service(&call.json)?;
    if let Some(version) = call.json["metadata"]["resourceVersion"].as_str() {
        config["etag"] = json!(format!("\"{version}\""));
    }
    let asked = as_v2(world, call, short, config)?;
    let dry = call.query("dryRun") == Some("all");
    let asked = if dry { Call { query: vec![("validateOnly".to_owned(), "true".to_owned())], ..asked } } else { asked };
    if fresh {
        patch::create_named(world, &asked, short)?;
    } else {
        patch::patch(world, &asked)?;
    }
    match service(world, call, short, "run.services.get") {
        Ok(service) => Ok(Reply::ok(&to_knative::service(world, service))),
        // A dry run of what is not there yet: what was sent, for want of better.
        Err(_) if dry => Ok(Reply::ok(&call.json)),
        Err(refusal) => Err(refusal),
    }
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let name = service(world, call, call.hole("servicesId"), "run.services.delete")?.name.clone();
    if call.query("dryRun") != Some("all") {
        world.effect("service deleted", name.clone());
        let operation = operations::begin(world, &name, Aim::DeleteService, Some(0));
        conditions::operation(world, &operation);
    }
    Ok(Reply::ok(&json!({"status": "Success"})))
}

fn revision(world: &mut World, call: &Call) -> Answer {
    let short = call.hole("revisionsId");
    let below = format!("{}/services/", place(world, call)?);
    let found = world.revisions.iter().find(|known| known.name == short && known.service.starts_with(&below));
    let named = found.map(|found| found.service.rsplit('/').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let owner = service(world, call, &named, "run.revisions.get");
    match (found, owner) {
        (Some(found), Ok(owner)) => Ok(Reply::ok(&to_knative::revision(world, owner, found))),
        (Some(_), Err(refusal)) => Err(refusal),
        (None, _) => Err(refusal::not_found(format!("Revision '{short}' was not found."))),
    }
}

/// Of one service where the label selector names it.
fn revisions(world: &mut World, call: &Call) -> Answer {
    let place = place(world, call)?;
    let project = place.split('/').nth(1).unwrap_or_default();
    if !world.allows(&call.account, "run.revisions.list", project, None) {
        return Err(refusal::denied("run.revisions.list", &place, &format!("//run.googleapis.com/{place}")));
    }
    let wanted = call.query("labelSelector").and_then(|text| text.split_once("serving.knative.dev/service"));
    let wanted = wanted.map(|(_, name)| name.trim_start_matches([' ', '=']).to_owned());
    let below = format!("{place}/services/");
    let fits = |service: &&Service| {
        service.name.starts_with(&below) && wanted.as_deref().is_none_or(|wanted| service.short_name() == wanted)
    };
    let mut items = Vec::new();
    for owner in world.services.values().filter(fits) {
        items.extend(
            world.revisions_of(&owner.name).into_iter().rev().map(|one| to_knative::revision(world, owner, one)),
        );
    }
    Ok(Reply::ok(&to_knative::list("RevisionList", items)))
}
