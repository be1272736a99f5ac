//! Cloud Build: submit, look, list, cancel. What a build is, in its own words.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_wire::repeat::Repeat;

/// Where a build is in its life. Words that Google adds later count as still going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// Waiting, for a machine or for an approval.
    Waiting,
    /// At work.
    Working,
    /// Done, everything built and pushed.
    Success,
    /// A step or a push failed.
    Failure,
    /// Cloud Build itself failed.
    InternalError,
    /// It ran longer than its timeout.
    Timeout,
    /// Somebody cancelled it.
    Cancelled,
    /// It waited longer than its queue limit.
    Expired,
    /// A word that is not known here.
    Unknown(String),
}

impl BuildStatus {
    fn read(word: &str) -> Self {
        match word {
            "PENDING" | "QUEUED" | "STATUS_UNKNOWN" | "" => BuildStatus::Waiting,
            "WORKING" => BuildStatus::Working,
            "SUCCESS" => BuildStatus::Success,
            "FAILURE" => BuildStatus::Failure,
            "INTERNAL_ERROR" => BuildStatus::InternalError,
            "TIMEOUT" => BuildStatus::Timeout,
            "CANCELLED" => BuildStatus::Cancelled,
            "EXPIRED" => BuildStatus::Expired,
            other => BuildStatus::Unknown(other.to_owned()),
        }
    }

    /// Whether it will not change any more.
    pub fn is_final(&self) -> bool {
        !matches!(self, BuildStatus::Waiting | BuildStatus::Working | BuildStatus::Unknown(_))
    }

    /// Google's word.
    pub fn word(&self) -> &str {
        match self {
            BuildStatus::Waiting => "QUEUED",
            BuildStatus::Working => "WORKING",
            BuildStatus::Success => "SUCCESS",
            BuildStatus::Failure => "FAILURE",
            BuildStatus::InternalError => "INTERNAL_ERROR",
            BuildStatus::Timeout => "TIMEOUT",
            BuildStatus::Cancelled => "CANCELLED",
            BuildStatus::Expired => "EXPIRED",
            BuildStatus::Unknown(word) => word,
        }
    }
}

/// A step of a build, as far as it is reported.
#[derive(Debug, Clone, Default)]
pub struct BuildStep {
    /// Its id, or its image where it has none.
    pub name: String,
    /// Google's word; empty until the build ends.
    pub status: String,
    /// The exit code, when it is not 0.
    pub exit_code: Option<i64>,
    /// When it began and ended.
    pub times: Option<(String, String)>,
}

/// An image a build pushed.
#[derive(Debug, Clone)]
pub struct PushedImage {
    /// The name with its tag.
    pub name: String,
    /// `sha256:…`; empty where Google reports none.
    pub digest: String,
}

/// A build.
#[derive(Debug, Clone)]
pub struct BuildResource {
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub status: BuildStatus,
    /// Google's sentence about the status.
    pub status_detail: String,
    /// `failureInfo.type`, such as `USER_BUILD_STEP`.
    pub failure_type: String,
    /// `failureInfo.detail`.
    pub failure_detail: String,
    /// The page with its log.
    pub log_url: String,
    /// The bucket its log is in, as `gs://bucket/directory` or `bucket`.
    pub logs_bucket: String,
    /// Its steps.
    pub steps: Vec<BuildStep>,
    /// The account it ran as, where Google says.
    pub account: String,
    /// What it pushed.
    pub images: Vec<PushedImage>,
    /// Whether a person must approve it first.
    pub needs_approval: bool,
    /// When it was made, started and finished (RFC 3339).
    pub created: String,
    /// See `created`.
    pub started: String,
    /// See `created`.
    pub finished: String,
    /// Phases such as `FETCHSOURCE`, `BUILD`, `PUSH`, with begin and end.
    pub phases: Vec<(String, String, String)>,
    /// Google's warnings.
    pub warnings: Vec<String>,
    /// `options.logging`, such as `GCS_ONLY`; empty where the build says nothing.
    pub logging: String,
    /// How long it may work, and how long it may wait before that.
    pub limits: (Duration, Duration),
}

impl BuildResource {
    /// These words and the address of its page, where it has one.
    pub fn page(&self, words: &str) -> Option<String> {
        (!self.log_url.is_empty()).then(|| format!("{words}: {}", self.log_url))
    }

    /// From the start to the end of its work.
    pub fn worked(&self) -> Option<Duration> {
        let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        Duration::try_from(at(&self.finished)? - at(&self.started)?).ok()
    }

