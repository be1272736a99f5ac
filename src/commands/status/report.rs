//! Telling what a service does and had to do: a table with small lines for a terminal, tables and charts for the
//! summary, a document for programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::report::markdown::{code, folded, link, sentence, table};
use crate::report::spark::{self as spark, plain};
use crate::report::{Outcome, exit_code, parts as report_json, summary};
use slipway_names::load::{Load, ServiceStatus, ServingRevision};

/// Every output of the status command and one line on it; `actions/status/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("url", "Address of the service"),
    ("revision", "The revision with the largest share of the traffic"),
    ("traffic", "Who serves, as a JSON list of revision, percent and tags"),
    ("requests_per_second", "Requests a second in the last hour; empty without measurements, like all below"),
    ("error_rate", "Share of requests answered with 5xx in the last hour, 0 to 1"),
    ("latency_p95_ms", "95th percentile of the latency in the last hour, in milliseconds"),
    ("instances", "The most instances of any five minutes of the last hour, as their mean"),
    ("result", "`read`, `failed` or `cancelled`"),
    ("report", "Everything as one JSON document (`schema: 1`)"),
];

/// Everything a report on a service's state is made of.
#[derive(Debug)]
pub struct StatusStory<'a> {
    /// The service.
    pub service: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who looked.
    pub account: &'a str,
    /// What was found.
    pub outcome: &'a Outcome<ServiceStatus>,
    /// From begin to end.
    pub took: Duration,
}

impl StatusStory<'_> {
    fn status(&self) -> Option<&ServiceStatus> {
        match self.outcome {
            Outcome::Succeeded(status) => Some(status),
            _ => None,
        }
    }
}

/// How it ended, in a few words; the service's name between backticks.
pub fn headline(story: &StatusStory<'_>) -> String {
    let service = story.service;
    match story.outcome {
        Outcome::Succeeded(status) => match (status.ready, status.revisions.first()) {
            (Some(false), _) => format!("`{service}` is not ready"),
            (None, _) => format!("`{service}` is being changed"),
            (Some(true), Some(first)) if first.percent > 0 => format!("`{service}` serves"),
            (Some(true), _) => format!("`{service}` is ready, and nobody serves"),
        },
        Outcome::Cancelled(_) => format!("Looking at `{service}` was cancelled"),
        _ => format!("`{service}` could not be read"),
    }
}

