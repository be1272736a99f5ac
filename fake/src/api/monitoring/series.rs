//! `timeSeries.list`: what the world has measured, filtered, grouped and reduced.

use super::aggregation::{self, Aggregation, Flaw, Number};
use super::{filter, strange};
use crate::call::Call;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const REQUESTS: &str = "run.googleapis.com/request_count";
const LATENCIES: &str = "run.googleapis.com/request_latencies";
const CLASS: &str = "metric.labels.response_code_class";

/// What was measured of one revision, or of one class of its responses.
struct Row {
    /// Labels, by names such as `resource.labels.location`.
    labels: BTreeMap<String, String>,
    /// A count, or samples.
    numbers: Vec<f64>,
}

/// Answers the call.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let named = call.hole("projectsId");
    let project = world.project(named).map_or(named, |project| project.id.as_str()).to_owned();
    let permission = "monitoring.timeSeries.list";
    if !world.allows(&call.account, permission, &project, None) {
        let message = format!("Permission {permission} denied (or the resource may not exist).");
        let detail = refusal::permission_info(permission, &format!("projects/{project}"));
        return Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![detail]));
    }
    let mut filter = filter::read(call.query("filter").unwrap_or_default()).map_err(|text| strange(world, &text))?;
    if filter.resource.entry("project_id".to_owned()).or_insert_with(|| project.clone()) != &project {
        return Ok(Reply::ok(&json!({})));
    }
    let asked = aggregation::read(call).map_err(|flaw| match flaw {
        Flaw::Bad(text) => refusal::invalid(text),
        Flaw::Beyond(text) => strange(world, &text),
    })?;
    let known = match (filter.metric.as_str(), asked.number) {
        (REQUESTS, Number::Sum) => true,
        (LATENCIES, Number::Percentile(_)) => filter.class.is_none(),
        _ => false,
    };
    if !known {
        let text = format!("the fake cloud cannot answer {:?} of «{}» with this filter", asked.number, filter.metric);
        return Err(strange(world, &text));
    }
    let is_label = |group: &str| match group.strip_prefix("resource.labels.") {
        Some(label) => filter::LABELS.contains(&label),
        None => group == CLASS && filter.metric == REQUESTS,
    };
    if let Some(group) = asked.groups.iter().find(|group| !is_label(group)).cloned() {
        return Err(strange(world, &format!("the fake cloud cannot group «{}» by «{group}»", filter.metric)));
    }
    let headers_alone = call.query("view") == Some("HEADERS");
    let rows = rows(world, &filter);
    Ok(Reply::ok(&view(&filter.metric, &project, &asked, &rows, headers_alone)))
}

/// Everything the filter lets through. Only what it asks about counts as asked.
fn rows(world: &mut World, filter: &filter::Filter) -> Vec<Row> {
    let mut rows = Vec::new();
    let keys: Vec<(String, String)> = world.metrics.keys().cloned().collect();
    for (service, revision) in keys {
        let labels = world.labels_of_revision(&service, &revision);
        if filter.resource.iter().any(|(name, value)| labels.get(name.as_str()) != Some(value)) {
            continue;
        }
        let labels: BTreeMap<String, String> =
            labels.into_iter().map(|(name, value)| (format!("resource.labels.{name}"), value)).collect();
        let metrics = world.metrics(&service, &revision);
        if filter.metric == LATENCIES {
            rows.push(Row { labels, numbers: metrics.ask_latencies() });
            continue;
        }
        for (class, count) in metrics.ask_requests() {
            if filter.class.as_ref().is_some_and(|wanted| *wanted != class) {
                continue;
            }
            let mut labels = labels.clone();
            labels.insert(CLASS.to_owned(), class);
            // Counts of a test are far below where a float loses whole numbers.
            rows.push(Row { labels, numbers: vec![count as f64] });
        }
    }
    rows.retain(|row| !row.numbers.is_empty());
    rows
}

fn view(metric: &str, project: &str, asked: &Aggregation, rows: &[Row], headers_alone: bool) -> Value {
    let mut groups: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
    for row in rows {
        let key = asked.groups.iter().map(|group| row.labels.get(group).cloned().unwrap_or_default()).collect();
        groups.entry(key).or_default().extend(&row.numbers);
    }
    if groups.is_empty() {
        return json!({});
    }
    let is_count = asked.number == Number::Sum;
    let series = groups.into_iter().map(|(key, numbers)| {
        let labels: Vec<(&String, String)> = asked.groups.iter().zip(key).collect();
        let of = |place: &str| {
            let own =
                labels.iter().filter_map(|(name, value)| Some((name.strip_prefix(place)?.to_owned(), json!(value))));
            Map::from_iter(own)
        };
        let mut resource = Map::from_iter([("project_id".to_owned(), json!(project))]);
        resource.extend(of("resource.labels."));
        let mut view =
            json!({"metric": {"type": metric}, "resource": {"type": "cloud_run_revision", "labels": resource}});
        let of_metric = of("metric.labels.");
        if !of_metric.is_empty() {
            view["metric"]["labels"] = Value::Object(of_metric);
        }
        view["metricKind"] = json!(if is_count { "DELTA" } else { "GAUGE" });
        view["valueType"] = json!(if is_count { "INT64" } else { "DOUBLE" });
        if !headers_alone {
            let (start, end) = &asked.interval;
            let interval = json!({"startTime": start, "endTime": end});
            view["points"] = json!([{"interval": interval, "value": value(asked.number, numbers)}]);
        }
        view
    });
    json!({"timeSeries": series.collect::<Value>(), "unit": if is_count { "1" } else { "ms" }})
}

/// The nearest sample for a percentile; Google's is read off a histogram.
fn value(number: Number, mut numbers: Vec<f64>) -> Value {
    match number {
        Number::Sum => json!({"int64Value": format!("{:.0}", numbers.iter().sum::<f64>())}),
        Number::Percentile(share) => {
            numbers.sort_by(f64::total_cmp);
            let rank = (share * numbers.len() as f64).ceil() as usize;
            json!({"doubleValue": numbers.get(rank.saturating_sub(1))})
        }
    }
}
