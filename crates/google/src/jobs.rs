//! Cloud Run jobs: read, written whole, run. Jobs stay JSON, as services do, so that fields this
//! product does not know survive being read and written back.

use reqwest::Method;
use serde_json::{Value, json};

use super::cloud_run::{Condition, begun, listed, short};
use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::executions::Execution;
use super::http::{Body, Http};
use super::operation::Operation;
use slipway_names::ids::{JobName, Region};
use slipway_names::json::set;
use slipway_wire::repeat::Repeat;

/// The full name of a job.
pub fn job_name(project: &str, region: &Region, job: &JobName) -> String {
    format!("projects/{}/locations/{region}/jobs/{job}", segment(project))
}

/// A job as Google describes it.
#[derive(Debug, Clone)]
pub struct JobResource {
    json: Value,
}

impl JobResource {
    /// Wraps a job's JSON.
    pub fn from_json(json: Value) -> Self {
        Self { json }
    }

    /// The whole document.
    pub fn json(&self) -> &Value {
        &self.json
    }

    fn text(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The version this reading is of.
    pub fn etag(&self) -> &str {
        self.text("/etag")
    }

    /// An annotation that its executions get.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.json.pointer("/template/annotations")?.get(key)?.as_str()
    }

    /// Its overall condition.
    pub fn ready(&self) -> Option<Condition> {
        self.json.get("terminalCondition").map(Condition::read)
    }

    /// Whether Google is done with its last change.
    pub fn is_settled(&self) -> bool {
        let generation = |key: &str| self.json.get(key).map(ToString::to_string);
        self.json.get("reconciling").and_then(Value::as_bool) != Some(true)
            && generation("generation") == generation("observedGeneration")
    }
}

/// Every job of a region.
///
/// # Errors
/// When they may not be listed.
pub async fn jobs(http: &Http, region: &Region) -> Result<Vec<JobResource>, ApiError> {
    Ok(listed(http, region, "jobs").await?.into_iter().map(JobResource::from_json).collect())
}

/// Reads a job; `None` when there is none of that name.
///
/// # Errors
/// When it may not be read.
pub async fn job(http: &Http, name: &str) -> Result<Option<JobResource>, ApiError> {
    let call = http.get(Api::Run, &format!("v2/{name}"), format!("read job `{}`", short(name)));
    match http.json(&call).await {
        Ok(json) => Ok(Some(JobResource { json })),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a job, making it when it is missing; there is no mask (docs: run/docs/reference/rest/v2/projects.locations.jobs/patch). After a lost
/// reply the caller looks: the annotations of its template say whose write it was.
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn apply(http: &Http, name: &str, job: &Value) -> Result<Operation, ApiError> {
    let doing = format!("write job `{}`", short(name));
    let body = Body::Json(job.clone());
    let mut call = http.call(Method::PATCH, Api::Run, &format!("v2/{name}"), body, Repeat::WithoutEffect, doing);
    call.query.push(("allowMissing", "true".into()));
    begun(http, &call, &http.json(&call).await?)
}

/// Asks Google whether it would take a job, without changing anything.
///
/// # Errors
/// Why it would not.
pub async fn validate(http: &Http, name: &str, job: &Value) -> Result<(), ApiError> {
    let doing = format!("have Google check job `{}`", short(name));
    let body = Body::Json(job.clone());
    let mut call = http.call(Method::PATCH, Api::Run, &format!("v2/{name}"), body, Repeat::Always, doing);
    call.query = vec![("allowMissing", "true".into()), ("validateOnly", "true".into())];
    http.json(&call).await.map(drop)
}

/// Starts an execution of the version of the job that `etag` names, with what this one run overrides.
/// Every call that arrives starts another one, so nothing but its author may repeat it.
///
/// # Errors
/// When Google refuses (409: the job is another version by now), or the reply is lost (`is_ambiguous`).
pub async fn run(http: &Http, name: &str, etag: &str, overrides: Option<&Value>) -> Result<Execution, ApiError> {
    let doing = format!("run job `{}`", short(name));
    let mut body = json!({ "etag": etag });
    if let Some(overrides) = overrides {
        set(&mut body, "overrides", overrides.clone());
    }
    let path = format!("v2/{name}:run");
    let call = http.call(Method::POST, Api::Run, &path, Body::Json(body), Repeat::WithoutEffect, doing);
    let answer = http.json(&call).await?;
    let execution = answer.get("metadata").and_then(Execution::read);
    execution.ok_or_else(|| http.unreadable(&call, "the answer names no execution"))
}