/// One measured thing: its name, and of each window its number and how it went.
type Row = (&'static str, [Cell; 2]);

/// A number and the line that shows how it went; no line where one would say nothing.
struct Cell {
    number: String,
    line: String,
}

fn rows(status: &ServiceStatus) -> Vec<Row> {
    let windows = [&status.hour, &status.day];
    let cell = |number: Option<String>, over_time: Option<Vec<Option<f64>>>| Cell {
        line: number.as_ref().and(over_time).map(|numbers| spark::line(&numbers)).unwrap_or_default(),
        number: number.unwrap_or_else(|| "no data".to_owned()),
    };
    let latency = |load: &Load, index: usize| load.latency[index].map(milliseconds);
    vec![
        (
            "requests",
            windows.map(|load| cell(load.rate().map(|rate| format!("{}/s", plain(rate))), Some(load.rates()))),
        ),
        ("errors (5xx)", windows.map(|load| cell(load.error_rate().map(percent), Some(load.error_rates())))),
        ("latency p50", windows.map(|load| cell(latency(load, 0), None))),
        ("latency p95", windows.map(|load| cell(latency(load, 1), Some(load.p95.clone())))),
        ("latency p99", windows.map(|load| cell(latency(load, 2), None))),
        ("instances", windows.map(|load| cell(load.most_instances().map(up_to), Some(load.instances.clone())))),
    ]
}

fn up_to(most: f64) -> String {
    format!("up to {}", plain(most))
}

fn percent(share: f64) -> String {
    format!("{} %", plain(share * 100.0))
}

fn milliseconds(length: f64) -> String {
    if length < 1000.0 { format!("{} ms", plain(length)) } else { format!("{} s", plain(length / 1000.0)) }
}

/// An age as people say it: `4m`, `3h`, `12d`.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => "under 1m".to_owned(),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// What a reader of the log sees.
pub fn lines(status: &ServiceStatus) -> Vec<String> {
    let mut lines = vec![format!("  {}", if status.url.is_empty() { "(no address)" } else { &status.url })];
    lines.push(format!("  {}", status.access));
    for revision in &status.revisions {
        let mut line = format!("  {:>3} %  {}", revision.percent, revision.name);
        let tags = revision.tags.iter().map(|tag| format!("tag {tag}"));
        let known = [revision.commit.as_deref().map(|commit| format!("commit {}", short(commit)))];
        let old = revision.age.map(|seconds| format!("{} old", age(seconds)));
        for fact in tags.chain(known.into_iter().flatten()).chain(old) {
            line.push_str(&format!("  {fact}"));
        }
        lines.push(line);
        lines.extend(revision.image.as_ref().map(|image| format!("         {image}")));
    }
    lines.push(String::new());
    lines.push(format!("  {:<14}{:<30}{}", "", "last hour", "last day").trim_end().to_owned());
    for (name, [hour, day]) in rows(status) {
        let cell = |cell: &Cell| format!("{:<12}{}", cell.number, cell.line);
        lines.push(format!("  {name:<14}{:<30}{}", cell(&hour), cell(&day)).trim_end().to_owned());
    }
    lines.extend(remarks(status).into_iter().map(|remark| format!("  {remark}")));
    lines
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// What must be known to read the numbers.
fn remarks(status: &ServiceStatus) -> Vec<String> {
    if let Some((why, hints)) = &status.unread {
        return std::iter::once(format!("The measurements are missing: {why}")).chain(hints.iter().cloned()).collect();
    }
    if status.day.is_empty() && status.hour.is_empty() {
        return vec![
            "Cloud Monitoring has measured nothing in the last day: no request reached a container, or the service is a few minutes old"
                .to_owned(),
        ];
    }
    vec![
        "Measured by Cloud Monitoring, two to three minutes late; requests that reach no container are not counted"
            .to_owned(),
    ]
}

/// The values that are known; an output without one is not written.
pub fn values(story: &StatusStory<'_>) -> Vec<(&'static str, String)> {
    let status = story.status();
    let hour = status.map(|status| &status.hour);
    let value = |name: &str| match name {
        "url" => status.map(|status| status.url.clone()),
        "revision" => status.and_then(|status| status.revisions.first()).map(|first| first.name.clone()),
        "traffic" => status.map(|status| traffic(status).to_string()),
        "requests_per_second" => hour.and_then(Load::rate).map(plain),
        "error_rate" => hour.and_then(Load::error_rate).map(plain),
        "latency_p95_ms" => hour.and_then(|hour| hour.latency[1]).map(plain),
        "instances" => hour.and_then(Load::most_instances).map(plain),
        "result" => Some(story.outcome.plain_word("read").to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

fn traffic(status: &ServiceStatus) -> Value {
    let served = status.revisions.iter();
    served.map(|one| json!({"revision": one.name, "percent": one.percent, "tags": one.tags})).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &StatusStory<'_>) -> Value {
    let status = story.status();
    let load = |load: &Load| {
        json!({
            "seconds": load.seconds, "period_seconds": load.period,
            "requests_per_second": load.rate(), "error_rate": load.error_rate(),
            "latency_ms": {"p50": load.latency[0], "p95": load.latency[1], "p99": load.latency[2]},
            "instances": load.most_instances(),
            "periods": {"requests": load.requests, "failed": load.failed, "p95_ms": load.p95, "instances": load.instances},
        })
    };
    let revision = |revision: &ServingRevision| {
        json!({
            "name": revision.name, "percent": revision.percent, "tags": revision.tags, "image": revision.image,
            "commit": revision.commit, "made": revision.made,
        })
    };
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": story.outcome.plain_word("read"),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "service": story.service,
        "account": story.account,
        "url": status.map(|status| &status.url),
        "ready": status.map(|status| status.ready),
        "access": status.map(|status| &status.access),
        "revisions": status.map(|status| status.revisions.iter().map(revision).collect::<Value>()),
        "hour": status.map(|status| load(&status.hour)),
        "day": status.map(|status| load(&status.day)),
        "measurements_missing": status.and_then(|status| status.unread.as_ref()).map(|(why, _)| why),
        "failure": report_json::failure(story.outcome),
    })
}

/// The job summary.
pub fn markdown(story: &StatusStory<'_>) -> String {
    let mark = match story.outcome {
        Outcome::Succeeded(status) if status.ready == Some(false) => "❌",
        Outcome::Succeeded(_) => "📈",
        other => summary::mark(other),
    };
    let url = story.status().map(|status| status.url.as_str()).filter(|url| !url.is_empty());
    let access = story.status().map(|status| sentence(&status.access));
    let project = format!("{} in {}", code(story.project), code(story.region));
    let rows = [("Project", Some(project)), ("URL", url.map(link)), ("Access", access)];
    let mut parts = vec![summary::titled(mark, &headline(story), rows)];
    match story.outcome {
        Outcome::Failed(failure) => parts.push(summary::failed(failure, &[])),
        Outcome::Succeeded(status) => {
            parts.push(format!("### Who serves\n\n{}", served(status)));
            parts.push(format!("### What it had to do\n\n{}", measured(status)));
            parts.extend(charts(&status.hour, "last hour", 5, "minutes"));
            let day: String = charts(&status.day, "last day", 1, "hours").join("\n");
            if !day.is_empty() {
                parts.push(folded("The last day", &day));
            }
        }
        _ => {}
    }
    summary::joined(parts)
}

/// An image with the beginning of its digest: the whole is in the report, and would make the table too wide.
fn brief(image: &str) -> String {
    const SHOWN: usize = 12;
    let parts = image.split_once("@sha256:").and_then(|(name, digest)| Some((name, digest.get(..SHOWN)?)));
    parts.map_or_else(|| image.to_owned(), |(name, digest)| format!("{name}@sha256:{digest}…"))
}

fn served(status: &ServiceStatus) -> String {
    let row = |revision: &ServingRevision| {
        let tags: Vec<String> = revision.tags.iter().map(|tag| code(tag)).collect();
        vec![
            code(&revision.name),
            format!("{}\u{a0}%", revision.percent),
            tags.join(", "),
            revision.image.as_deref().map(brief).map(|image| code(&image)).unwrap_or_default(),
            revision.commit.as_deref().map(|commit| code(short(commit))).unwrap_or_default(),
            revision.age.map(age).unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = status.revisions.iter().map(row).collect();
    table(&["revision", "traffic", "tags", "image", "commit", "age"], &rows)
}

fn measured(status: &ServiceStatus) -> String {
    let cell = |cell: &Cell| match cell.line.as_str() {
        "" => cell.number.clone(),
        line => format!("{} {}", cell.number, code(line)),
    };
    let rows: Vec<Vec<String>> =
        rows(status).iter().map(|(name, [hour, day])| vec![(*name).to_owned(), cell(hour), cell(day)]).collect();
    let remarks: Vec<String> = remarks(status).iter().map(|remark| format!("{}.\n", sentence(remark))).collect();
    format!("{}\n{}", table(&["", "last hour", "last day"], &rows), remarks.join("\n"))
}

fn charts(load: &Load, when: &str, step: usize, unit: &str) -> Vec<String> {
    let requests = spark::chart(&format!("Requests a second, {when}"), &load.rates(), step, unit);
    let latency = spark::chart(&format!("Latency p95 in ms, {when}"), &load.p95, step, unit);
    requests.into_iter().chain(latency).collect()
}