    fn read(build: &Value) -> Option<Self> {
        let text = |pointer: &str| build.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list =
            |pointer: &str| build.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let id = text("/id");
        if id.is_empty() {
            return None;
        }
        // An hour each is Google's own default.
        let limit = |pointer: &str| {
            let seconds = text(pointer).strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
            Duration::try_from_secs_f64(seconds.unwrap_or(3600.0)).unwrap_or(Duration::from_secs(3600))
        };
        let span = |value: &Value| {
            Some((value.get("startTime")?.as_str()?.to_owned(), value.get("endTime")?.as_str()?.to_owned()))
        };
        let steps = list("/steps").iter().map(|step| {
            let part = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
            BuildStep {
                name: if part("id").is_empty() { part("name") } else { part("id") }.to_owned(),
                status: part("status").to_owned(),
                exit_code: step.get("exitCode").and_then(Value::as_i64).filter(|code| *code != 0),
                times: step.get("timing").and_then(span),
            }
        });
        let images = list("/results/images").iter().map(|image| PushedImage {
            name: image.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            digest: image.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned(),
        });
        let timing = build.get("timing").and_then(Value::as_object).into_iter().flatten();
        Some(Self {
            id,
            status: BuildStatus::read(&text("/status")),
            status_detail: text("/statusDetail"),
            failure_type: text("/failureInfo/type"),
            failure_detail: text("/failureInfo/detail"),
            log_url: text("/logUrl"),
            logs_bucket: text("/logsBucket"),
            steps: steps.collect(),
            account: text("/serviceAccount").rsplit('/').next().unwrap_or_default().to_owned(),
            images: images.collect(),
            needs_approval: text("/approval/state") == "PENDING",
            created: text("/createTime"),
            started: text("/startTime"),
            finished: text("/finishTime"),
            phases: timing
                .filter_map(|(name, value)| span(value).map(|(begin, end)| (name.clone(), begin, end)))
                .collect(),
            logging: text("/options/logging"),
            limits: (limit("/timeout"), limit("/queueTtl")),
            warnings: list("/warnings").iter().filter_map(|w| w.get("text")?.as_str().map(str::to_owned)).collect(),
        })
    }
}

fn builds(http: &Http, location: &str) -> String {
    format!("v1/projects/{}/locations/{}/builds", segment(http.project()), segment(location))
}

/// Submits a build. It has no request id, so it is sent again only when it certainly was not
/// taken; after any other trouble the caller looks for its tag first (docs: build/docs/api/reference/rest/v1/projects.builds/create).
///
/// # Errors
/// When Google refuses, or the reply is lost (`is_ambiguous`).
pub async fn create(http: &Http, location: &str, build: Value) -> Result<BuildResource, ApiError> {
    let call = http.call(
        Method::POST,
        Api::CloudBuild,
        &builds(http, location),
        Body::Json(build),
        Repeat::WithoutEffect,
        "submit the build",
    );
    let operation = http.json(&call).await?;
    let build = operation.pointer("/metadata/build").and_then(BuildResource::read);
    build.ok_or_else(|| unreadable(http, "submit the build", "the answer names no build"))
}

/// One look at a build. Trouble is not repeated here: whoever watches looks again.
///
/// # Errors
/// When this look showed nothing.
pub async fn get(http: &Http, location: &str, id: &str) -> Result<BuildResource, ApiError> {
    let mut call =
        http.get(Api::CloudBuild, &format!("{}/{}", builds(http, location), segment(id)), format!("read build `{id}`"));
    call.patience = Patience::ONCE;
    let build = http.json(&call).await?;
    BuildResource::read(&build).ok_or_else(|| unreadable(http, "read the build", "the answer names no build"))
}

