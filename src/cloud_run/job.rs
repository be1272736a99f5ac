//! From the job as it is to the job as it shall be. Pure: JSON in, JSON out.
//!
//! Google replaces the whole job on a write, and knows no mask for it (docs: run/docs/reference/rest/v2/projects.locations.jobs/patch), so the
//! document starts from what was read and unknown fields stay in it.

use serde_json::{Map, Value, json};

use super::change_error::ChangeError;
use super::containers::app_of_new;
use super::fields::{label, set};
use super::read_only::{READ_ONLY, clean_containers};
use super::template::{container_index, generation, take_container};
use super::wanted::edit::At;
use super::wanted::job::{JobRun, JobSettings};
use super::{containers, edits, network, volumes};
use slipway_names::json::object;

/// Annotation that executions get from their job's template: which run of this program wrote it, and
/// with which of its writes. An execution whose reply was lost is found by it.
pub const MARK: &str = "slipway.dev/run";

/// Fields of a job that are not sent back besides those that Google writes on everything: its count of
/// executions, who wrote it last, and the two that start an execution with a write, which nobody asked for.
const NOT_SENT: [&str; 6] =
    ["executionCount", "latestCreatedExecution", "client", "clientVersion", "startExecutionToken", "runExecutionToken"];

/// The document to write: `current` with the settings and, where one is given, the image applied.
/// `mark` says whose write it is.
///
/// # Errors
/// When the settings name a container that is not there.
pub fn change(
    current: Option<&Value>,
    settings: &JobSettings,
    image: Option<&str>,
    mark: &str,
) -> Result<Value, ChangeError> {
    let mut job = settings_of(current.unwrap_or(&Value::Null));
    let shared = &settings.shared;
    frame(&mut job, settings, mark);
    let task = task(&mut job);
    set(task, "serviceAccount", shared.runtime_account.as_ref().map(|account| account.as_str()));
    edits::apply(task, &shared.edits, At::Template);
    network::apply(task, shared)?;
    volumes::apply(task, &shared.volumes);
    let new = current.is_none();
    let asked = if new { app_of_new(shared) } else { shared.container.as_deref() };
    let index = container_index(task, asked, new)?;
    let mut container = take_container(task, index);
    containers::dress(task, &mut container, shared, image)?;
    if let Some(all) = task.get_mut("containers").and_then(Value::as_array_mut) {
        all[index] = Value::Object(container);
        containers::apply(task, shared, index)?;
    }
    Ok(job)
}

/// Whether one of our runs wrote a job last.
pub fn is_ours(job: &Value) -> bool {
    job.pointer("/template/annotations").is_some_and(|notes| notes.get(MARK).is_some())
}

/// What stands around the tasks of a job: labels, counts, limits, the mark.
pub(crate) fn frame(job: &mut Value, settings: &JobSettings, mark: &str) {
    let root = object(job);
    root.insert("client".into(), "slipway".into());
    root.insert("clientVersion".into(), env!("CARGO_PKG_VERSION").into());
    label(root, &settings.shared);
    edits::apply(root, &settings.shared.edits, At::Service);
    let execution = object(root.entry("template").or_insert_with(|| json!({})));
    label(execution, &settings.shared);
    object(execution.entry("annotations").or_insert_with(|| json!({}))).insert(MARK.into(), mark.into());
    set(execution, "taskCount", settings.tasks);
    set(execution, "parallelism", settings.parallelism);
    edits::apply(execution, &settings.shared.edits, At::Execution);
    let task = object(execution.entry("template").or_insert_with(|| json!({})));
    set(task, "timeout", settings.timeout.map(|timeout| format!("{}s", timeout.as_secs())));
    set(task, "maxRetries", settings.retries);
    let second = settings.shared.second_generation;
    set(task, "executionEnvironment", second.map(generation));
}

/// The template of a job's tasks.
pub(crate) fn task(job: &mut Value) -> &mut Map<String, Value> {
    let execution = object(object(job).entry("template").or_insert_with(|| json!({})));
    object(execution.entry("template").or_insert_with(|| json!({})))
}

/// Sets what is given of CPU and memory.
pub(crate) fn limits(container: &mut Map<String, Value>, settings: &JobSettings) {
    let shared = &settings.shared;
    if shared.cpu.is_none() && shared.memory.is_none() {
        return;
    }
    let resources = object(container.entry("resources").or_insert_with(|| json!({})));
    let limits = object(resources.entry("limits").or_insert_with(|| json!({})));
    set(limits, "cpu", shared.cpu.as_deref());
    set(limits, "memory", shared.memory.as_deref());
}

/// Whether a run overrides anything; that takes a permission of its own.
pub fn overrides_anything(run: &JobRun) -> bool {
    run.args.is_some() || !run.env.is_empty() || run.tasks.is_some() || run.task_timeout.is_some()
}

/// What one run overrides of the job, and of one of its containers: the one that is named for the run, the `asked` one, or
/// the first; `None` when it is the job as it stands.
pub fn overrides(run: &JobRun, job: &Value, asked: Option<&str>) -> Option<Value> {
    if !overrides_anything(run) {
        return None;
    }
    let mut overrides = Map::new();
    set(&mut overrides, "taskCount", run.tasks);
    set(&mut overrides, "timeout", run.task_timeout.map(|timeout| format!("{}s", timeout.as_secs())));
    if run.args.is_none() && run.env.is_empty() {
        return Some(overrides.into());
    }
    let mut container = Map::new();
    let first = || job.pointer("/template/template/containers/0/name").cloned();
    let named = run.container.as_deref().or(asked);
    set(&mut container, "name", named.map(Value::from).or_else(first));
    match run.args.as_deref() {
        Some([]) => drop(container.insert("clearArgs".into(), true.into())),
        Some(args) => drop(container.insert("args".into(), args.into())),
        None => {}
    }
    if !run.env.is_empty() {
        let env = run.env.iter().map(|(name, value)| json!({"name": name, "value": value}));
        container.insert("env".into(), env.collect());
    }
    overrides.insert("containerOverrides".into(), json!([container]));
    Some(overrides.into())
}

