//! What a service had to do in a window of time: requests, failures, latencies and instances of all its
//! revisions together, for each period (docs: monitoring/api/ref_v3/rest/v3/projects.timeSeries/list).

use futures_util::future::{try_join, try_join_all};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::error::ApiError;
use super::super::http::Http;
use super::{ask, instant};
use slipway_names::ids::{Region, ServiceName};
use slipway_names::load::Load;

const REQUESTS: &str = "run.googleapis.com/request_count";
const LATENCIES: &str = "run.googleapis.com/request_latencies";
const INSTANCES: &str = "run.googleapis.com/container/instance_count";
const BY_CLASS: &str = "metric.labels.response_code_class";
const BY_SERVICE: &str = "resource.labels.service_name";
const PERCENTILES: [&str; 3] = ["REDUCE_PERCENTILE_50", "REDUCE_PERCENTILE_95", "REDUCE_PERCENTILE_99"];

/// What a service had to do in the last `seconds`, cut into periods of `period` seconds, of which the shortest is a
/// minute. Measurements come two to three minutes late, so the newest period may still grow.
///
/// # Errors
/// When the series may not be read.
pub async fn load(
    http: &Http,
    region: &Region,
    service: &ServiceName,
    seconds: u32,
    period: u32,
) -> Result<Load, ApiError> {
    let now = OffsetDateTime::now_utc();
    let window = Window {
        http,
        region,
        service,
        seconds,
        // Measurements are of whole minutes.
        end: now.replace_second(0).and_then(|end| end.replace_nanosecond(0)).unwrap_or(now),
    };
    let counts = window.ask(REQUESTS, "ALIGN_DELTA", "REDUCE_SUM", BY_CLASS, period);
    let p95 = window.ask(LATENCIES, "ALIGN_DELTA", PERCENTILES[1], BY_SERVICE, period);
    let instances = window.ask(INSTANCES, "ALIGN_MEAN", "REDUCE_SUM", BY_SERVICE, period);
    let whole = PERCENTILES.map(|reducer| window.ask(LATENCIES, "ALIGN_DELTA", reducer, BY_SERVICE, seconds));
    let ((counts, whole), (p95, instances)) =
        try_join(try_join(counts, try_join_all(whole)), try_join(p95, instances)).await?;

    let mut load = Load { seconds, period, ..Load::default() };
    let periods = usize::try_from(seconds.div_ceil(period.max(1))).unwrap_or(0);
    load.requests = vec![None; periods];
    load.failed = vec![None; periods];
    for one in &counts {
        let failed = one.pointer("/metric/labels/response_code_class").and_then(Value::as_str) == Some("5xx");
        let counted = window.spread(std::slice::from_ref(one), period, count);
        for ((count, requests), failures) in counted.into_iter().zip(&mut load.requests).zip(&mut load.failed) {
            let Some(count) = count else { continue };
            *requests.get_or_insert(0) += count;
            *failures.get_or_insert(0) += if failed { count } else { 0 };
        }
    }
    load.p95 = window.spread(&p95, period, number);
    load.instances = window.spread(&instances, period, number);
    for (place, series) in load.latency.iter_mut().zip(&whole) {
        *place = window.spread(series, seconds, number).into_iter().flatten().next();
    }
    Ok(load)
}

/// Which window of which service is asked about.
struct Window<'a> {
    http: &'a Http,
    region: &'a Region,
    service: &'a ServiceName,
    seconds: u32,
    end: OffsetDateTime,
}

impl Window<'_> {
    async fn ask(
        &self,
        metric: &str,
        aligner: &str,
        reducer: &str,
        group: &str,
        period: u32,
    ) -> Result<Vec<Value>, ApiError> {
        let filter = format!(
            "metric.type=\"{metric}\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"{}\" AND resource.labels.location=\"{}\"",
            self.service, self.region
        );
        let start = self.end - time::Duration::seconds(i64::from(self.seconds));
        let query = vec![
            ("filter", filter),
            ("interval.startTime", instant(start)),
            ("interval.endTime", instant(self.end)),
            ("aggregation.alignmentPeriod", format!("{period}s")),
            ("aggregation.perSeriesAligner", aligner.to_owned()),
            ("aggregation.crossSeriesReducer", reducer.to_owned()),
            ("aggregation.groupByFields", group.to_owned()),
            ("view", "FULL".to_owned()),
        ];
        ask(self.http, self.http.project(), query, format!("read the metrics of service `{}`", self.service)).await
    }

    /// The numbers of a series, each in its period, the oldest first.
    fn spread<T: Clone>(&self, series: &[Value], period: u32, read: fn(&Value) -> Option<T>) -> Vec<Option<T>> {
        let periods = usize::try_from(self.seconds.div_ceil(period.max(1))).unwrap_or(0);
        let mut spread = vec![None; periods];
        for point in series.iter().flat_map(|one| one.get("points").and_then(Value::as_array).into_iter().flatten()) {
            let end = point.pointer("/interval/endTime").and_then(Value::as_str);
            let Some(end) = end.and_then(|end| OffsetDateTime::parse(end, &Rfc3339).ok()) else { continue };
            let age = (self.end - end).whole_seconds().max(0) / i64::from(period.max(1));
            // The newest period ends where the window does.
            let index = usize::try_from(age).ok().and_then(|age| (periods.checked_sub(1)?).checked_sub(age));
            let period = index.and_then(|index| spread.get_mut(index));
            if let (Some(period), Some(value)) = (period, point.get("value").and_then(read)) {
                *period = Some(value);
            }
        }
        spread
    }
}

fn count(value: &Value) -> Option<u64> {
    value.get("int64Value")?.as_str()?.parse().ok()
}

fn number(value: &Value) -> Option<f64> {
    value.get("doubleValue")?.as_f64()
}
