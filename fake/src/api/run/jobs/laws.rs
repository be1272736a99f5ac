//! Laws of a job: those of services that hold for its tasks, and its own.

use super::super::{environment, labels, resources, template};
use super::accept;
use crate::call::Call;
use crate::refusal;
use crate::reply::Reply;
use crate::world::World;
use serde_json::{Map, Value};

/// Set by Cloud Run itself in the containers of jobs.
const RESERVED: [&str; 5] =
    ["CLOUD_RUN_JOB", "CLOUD_RUN_EXECUTION", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_ATTEMPT", "CLOUD_RUN_TASK_COUNT"];

/// What containers of jobs cannot have: nobody asks them anything.
const NOT_OF_JOBS: [&str; 3] = ["ports", "livenessProbe", "readinessProbe"];

/// Job name and token must be shorter together.
const TOGETHER: usize = 63;

/// Everything that can be wrong with a configuration, whoever asks for it.
pub(super) fn check(config: &Map<String, Value>, short: &str) -> Result<(), Reply> {
    labels::check(config)?;
    check_tokens(config, short)?;
    let template = config.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
    check_execution(&template)
}

/// What can be wrong with the template of an execution, the job's own or an overridden one.
pub(super) fn check_execution(template: &Map<String, Value>) -> Result<(), Reply> {
    let count = template.get("taskCount").and_then(Value::as_i64).unwrap_or(1);
    if !(1..=10_000).contains(&count) {
        return Err(refusal::bad_field("template.task_count", "The number of tasks must be between 1 and 10000."));
    }
    if template.get("parallelism").and_then(Value::as_i64).is_some_and(|parallelism| parallelism < 0) {
        return Err(refusal::bad_field("template.parallelism", "Parallelism must not be negative."));
    }
    check_task(&accept::as_of_service(template)).map_err(|refusal| below_template(&refusal))
}

fn check_tokens(config: &Map<String, Value>, short: &str) -> Result<(), Reply> {
    if config.contains_key("startExecutionToken") && config.contains_key("runExecutionToken") {
        return Err(refusal::invalid(
            "Invalid value at 'job' (oneof), oneof field 'create_execution' is already set. Cannot set \
             'runExecutionToken'",
        ));
    }
    let Some((token, to_end)) = accept::token(config) else { return Ok(()) };
    if short.len() + token.len() < TOGETHER && labels::is_name(&format!("{short}-{token}"), TOGETHER) {
        return Ok(());
    }
    let field = if to_end { "job.run_execution_token" } else { "job.start_execution_token" };
    let text = format!(
        "Execution token '{token}' must consist of lower-case letters, digits and dashes, and job name and token must \
         have fewer than {TOGETHER} characters together."
    );
    Err(refusal::bad_field(field, &text))
}

fn check_task(config: &Map<String, Value>) -> Result<(), Reply> {
    let task = &config["template"];
    let containers = task["containers"].as_array().map_or(&[][..], Vec::as_slice);
    if containers.is_empty() {
        return Err(refusal::bad_field("template.containers", "Job template should contain at least one container"));
    }
    for (index, container) in containers.iter().enumerate() {
        if let Some(field) = NOT_OF_JOBS.iter().find(|field| container.get(**field).is_some()) {
            let text = format!("'{field}' is not supported for jobs.");
            return Err(refusal::bad_field(&format!("template.containers[{index}].{field}"), &text));
        }
    }
    template::check_each(config)?;
    resources::check(config)?;
    environment::check(config, &RESERVED)?;
    template::check_volumes(config)?;
    template::check_network(config)?;
    let seconds = task["timeout"].as_str().and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
    if seconds.is_none_or(|seconds| !(1.0..=604_800.0).contains(&seconds)) {
        return Err(refusal::bad_field("template.timeout", "The timeout must be between 1 second and 168 hours."));
    }
    if !(0..=10).contains(&task["maxRetries"].as_i64().unwrap_or(3)) {
        return Err(refusal::bad_field("template.max_retries", "The number of retries must be between 0 and 10."));
    }
    Ok(())
}

/// The refusal of a service's template as one of a job's, whose tasks have theirs one level below.
fn below_template(refusal: &Reply) -> Reply {
    let body: Value = serde_json::from_slice(&refusal.body).unwrap_or_default();
    let violation = &body["error"]["details"][0]["fieldViolations"][0];
    let text = |field: &str| violation[field].as_str().unwrap_or_default();
    refusal::bad_field(&format!("template.{}", text("field")), text("description"))
}

/// Executions that wait for cheaper hours are beyond the fake.
pub(super) fn refuse_delay(world: &mut World, call: &Call, asked: &Value) -> Result<(), Reply> {
    if asked["delayExecution"] != true {
        return Ok(());
    }
    let sentence = format!("the fake cloud does not honour «delayExecution» of {}", call.id);
    world.unexpected.push(sentence.clone());
    Err(refusal::rpc(501, "UNIMPLEMENTED", sentence, Vec::new()))
}