/// The document without what Google writes in it: what can be compared with a document to write.
pub fn settings_of(job: &Value) -> Value {
    let mut job = job.clone();
    object(&mut job).retain(|key, _| ![&READ_ONLY[..], &NOT_SENT[..]].concat().contains(&key.as_str()));
    if let Some(execution) = job.get_mut("template").and_then(Value::as_object_mut) {
        execution.remove("client");
        execution.remove("clientVersion");
    }
    clean_containers(job.pointer_mut("/template/template"));
    job
}

/// The job in the shape of a service, whose template is one level up: so that both are compared and
/// shown in the same words. Marks are left out, they change with every write.
pub fn as_service(job: &Value) -> Value {
    let mut flat = job.clone();
    let Some(Value::Object(mut execution)) = object(&mut flat).remove("template") else { return flat };
    let task = execution.remove("template").unwrap_or_default();
    if let Some(annotations) = execution.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(MARK);
    }
    execution.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    for (key, value) in execution {
        let key = match key.as_str() {
            "taskCount" => "tasks".to_owned(),
            "parallelism" => key,
            _ => format!("execution.{key}"),
        };
        object(&mut flat).insert(key, value);
    }
    let mut task = task;
    for (from, to) in [("timeout", "task_timeout"), ("maxRetries", "max_retries")] {
        if let Some(value) = object(&mut task).remove(from) {
            object(&mut flat).insert(to.into(), value);
        }
    }
    object(&mut flat).insert("template".into(), task);
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud_run::wanted::names::Changes;
    use crate::cloud_run::wanted::settings::Settings;
    use std::time::Duration;

    fn settings() -> JobSettings {
        let env = Changes { entries: Some(vec![("A".into(), "2".into())]), ..Changes::default() };
        JobSettings {
            shared: Settings { env, memory: Some("1Gi".into()), ..Settings::default() },
            timeout: Some(Duration::from_secs(60)),
            retries: Some(0),
            ..JobSettings::default()
        }
    }

    #[test]
    fn a_new_job_is_what_was_asked_for() {
        let job = change(None, &settings(), Some("i@sha256:1"), "req_1-1").expect("a job");
        assert_eq!(
            job["template"],
            json!({"annotations": {MARK: "req_1-1"}, "template": {"timeout": "60s", "maxRetries": 0, "containers": [
                {"image": "i@sha256:1", "resources": {"limits": {"memory": "1Gi"}}, "env": [{"name": "A", "value": "2"}]}]}})
        );
    }

    #[test]
    fn what_is_not_named_stays_and_tokens_are_never_sent_back() {
        let current = json!({"name": "n", "etag": "e", "uid": "u", "startExecutionToken": "t", "future": 1, "labels": {"a": "b"},
            "template": {"taskCount": 3, "client": "gcloud", "template": {"timeout": "5s", "containers": [
                {"image": "old", "args": ["up"], "buildInfo": {}, "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}]}}});
        let job = change(Some(&current), &settings(), None, "m").expect("a job");
        assert_eq!((&job["etag"], &job["future"], &job["labels"]), (&json!("e"), &json!(1), &json!({"a": "b"})));
        for gone in ["name", "uid", "startExecutionToken"] {
            assert!(job.get(gone).is_none(), "{gone}");
        }
        let container = &job["template"]["template"]["containers"][0];
        assert_eq!((&container["image"], &container["args"]), (&json!("old"), &json!(["up"])));
        assert_eq!(container["env"], json!([{"name": "A", "value": "2"}, {"name": "B", "value": "1"}]));
        assert_eq!((&job["template"]["taskCount"], container.get("buildInfo")), (&json!(3), None));
    }

    #[test]
    fn overrides_hold_what_was_given_and_nothing_else() {
        let run = |args: Option<&[&str]>, env: &[(&str, &str)]| {
            overrides(
                &JobRun {
                    args: args.map(|args| args.iter().map(|arg| (*arg).to_owned()).collect()),
                    env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
                    ..JobRun::default()
                },
                &json!({}),
                None,
            )
        };
        assert_eq!(run(None, &[]), None);
        let named = json!({"template": {"template": {"containers": [{"name": "main"}]}}});
        let one = JobRun { env: vec![("A".into(), "1".into())], ..JobRun::default() };
        let name = |run: &JobRun| overrides(run, &named, None)?.pointer("/containerOverrides/0/name").cloned();
        assert_eq!(name(&one), Some(json!("main")));
        assert_eq!(name(&JobRun { container: Some("side".into()), ..one }), Some(json!("side")));
        let larger = JobRun { tasks: Some(9), task_timeout: Some(Duration::from_secs(60)), ..JobRun::default() };
        assert_eq!(overrides(&larger, &named, None), Some(json!({"taskCount": 9, "timeout": "60s"})));
        assert_eq!(run(Some(&[]), &[]), Some(json!({"containerOverrides": [{"clearArgs": true}]})));
        assert_eq!(
            run(Some(&["down"]), &[("A", "1")]),
            Some(json!({"containerOverrides": [{"args": ["down"], "env": [{"name": "A", "value": "1"}]}]}))
        );
    }
}
