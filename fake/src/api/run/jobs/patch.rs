//! How a job is made and changed: `create` and `patch`.

use super::super::{conditions, identity, naming, operations};
use super::{accept, begin, laws, result};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, IamPolicy, Job, World};
use serde_json::{Map, Value};

const KIND: naming::Kind = naming::Kind { title: "Job", field: "job.name", longest: 63 };

/// `jobs.create`: one that is not there yet, under the name that the query gives.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let short = call.query("jobId").unwrap_or_default();
    let name = super::full_name(world, call, short);
    super::need(world, call, "run.jobs.create", &name, &name)?;
    naming::check(call, &KIND, &name, short)?;
    if world.jobs.contains_key(&name) {
        let message = format!("Resource '{short}' already exists.");
        return Err(refusal::rpc(409, "ALREADY_EXISTS", message, Vec::new()));
    }
    apply(world, call, &name)
}

/// `jobs.patch`.
pub(super) fn patch(world: &mut World, call: &Call) -> Answer {
    let name = super::job_name(world, call);
    let short = call.hole("jobsId");
    super::need(world, call, "run.jobs.update", &name, &name)?;
    let existing = world.jobs.get(&name).cloned();
    naming::check(call, &KIND, &name, short)?;
    let may_create = call.flag("allowMissing");
    match &existing {
        Some(job) => super::super::check_etag(&name, job.version, call.json["etag"].as_str())?,
        None if !may_create => return Err(super::missing(call)),
        None => super::need(world, call, "run.jobs.create", &name, &name)?,
    }
    apply(world, call, &name)
}

/// Makes of the job what the body asks for, unless it may not be.
fn apply(world: &mut World, call: &Call, name: &str) -> Answer {
    let short = name.rsplit('/').next().unwrap_or_default();
    let Some(project) = world.project(call.hole("projectsId")).cloned() else { return Err(super::missing(call)) };
    laws::refuse_delay(world, call, &call.json["template"])?;
    let config = accept::read(&call.json, &project);
    laws::check(&config, short)?;
    let email = config["template"]["template"]["serviceAccount"].as_str().unwrap_or_default();
    identity::check_act_as(world, call, email, &project)?;
    let token = accept::token(&config).map(|(token, to_end)| (format!("{name}/executions/{short}-{token}"), to_end));
    let is_new = |execution: &String| !world.executions.iter().any(|known| known.name == *execution);
    if token.as_ref().is_some_and(|(execution, _)| is_new(execution)) {
        super::need(world, call, "run.jobs.run", name, name)?;
    }
    if call.flag("validateOnly") {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Job", name)));
    }
    commit(world, call, name, config);
    let aim = match token {
        Some((execution, to_end)) if begin_once(world, call, name, &execution) => {
            Aim::ChangeJob { execution: Some(execution), to_end }
        }
        _ => Aim::ChangeJob { execution: None, to_end: false },
    };
    let operation = operations::begin(world, name, aim, Some(1));
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}

fn commit(world: &mut World, call: &Call, name: &str, config: Map<String, Value>) {
    let now = world.stamp(6);
    if !world.jobs.contains_key(name) {
        let job = Job {
            name: name.to_owned(),
            config: Map::new(),
            policy: IamPolicy::default(),
            version: u64::try_from(world.now() / 1000).unwrap_or(0),
            generation: 0,
            observed_generation: 0,
            uid: world.fresh_uuid("job"),
            created: now.clone(),
            updated: now.clone(),
            creator: call.account.clone(),
            modifier: call.account.clone(),
            trouble: None,
            transition: now.clone(),
        };
        world.jobs.insert(name.to_owned(), job);
        world.effect("job created", name);
    }
    if let Some(job) = world.jobs.get_mut(name) {
        job.config = config;
        job.version += 1;
        job.generation += 1;
        job.updated.clone_from(&now);
        job.transition = now;
        job.modifier.clone_from(&call.account);
    }
    world.effect("job changed", name);
}

/// Begins the execution a token stands for, unless it was begun before; whether there is one now.
fn begin_once(world: &mut World, call: &Call, job: &str, execution: &str) -> bool {
    if world.executions.iter().any(|known| known.name == execution) {
        return true;
    }
    let template = world.jobs.get(job).and_then(|job| job.config.get("template")?.as_object().cloned());
    let template = template.unwrap_or_default();
    let is_ready = result::check(world, job, &template).is_ok();
    if is_ready {
        begin::begin(world, &call.account, job, execution, template);
    }
    is_ready
}
