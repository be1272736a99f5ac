//! `timeSeries.list`: what the world has measured, filtered, grouped and reduced.

use super::aggregation::{self, Aggregation, Flaw, Number};
use super::{filter, strange};
use crate::call::Call;
use crate::clock::Nanos;
use crate::refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Measured, World};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const REQUESTS: &str = "run.googleapis.com/request_count";
const LATENCIES: &str = "run.googleapis.com/request_latencies";
const INSTANCES: &str = "run.googleapis.com/container/instance_count";
const CLASS: &str = "metric.labels.response_code_class";

/// What was measured of one revision, or of one class of its responses.
struct Row {
    /// Labels, by names such as `resource.labels.location`.
    labels: BTreeMap<String, String>,
    /// What was measured.
    numbers: Numbers,
}

/// A count, or samples, each list with its moment; without one it lies in the newest period.
type Numbers = Vec<(Option<Nanos>, Vec<f64>)>;

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
    let mut filter =
        filter::read(call.query("filter").unwrap_or_default()).map_err(|text| strange(world, &call.id, &text))?;
    if filter.resource.entry("project_id".to_owned()).or_insert_with(|| project.clone()) != &project {
        return Ok(Reply::ok(&json!({})));
    }
    let asked = aggregation::read(call).map_err(|flaw| match flaw {
        Flaw::Bad(text) => refusal::invalid(text),
        Flaw::Beyond(text) => strange(world, &call.id, &text),
    })?;
    let known = match (filter.metric.as_str(), asked.number) {
        (REQUESTS, Number::Sum) => true,
        (LATENCIES, Number::Percentile(_)) | (INSTANCES, Number::SumOfMeans) => filter.class.is_none(),
        _ => false,
    };
    if !known {
        let text = format!("the fake cloud cannot answer {:?} of «{}» with this filter", asked.number, filter.metric);
        return Err(strange(world, &call.id, &text));
    }
    let is_label = |group: &str| match group.strip_prefix("resource.labels.") {
        Some(label) => filter::LABELS.contains(&label),
        None => group == CLASS && filter.metric == REQUESTS,
    };
    if let Some(group) = asked.groups.iter().find(|group| !is_label(group)).cloned() {
        return Err(strange(world, &call.id, &format!("the fake cloud cannot group «{}» by «{group}»", filter.metric)));
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
        if !metrics.history.is_empty() {
            rows.extend(recorded(&metrics.history, filter, &labels));
            continue;
        }
        match filter.metric.as_str() {
            LATENCIES => rows.push(Row { labels, numbers: vec![(None, metrics.ask_latencies())] }),
            INSTANCES => {}
            _ => {
                let found = metrics.ask_requests().into_iter();
                rows.extend(found.filter(|(class, _)| filter.lets_through(class)).map(|(class, count)| {
                    // Counts of a test are far below where a float loses whole numbers.
                    Row { labels: with_class(&labels, class), numbers: vec![(None, vec![count as f64])] }
                }));
            }
        }
    }
    rows.retain(|row| row.numbers.iter().any(|(_, numbers)| !numbers.is_empty()));
    rows
}

fn with_class(labels: &BTreeMap<String, String>, class: String) -> BTreeMap<String, String> {
    let mut labels = labels.clone();
    labels.insert(CLASS.to_owned(), class);
    labels
}

/// The rows of what was measured over time.
fn recorded(history: &[Measured], filter: &filter::Filter, labels: &BTreeMap<String, String>) -> Vec<Row> {
    let when = |moment: &Measured| Some(Nanos::from(moment.at) * 1_000_000_000);
    if filter.metric == LATENCIES {
        let numbers = history.iter().map(|moment| (when(moment), moment.seen.latencies_ms.clone()));
        return vec![Row { labels: labels.clone(), numbers: numbers.collect() }];
    }
    // A series for each class of response, or for each state of instances.
    let mut series: BTreeMap<&str, Numbers> = BTreeMap::new();
    for moment in history {
        let counts = if filter.metric == INSTANCES { &moment.instances } else { &moment.seen.requests };
        for (name, count) in counts {
            series.entry(name).or_default().push((when(moment), vec![*count as f64]));
        }
    }
    let series = series.into_iter().filter(|(name, _)| filter.metric == INSTANCES || filter.lets_through(name));
    let labels = |name: &str| match filter.metric.as_str() {
        INSTANCES => labels.clone(),
        _ => with_class(labels, name.to_owned()),
    };
    series.map(|(name, numbers)| Row { labels: labels(name), numbers }).collect()
}

fn view(metric: &str, project: &str, asked: &Aggregation, rows: &[Row], headers_alone: bool) -> Value {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for row in rows {
        let mut periods: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (at, numbers) in &row.numbers {
            let period = at.map_or(Some(0), |at| asked.period_of(at)).filter(|_| !numbers.is_empty());
            if let Some(period) = period {
                periods.entry(period).or_default().extend(numbers);
            }
        }
        if periods.is_empty() {
            continue;
        }
        let key = asked.groups.iter().map(|group| row.labels.get(group).cloned().unwrap_or_default()).collect();
        let group = groups.entry(key).or_default();
        for (period, mut numbers) in periods {
            if asked.number == Number::SumOfMeans {
                numbers = vec![numbers.iter().sum::<f64>() / numbers.len() as f64];
            }
            group.entry(period).or_default().extend(numbers);
        }
    }
    if groups.is_empty() {
        return json!({});
    }
    let is_count = asked.number == Number::Sum;
    let series = groups.into_iter().map(|(key, periods)| {
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
            // The newest comes first.
            let points = periods.into_iter().map(|(period, numbers)| {
                let (start, end) = asked.interval(period);
                json!({"interval": {"startTime": start, "endTime": end}, "value": value(asked.number, numbers)})
            });
            view["points"] = points.collect();
        }
        view
    });
    let unit = if matches!(asked.number, Number::Percentile(_)) { "ms" } else { "1" };
    json!({"timeSeries": series.collect::<Value>(), "unit": unit})
}

/// The nearest sample for a percentile; Google's is read off a histogram.
fn value(number: Number, mut numbers: Vec<f64>) -> Value {
    match number {
        Number::Sum => json!({"int64Value": format!("{:.0}", numbers.iter().sum::<f64>())}),
        Number::SumOfMeans => json!({"doubleValue": numbers.iter().sum::<f64>()}),
        Number::Percentile(share) => {
            numbers.sort_by(f64::total_cmp);
            let rank = (share * numbers.len() as f64).ceil() as usize;
            json!({"doubleValue": numbers.get(rank.saturating_sub(1))})
        }
    }
}
