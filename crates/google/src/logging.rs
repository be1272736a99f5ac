//! Cloud Logging: entries by filter, page by page; the last lines of a revision or an execution. The five roles do
//! not allow any of it, so whoever asks can do without.

use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::endpoints::Api;
use super::error::ApiError;
use super::http::{Body, Http};
use super::patience::Patience;
use slipway_names::json::set;
use slipway_names::kind::ResourceKind;
use slipway_names::log::{LogEntry, Severity};
use slipway_wire::repeat::Repeat;

/// Lines asked for to explain a failure; the quota on these calls is low, so one call must do (docs: logging/quotas).
const LINES: u32 = 50;

/// The most entries that Google puts into one page.
pub const LARGEST_PAGE: usize = 1000;

/// A filter in Cloud Logging's language: comparisons that must all hold.
#[derive(Debug, Clone)]
pub struct Filter(String);

impl Filter {
    /// Entries of a kind of resource, such as `cloud_run_revision`.
    pub fn of(resource: &str) -> Self {
        Self(String::new()).and("resource.type", "=", resource)
    }

    /// And this comparison. The value stands in quotes, so nothing in it is read as more of the filter.
    #[must_use]
    pub fn and(mut self, field: &str, operator: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.0.push_str(&format!("{field}{operator}\"{value}\""));
        self
    }

    /// And written at this moment or later; `strict` leaves the moment itself out.
    #[must_use]
    pub fn since(self, at: OffsetDateTime, strict: bool) -> Self {
        let moment = at.format(&Rfc3339).unwrap_or_default();
        self.and("timestamp", if strict { ">" } else { ">=" }, &moment)
    }
}

/// The entries of a service or a worker pool, of all its revisions.
pub fn of_service(region: &str, kind: ResourceKind, name: &str) -> Filter {
    let (resource, label) = match kind {
        ResourceKind::Service => ("cloud_run_revision", "resource.labels.service_name"),
        ResourceKind::WorkerPool => ("cloud_run_worker_pool", "resource.labels.worker_pool_name"),
    };
    Filter::of(resource).and("resource.labels.location", "=", region).and(label, "=", name)
}

/// The entries of a job, of all its executions.
pub fn of_job(region: &str, job: &str) -> Filter {
    Filter::of("cloud_run_job").and("resource.labels.location", "=", region).and("resource.labels.job_name", "=", job)
}

impl Filter {
    /// And of this revision.
    #[must_use]
    pub fn of_revision(self, revision: &str) -> Self {
        self.and("resource.labels.revision_name", "=", revision)
    }

    /// And of this execution.
    #[must_use]
    pub fn of_execution(self, execution: &str) -> Self {
        self.and("labels.\"run.googleapis.com/execution_name\"", "=", execution)
    }
}

/// The entries of a build.
pub fn of_build(id: &str) -> Filter {
    Filter::of("build").and("resource.labels.build_id", "=", id)
}

/// One page of an answer.
#[derive(Debug)]
pub struct Page {
    /// The entries in the order that was asked for; there may be none on a page that is not the last.
    pub entries: Vec<LogEntry>,
    /// The token of the page behind it.
    pub next: Option<String>,
}

/// The order of entries in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the past to now.
    OldestFirst,
    /// From now to the past.
    NewestFirst,
}

/// Reads a page of at most `size` entries; `token` is that of the page before, under the same filter.
///
/// # Errors
/// When they may not be read: the five roles do not allow it.
pub async fn page(
    http: &Http,
    filter: &Filter,
    order: Order,
    size: usize,
    token: Option<&str>,
    doing: &str,
    patience: Patience,
) -> Result<Page, ApiError> {
    let order = if order == Order::OldestFirst { "timestamp asc" } else { "timestamp desc" };
    let mut body = json!({"resourceNames": [format!("projects/{}", http.project())], "filter": filter.0, "orderBy": order, "pageSize": size.min(LARGEST_PAGE)});
    if let Some(token) = token {
        set(&mut body, "pageToken", token);
    }
    let mut call = http.call(Method::POST, Api::Logging, "v2/entries:list", Body::Json(body), Repeat::Always, doing);
    call.patience = patience;
    let answer = http.json(&call).await?;
    let entries = answer.get("entries").and_then(Value::as_array).into_iter().flatten();
    let next = answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty());
    Ok(Page { entries: entries.map(entry).collect(), next: next.map(str::to_owned) })
}

