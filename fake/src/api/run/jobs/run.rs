//! `jobs.run`: a new execution with every call.

use super::super::{conditions, operations};
use super::{begin, laws, overrides};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{Aim, World};
use serde_json::Value;

/// Answers the call.
pub(super) fn run(world: &mut World, call: &Call) -> Answer {
    let job = super::job(world, call, "run.jobs.run")?.clone();
    let asked = &call.json["overrides"];
    if asked.as_object().is_some_and(|fields| !fields.is_empty()) {
        super::need(world, call, "run.jobs.runWithOverrides", &job.name, &job.name)?;
    }
    super::super::check_etag(&job.name, job.version, call.json["etag"].as_str())?;
    laws::refuse_delay(world, call, asked)?;
    let template = job.config.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
    let template = overrides::apply(template, asked)?;
    laws::check_execution(&template)?;
    if call.json["validateOnly"] == true {
        return Ok(Reply::ok(&operations::view_of_dry_run(world, "Execution", &job.name)));
    }
    let execution = format!("{}/executions/{}-{}", job.name, job.short_name(), world.fresh_hex("execution name", 5));
    begin::begin(world, &call.account, &job.name, &execution, template);
    let operation = operations::begin(world, &job.name, Aim::RunJob(execution), None);
    Ok(Reply::ok(&conditions::operation(world, &operation)))
}
