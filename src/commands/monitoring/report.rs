//! Telling what watches a service: its outputs, its summary, its document.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud_run::difference::Difference;
use crate::report::markdown::{code, sentence, table};
use crate::report::{Outcome, exit_code, parts as report_json, summary};
use slipway_names::watch::{Watch, WatchChange};
use slipway_runner::duration;

/// Every output of the monitoring command and one line on it; `actions/monitoring/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("result", "`applied`, `unchanged`, `removed`, `planned`, `failed` or `cancelled`"),
    ("policies", "Full names of the alert policies, as a JSON list"),
    ("uptime_check", "Full name of the uptime check"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// Everything a report on monitoring is made of.
#[derive(Debug)]
pub struct MonitoringStory<'a> {
    /// The service.
    pub service: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who set it up.
    pub account: &'a str,
    /// Whether everything was to be removed.
    pub absent: bool,
    /// What was done, or would be.
    pub done: &'a [Watch],
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

impl MonitoringStory<'_> {
    fn changes_nothing(&self) -> bool {
        self.done.iter().all(|watch| watch.change == WatchChange::Unchanged)
    }
}

/// What a plan would change, for people.
pub fn differences(done: &[Watch]) -> Vec<Difference> {
    let changed = done.iter().filter(|watch| watch.change != WatchChange::Unchanged);
    let difference = |watch: &Watch| {
        let what = watch.what.to_owned();
        let name = Some(format!("`{}`", watch.shown));
        match watch.change {
            WatchChange::Created => Difference { what, before: None, after: name },
            WatchChange::Removed => Difference { what, before: name, after: None },
            _ => Difference { what, before: name, after: Some(format!("other {}", watch.fields.join(", "))) },
        }
    };
    changed.map(difference).collect()
}

/// The word of the output `result`.
pub fn word(story: &MonitoringStory<'_>) -> &'static str {
    match story.outcome {
        Outcome::Succeeded(()) if story.changes_nothing() => "unchanged",
        Outcome::Succeeded(()) if story.absent => "removed",
        Outcome::Succeeded(()) => "applied",
        Outcome::Planned(_) => "planned",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
    }
}

/// How it ended, in a few words; the service's name between backticks.
pub fn headline(story: &MonitoringStory<'_>) -> String {
    let service = story.service;
    match (story.outcome, story.absent) {
        (Outcome::Succeeded(()), true) => format!("`{service}` is not watched any more"),
        (Outcome::Succeeded(()), false) => format!("`{service}` is watched"),
        (Outcome::Planned(_), _) => format!("Plan for the monitoring of `{service}`"),
        (Outcome::Failed(_), _) => format!("The monitoring of `{service}` is not as asked"),
        (Outcome::Cancelled(_), _) => format!("The monitoring of `{service}` was cancelled"),
    }
}

/// What is true now, in sentences.
pub fn sentences(story: &MonitoringStory<'_>) -> Vec<String> {
    if matches!(story.outcome, Outcome::Planned(_)) || story.changes_nothing() {
        return vec!["Nothing was changed".to_owned()];
    }
    let of = |change: WatchChange| story.done.iter().filter(move |watch| watch.change == change).count();
    let all = [WatchChange::Created, WatchChange::Updated, WatchChange::Unchanged, WatchChange::Removed];
    let counts = all.into_iter().filter(|change| of(*change) > 0);
    let counts: Vec<String> = counts.map(|change| format!("{} {}", of(change), change.word())).collect();
    let budgets = story.done.iter().any(|watch| watch.what == "budget");
    let what = if budgets { "policies, checks, channels and budgets" } else { "policies, checks and channels" };
    vec![format!("Of {what}: {}", counts.join(", "))]
}

/// The values that are known; an output without one is not written.
pub fn values(story: &MonitoringStory<'_>) -> Vec<(&'static str, String)> {
    let there = |what: &'static str| {
        let kept =
            move |watch: &&Watch| watch.what == what && watch.change != WatchChange::Removed && !watch.name.is_empty();
        story.done.iter().filter(kept).map(|watch| watch.name.clone()).collect::<Vec<_>>()
    };
    let value = |name: &str| match name {
        "result" => Some(word(story).to_owned()),
        "policies" => Some(json!(there("alert policy")).to_string()),
        "uptime_check" => there("uptime check").pop(),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &MonitoringStory<'_>) -> Value {
    let watches = story.done.iter().map(|watch| {
        json!({"what": watch.what, "shown": watch.shown, "name": watch.name, "change": watch.change.word(), "fields": watch.fields})
    });
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "service": story.service,
        "account": story.account,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "monitoring": watches.collect::<Value>(),
        "changes": report_json::changes(story.outcome),
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary.
pub fn markdown(story: &MonitoringStory<'_>) -> String {
    let rows = [
        ("Project", Some(format!("{} in {}", code(story.project), code(story.region)))),
        ("Took", Some(duration(story.took))),
    ];
    let mut parts = vec![summary::titled(summary::mark(story.outcome), &headline(story), rows)];
    let now = sentences(story);
    match story.outcome {
        Outcome::Failed(failure) => parts.push(summary::failed(failure, &now)),
        Outcome::Cancelled(_) => parts.push(summary::now(&now)),
        _ => {}
    }
    let planned = matches!(story.outcome, Outcome::Planned(_));
    let rows = story.done.iter().map(|watch| {
        let change = match (watch.change, watch.fields.as_slice()) {
            (change, []) => change.word().to_owned(),
            (change, fields) => format!("{} ({})", change.word(), fields.join(", ")),
        };
        vec![watch.what.to_owned(), sentence(&watch.shown), change]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        let head = if planned { "would be" } else { "is" };
        parts.push(format!("### What watches it\n\n{}", table(&["", "name", head], &rows)));
    }
    summary::joined(parts)
}
