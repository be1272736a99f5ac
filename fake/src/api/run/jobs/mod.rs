//! Cloud Run jobs: the jobs, their executions and the tasks of those.

mod accept;
mod begin;
mod executions;
mod laws;
mod overrides;
mod patch;
mod progress;
mod result;
mod run;
mod tasks;
mod view;

use super::{conditions, operations, policy};
use crate::api::page::{self, Size};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, Job, World};
pub(super) use progress::look;
pub(super) use result::settle;
pub(super) use view::metadata;

/// Answers a method of jobs or of what belongs to them.
pub(super) fn answer(world: &mut World, call: &Call, method: &str) -> Option<Answer> {
    Some(match method {
        "jobs.get" => get(world, call),
        "jobs.list" => list(world, call),
        "jobs.create" => patch::create(world, call),
        "jobs.patch" => patch::patch(world, call),
        "jobs.run" => run::run(world, call),
        "jobs.delete" => delete(world, call),
        "jobs.testIamPermissions" => test(world, call),
        "jobs.executions.get" => executions::get(world, call),
        "jobs.executions.list" => executions::list(world, call),
        "jobs.executions.cancel" => executions::cancel(world, call),
        "jobs.executions.tasks.get" => tasks::get(world, call),
        "jobs.executions.tasks.list" => tasks::list(world, call),
        _ => return None,
    })
}

/// `jobs.get`; a look at what is under way with the job itself.
fn get(world: &mut World, call: &Call) -> Answer {
    let name = job(world, call, "run.jobs.get")?.name.clone();
    operations::look_at_job(world, &name);
    match world.jobs.get(&name) {
        Some(job) => Ok(Reply::ok(&view::job(world, job))),
        None => Err(missing(call)),
    }
}

/// `jobs.list`, by name; no look at any of them.
fn list(world: &mut World, call: &Call) -> Answer {
    let (named, region) = (call.hole("projectsId"), call.hole("locationsId"));
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    let parent = format!("projects/{project}/locations/{region}");
    if !world.allows(&call.account, "run.jobs.list", project, None) {
        return Err(refusal::denied("run.jobs.list", &parent, &format!("//run.googleapis.com/{parent}")));
    }
    if region == "-" {
        return Err(refusal::bad_field("parent", "The location must be a region, not the wildcard '-'."));
    }
    let below = format!("{parent}/jobs/");
    let own = world.jobs.iter().filter(|(name, _)| name.starts_with(&below));
    let own = own.map(|(_, job)| view::job(world, job)).collect();
    Ok(Reply::ok(&page::of(call, "jobs", Size::RUN, own)))
}

/// `jobs.delete`; its executions go with it.
fn delete(world: &mut World, call: &Call) -> Answer {
    let job = job(world, call, "run.jobs.delete")?.clone();
    super::check_etag(&job.name, job.version, call.query("etag"))?;
    if call.flag("validateOnly") {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Job", &job.name)));
    }
    world.effect("job deleted", job.name.clone());
    let operation = operations::begin(world, &job.name, Aim::DeleteJob, Some(0));
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}

/// `jobs.testIamPermissions`; a job that is not there has no grants of its own.
fn test(world: &mut World, call: &Call) -> Answer {
    let name = job_name(world, call);
    policy::held(world, call, world.jobs.get(&name).map(|job| &job.policy))
}

/// Full name of the job the path names, with the project's id.
fn job_name(world: &World, call: &Call) -> String {
    full_name(world, call, call.hole("jobsId"))
}

fn full_name(world: &World, call: &Call, short: &str) -> String {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str());
    format!("projects/{project}/locations/{}/jobs/{short}", call.hole("locationsId"))
}

/// Refuses a caller who may not do this with the job, or with the execution or task of it.
fn need(world: &World, call: &Call, permission: &str, job: &str, resource: &str) -> Result<(), Reply> {
    let policy = world.jobs.get(job).map(|job| &job.policy);
    let project = job.split('/').nth(1).unwrap_or_default();
    match world.allows(&call.account, permission, project, policy) {
        true => Ok(()),
        false => Err(refusal::denied(permission, resource, &format!("//run.googleapis.com/{resource}"))),
    }
}

/// The job the path names, if the caller may do this with it.
fn job<'a>(world: &'a World, call: &Call, permission: &str) -> Result<&'a Job, Reply> {
    let name = job_name(world, call);
    need(world, call, permission, &name, &name)?;
    world.jobs.get(&name).ok_or_else(|| missing(call))
}

fn missing(call: &Call) -> Reply {
    absent(call, call.hole("jobsId"), "JOB")
}

fn absent(call: &Call, name: &str, kind: &str) -> Reply {
    refusal::not_found(format!(
        "Resource '{name}' of kind '{kind}' in region '{}' in project '{}' does not exist.",
        call.hole("locationsId"),
        call.hole("projectsId")
    ))
}