/// The last lines a revision wrote, oldest first.
///
/// # Errors
/// When they may not be read: the five roles do not allow it.
pub async fn revision_lines(
    http: &Http,
    region: &str,
    kind: ResourceKind,
    name: &str,
    revision: &str,
) -> Result<Vec<String>, ApiError> {
    let filter = of_service(region, kind, name).of_revision(revision);
    lines(http, &filter, &format!("read the log of revision `{revision}`")).await
}

/// The last lines the tasks of an execution wrote, oldest first.
///
/// # Errors
/// When they may not be read: the five roles do not allow it.
pub async fn execution_lines(http: &Http, region: &str, job: &str, execution: &str) -> Result<Vec<String>, ApiError> {
    let filter = of_job(region, job).of_execution(execution);
    lines(http, &filter, &format!("read the log of execution `{execution}`")).await
}

async fn lines(http: &Http, filter: &Filter, doing: &str) -> Result<Vec<String>, ApiError> {
    let size = LINES as usize;
    let page = page(http, filter, Order::NewestFirst, size, None, doing, Patience::ONCE).await?;
    // What an entry without a text holds explains no failure.
    let written = page.entries.into_iter().rev().filter(|entry| !entry.bare);
    Ok(written.flat_map(|entry| entry.text.lines().map(str::to_owned).collect::<Vec<_>>()).collect())
}

/// An entry as Google shows it, as far as it is shown here.
fn entry(entry: &Value) -> LogEntry {
    let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
    let written = ["/textPayload", "/jsonPayload/message", "/protoPayload/status/message"].into_iter().find_map(text);
    let payload = || ["jsonPayload", "protoPayload"].into_iter().find_map(|name| entry.get(name)).map(Value::to_string);
    let parts = [entry.get("httpRequest").map(request), written.map(str::to_owned).or_else(payload)];
    let moment = text("/timestamp").or_else(|| text("/receiveTimestamp")).unwrap_or_default();
    LogEntry {
        id: text("/insertId").unwrap_or_default().to_owned(),
        at: OffsetDateTime::parse(moment, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        severity: text("/severity").and_then(Severity::parse).unwrap_or_default(),
        part: text("/resource/labels/revision_name")
            .or_else(|| text("/labels/run.googleapis.com~1execution_name"))
            .unwrap_or_default()
            .to_owned(),
        text: parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  "),
        bare: written.is_none(),
    }
}

/// A request that was served, in a few words: `GET /x 500 12ms`.
fn request(request: &Value) -> String {
    let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
    let url = text("requestUrl");
    // Every request of a service went to the same host.
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => url,
    };
    let status = request.get("status").and_then(Value::as_u64).map(|status| status.to_string());
    let seconds = text("latency").strip_suffix('s').and_then(|seconds| seconds.parse::<f64>().ok());
    let took = seconds.map(|seconds| format!("{:.0}ms", seconds * 1000.0));
    let words =
        [text("requestMethod").to_owned(), path.to_owned(), status.unwrap_or_default(), took.unwrap_or_default()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_its_comparison() {
        let filter = Filter::of("build").and("resource.labels.build_id", "=", "a\" OR resource.type=\"x\\");
        assert_eq!(filter.0, r#"resource.type="build" resource.labels.build_id="a\" OR resource.type=\"x\\""#);
    }

    #[test]
    fn every_payload_is_shown_in_a_few_words() {
        let shown = |value: Value| entry(&value).text;
        assert_eq!(shown(json!({"textPayload": "up"})), "up");
        assert_eq!(shown(json!({"jsonPayload": {"message": "up", "port": 1}})), "up");
        assert_eq!(shown(json!({"jsonPayload": {"port": 1}})), r#"{"port":1}"#);
        assert_eq!(
            shown(json!({"httpRequest": {"requestMethod": "GET", "requestUrl": "https://web.run.app/x?a=1",
                "status": 500, "latency": "0.012s"}})),
            "GET /x?a=1 500 12ms"
        );
        assert_eq!(
            shown(json!({"httpRequest": {"requestMethod": "GET", "requestUrl": "https://web.run.app"},
            "textPayload": "slow"})),
            "GET /  slow"
        );
        assert_eq!(shown(json!({})), "");
    }

    #[test]
    fn a_moment_is_read_to_its_last_digit() {
        let at = |text: &str| entry(&json!({"timestamp": text})).at;
        assert!(at("2026-11-22T12:06:09.1Z") < at("2026-11-22T12:06:09.12Z"));
        assert!(at("2026-11-22T12:06:09.123456788Z") < at("2026-11-22T12:06:09.123456789Z"));
    }
}