/// A build; `None` when there is none of that id.
///
/// # Errors
/// When it may not be read.
pub async fn find(http: &Http, location: &str, id: &str) -> Result<Option<BuildResource>, ApiError> {
    let call =
        http.get(Api::CloudBuild, &format!("{}/{}", builds(http, location), segment(id)), format!("read build `{id}`"));
    match http.json(&call).await {
        Ok(build) => {
            BuildResource::read(&build).map(Some).ok_or_else(|| http.unreadable(&call, "the answer names no build"))
        }
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The builds that carry a tag, oldest first.
///
/// # Errors
/// When they cannot be listed.
pub async fn with_tag(http: &Http, location: &str, tag: &str) -> Result<Vec<BuildResource>, ApiError> {
    tagged(http, location, tag, Patience::USUAL).await
}

/// The same, asked once: for whoever can do without.
///
/// # Errors
/// When this look showed nothing.
pub async fn glance(http: &Http, location: &str, tag: &str) -> Result<Vec<BuildResource>, ApiError> {
    tagged(http, location, tag, Patience::ONCE).await
}

async fn tagged(http: &Http, location: &str, tag: &str, patience: Patience) -> Result<Vec<BuildResource>, ApiError> {
    let mut call = http.get(Api::CloudBuild, &builds(http, location), format!("look for a build tagged `{tag}`"));
    call.patience = patience;
    call.query = vec![("filter", format!("tags=\"{tag}\"")), ("pageSize", "10".into())];
    let answer = http.json(&call).await?;
    let list = answer.get("builds").and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<BuildResource> = list.filter_map(BuildResource::read).collect();
    found.sort_by(|a, b| a.created.cmp(&b.created));
    Ok(found)
}

/// The last builds, newest first, at most so many.
///
/// # Errors
/// When they cannot be listed.
pub async fn recent(http: &Http, location: &str, most: u32) -> Result<Vec<BuildResource>, ApiError> {
    let mut call = http.get(Api::CloudBuild, &builds(http, location), "list the last builds");
    call.query = vec![("pageSize", most.to_string())];
    let answer = http.json(&call).await?;
    let mut found: Vec<BuildResource> =
        answer.get("builds").and_then(Value::as_array).into_iter().flatten().filter_map(BuildResource::read).collect();
    found.sort_by(|a, b| b.created.cmp(&a.created));
    Ok(found)
}

/// Cancels a build; one that is over already stays as it is.
///
/// # Errors
/// When Google cannot be told.
pub async fn cancel(http: &Http, location: &str, id: &str, patience: Patience) -> Result<(), ApiError> {
    let path = format!("{}/{}:cancel", builds(http, location), segment(id));
    let body = Body::Json(json!({"projectId": http.project(), "id": id}));
    let mut call =
        http.call(Method::POST, Api::CloudBuild, &path, body, Repeat::Always, format!("cancel build `{id}`"));
    call.patience = patience;
    call.timeout = patience.time;
    // 400 FAILED_PRECONDITION: the build is over already, which is what was wanted.
    http.reply(&call, &[400, 404]).await.map(drop)
}

/// The account builds run as when none is named; `None` when there is none.
///
/// # Errors
/// When it may not be read.
pub async fn default_account(http: &Http, location: &str) -> Result<Option<String>, ApiError> {
    let path = format!("v1/projects/{}/locations/{}/defaultServiceAccount", segment(http.project()), segment(location));
    let answer = http.json(&http.get(Api::CloudBuild, &path, "read which account builds run as")).await?;
    let name = answer.get("serviceAccountEmail").and_then(Value::as_str).unwrap_or_default();
    Ok(name.rsplit('/').next().filter(|email| !email.is_empty()).map(str::to_owned))
}

fn unreadable(http: &Http, doing: &str, why: &str) -> ApiError {
    ApiError {
        doing: doing.to_owned(),
        request: http.url(Api::CloudBuild, "v1"),
        principal: std::sync::Arc::clone(http.principal()),
        project: http.project().to_owned(),
        attempts: 1,
        elapsed: Duration::ZERO,
        kind: super::error::ErrorKind::Unreadable(why.to_owned()),
    }
}

/// Where a build's log lies: bucket and object (docs: build/docs/securing-builds/store-manage-build-logs).
pub fn log_object(logs_bucket: &str, id: &str) -> (String, String) {
    let path = logs_bucket.trim_start_matches("gs://").trim_end_matches('/');
    match path.split_once('/') {
        Some((bucket, directory)) => (bucket.to_owned(), format!("{directory}/log-{id}.txt")),
        None => (path.to_owned(), format!("log-{id}.txt")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_tomorrow_is_no_end() {
        for word in ["PENDING", "QUEUED", "WORKING", "", "REHEARSING"] {
            assert!(!BuildStatus::read(word).is_final(), "{word}");
        }
        for word in ["SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"] {
            assert!(BuildStatus::read(word).is_final(), "{word}");
            assert_eq!(BuildStatus::read(word).word(), word);
        }
    }

    #[test]
    fn the_log_lies_below_its_bucket_and_directory() {
        assert_eq!(log_object("gs://b/logs", "1"), ("b".into(), "logs/log-1.txt".into()));
        assert_eq!(log_object("gs://b/", "1"), ("b".into(), "log-1.txt".into()));
        assert_eq!(log_object("b", "1"), ("b".into(), "log-1.txt".into()));
    }

    #[test]
    fn a_build_without_an_id_is_none() {
        assert!(BuildResource::read(&json!({"status": "SUCCESS"})).is_none());
        let build =
            BuildResource::read(&json!({"id": "1", "results": {"images": [{"name": "n:t"}]}})).expect("a build");
        assert_eq!((build.status, build.images[0].digest.as_str()), (BuildStatus::Waiting, ""));
    }
}
