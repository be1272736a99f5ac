//! Cloud Build: making a build, watching it, cancelling it.

mod advance;
mod archive;
mod buildkit;
mod command_line;
mod contents;
mod create;
mod docker;
mod dockerfile;
mod ending;
mod filter;
mod judge;
mod laws;
mod legacy;
mod log;
mod operations;
mod push;
mod steps;
mod substitutions;

pub(crate) use advance::look_at_log;

use crate::api::Api;
use crate::call::Call;
use crate::refusal::{self, Family, Quota};
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "cloudbuild",
    service: "cloudbuild.googleapis.com",
    title: "Cloud Build API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: true,
    descriptions: &[include_str!("../../../../tests/schemas/cloudbuild.v1.json")],
    extras: &[],
    answer,
};

/// What Google says of anything that is not there.
const NOT_FOUND: &str = "Requested entity was not found.";

/// A method of this API; the text is the project's id.
type Method = fn(&mut World, &Call, &str) -> Answer;

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let (permission, method): (&str, Method) = match call.id.as_str() {
        "cloudbuild.projects.locations.builds.create" => ("cloudbuild.builds.create", create::create),
        "cloudbuild.projects.locations.builds.get" => ("cloudbuild.builds.get", get),
        "cloudbuild.projects.locations.builds.list" => ("cloudbuild.builds.list", list),
        "cloudbuild.projects.locations.builds.cancel" => ("cloudbuild.builds.update", cancel),
        "cloudbuild.projects.locations.operations.get" => ("cloudbuild.builds.get", operations::get),
        "cloudbuild.projects.locations.getDefaultServiceAccount" => ("cloudbuild.builds.get", default_account),
        _ => return None,
    };
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str()).to_owned();
    if !world.allows(&call.account, permission, &project, None) {
        let resource = format!("projects/{project}");
        return Some(Err(refusal::denied(permission, &resource, &resource)));
    }
    Some(method(world, call, &project))
}

fn get(world: &mut World, call: &Call, project: &str) -> Answer {
    if world.poll_quota.as_mut().is_some_and(|window| !window.admit()) {
        let number = world.project(project).map_or("", |project| project.number.as_str());
        return Err(refusal::rate_limit(API.service, number, &POLL_QUOTA));
    }
    let index = find(world, call, project)?;
    advance::look(world, index);
    Ok(Reply::ok(&Value::Object(world.builds[index].document.clone())))
}

const POLL_QUOTA: Quota = Quota {
    metric_title: "Build and Operation Get requests",
    limit_title: "Build and Operation Get requests per minute",
    metric: "get_requests",
    limit: "GetRequestsPerMinutePerProject",
    value: "300",
    unit: "1/min/{project}",
    location: "global",
};

fn find(world: &World, call: &Call, project: &str) -> Result<usize, Reply> {
    let (location, id) = (call.hole("locationsId"), call.hole("buildsId"));
    let fits = |build: &crate::world::Build| build.id == id && build.location == location && build.project == project;
    world.builds.iter().position(fits).ok_or_else(|| refusal::not_found(NOT_FOUND))
}

fn list(world: &mut World, call: &Call, project: &str) -> Answer {
    let filter = call.query("filter").unwrap_or_default();
    let terms = match filter::read(filter) {
        Ok(terms) => terms,
        Err(part) => {
            world.unexpected.push(format!("builds.list: the fake cannot read the filter at «{part}»"));
            return Err(refusal::invalid(format!("invalid list filter: syntax error at '{part}'")));
        }
    };
    let location = call.hole("locationsId");
    let here = world.builds.iter().rev().filter(|build| build.project == project && build.location == location);
    let found: Vec<Value> = here
        .map(|build| Value::Object(build.document.clone()))
        .filter(|build| terms.iter().all(|term| term.fits(build)))
        .collect();
    let size = call.query("pageSize").and_then(|size| size.parse().ok()).filter(|size| *size > 0).unwrap_or(50_usize);
    let from: usize = call.query("pageToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let mut reply = json!({});
    let total = found.len();
    let page: Vec<Value> = found.into_iter().skip(from).take(size).collect();
    if !page.is_empty() {
        reply["builds"] = Value::Array(page);
    }
    if total > from + size {
        reply["nextPageToken"] = json!((from + size).to_string());
    }
    Ok(Reply::ok(&reply))
}

fn cancel(world: &mut World, call: &Call, project: &str) -> Answer {
    let index = find(world, call, project)?;
    if world.builds[index].is_over() {
        return Err(refusal::precondition("Cannot cancel a build that is finished."));
    }
    ending::cancelled(world, index);
    world.effect("build cancelled", world.builds[index].id.clone());
    Ok(Reply::ok(&Value::Object(world.builds[index].document.clone())))
}

fn default_account(world: &mut World, call: &Call, project: &str) -> Answer {
    let location = call.hole("locationsId");
    let mut reply = json!({"name": format!("projects/{project}/locations/{location}/defaultServiceAccount")});
    if let Some(email) = world.project(project).and_then(crate::world::Project::default_build_account) {
        reply["serviceAccountEmail"] = json!(format!("projects/{project}/serviceAccounts/{email}"));
    }
    Ok(Reply::ok(&reply))
}
