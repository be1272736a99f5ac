//! Cloud Monitoring: what a revision's requests looked like. Metrics lag by two to three minutes, and
//! requests that reach no container are not counted (docs: monitoring/api/metrics_gcp, run).

mod alerts;
mod load;

pub use alerts::{Collection, create, delete, list, shown, update};
pub use load::load;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;
use slipway_names::ids::{Region, RevisionName, ServiceName};

/// Seconds of one alignment period: the window that is looked at.
pub const WINDOW: i64 = 300;

/// Requests of a revision in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// All of them.
    pub all: u64,
    /// Those answered with 5xx.
    pub failed: u64,
}

/// The revision whose requests are asked for.
#[derive(Debug, Clone, Copy)]
pub struct RevisionFilter<'a> {
    /// The project.
    pub project: &'a str,
    /// The region.
    pub region: &'a Region,
    /// The service.
    pub service: &'a ServiceName,
    /// The revision.
    pub revision: &'a RevisionName,
}

/// How many requests a revision got in the last [`WINDOW`], and how many failed. None at all when
/// Monitoring holds no data.
///
/// # Errors
/// When the series may not be read.
pub async fn requests(http: &Http, subject: RevisionFilter<'_>) -> Result<Option<Requests>, ApiError> {
    let question = [
        ("aggregation.perSeriesAligner", "ALIGN_DELTA"),
        ("aggregation.crossSeriesReducer", "REDUCE_SUM"),
        ("aggregation.groupByFields", "metric.labels.response_code_class"),
    ];
    let series = series(http, subject, "run.googleapis.com/request_count", &question).await?;
    let mut found = None;
    for one in &series {
        let class = one.pointer("/metric/labels/response_code_class").and_then(Value::as_str).unwrap_or_default();
        let points = one.get("points").and_then(Value::as_array).into_iter().flatten();
        let count: u64 = points
            .filter_map(|point| point.pointer("/value/int64Value")?.as_str()?.parse::<u64>().ok())
            .fold(0, u64::saturating_add);
        let sum = found.get_or_insert(Requests::default());
        sum.all += count;
        sum.failed += if class == "5xx" { count } else { 0 };
    }
    Ok(found)
}

/// The 95th percentile of a revision's latency in the last [`WINDOW`], in milliseconds.
///
/// # Errors
/// When the series may not be read.
pub async fn latency_p95(http: &Http, subject: RevisionFilter<'_>) -> Result<Option<f64>, ApiError> {
    let question = [
        ("aggregation.perSeriesAligner", "ALIGN_DELTA"),
        ("aggregation.crossSeriesReducer", "REDUCE_PERCENTILE_95"),
        ("aggregation.groupByFields", "resource.labels.revision_name"),
    ];
    let series = series(http, subject, "run.googleapis.com/request_latencies", &question).await?;
    let points = series.iter().flat_map(|one| one.get("points").and_then(Value::as_array).into_iter().flatten());
    Ok(points.filter_map(|point| point.pointer("/value/doubleValue")?.as_f64()).reduce(f64::max))
}

async fn series(
    http: &Http,
    subject: RevisionFilter<'_>,
    metric: &str,
    question: &[(&'static str, &'static str)],
) -> Result<Vec<Value>, ApiError> {
    let filter = format!(
        "metric.type=\"{metric}\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"{}\" AND resource.labels.location=\"{}\" AND resource.labels.revision_name=\"{}\"",
        subject.service, subject.region, subject.revision
    );
    let end = OffsetDateTime::now_utc();
    let mut query = vec![
        ("filter", filter),
        ("interval.startTime", instant(end - time::Duration::seconds(WINDOW))),
        ("interval.endTime", instant(end)),
        ("aggregation.alignmentPeriod", format!("{WINDOW}s")),
        ("view", "FULL".into()),
    ];
    query.extend(question.iter().map(|(name, value)| (*name, (*value).to_owned())));
    ask(http, subject.project, query, format!("read the metrics of revision `{}`", subject.revision)).await
}

/// One question about time series.
async fn ask(
    http: &Http,
    project: &str,
    query: Vec<(&'static str, String)>,
    doing: String,
) -> Result<Vec<Value>, ApiError> {
    let path = format!("v3/projects/{}/timeSeries", segment(project));
    let mut call = http.get(Api::Monitoring, &path, doing);
    call.query = query;
    let answer = http.json(&call).await?;
    Ok(answer.get("timeSeries").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// A moment as Google reads it, in whole seconds.
fn instant(moment: OffsetDateTime) -> String {
    moment.replace_nanosecond(0).ok().and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}
