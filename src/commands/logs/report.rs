//! Telling what a log came to: of a build its status and where the time went, of a service how many entries.

use std::time::Duration;

use serde_json::{Value, json};

use crate::facts::{BuildFact, Facts};
use crate::report::markdown::{block, code};
use crate::report::{Outcome, build, exit_code, parts as report_json, summary};
use slipway_names::log::LogShown;
use slipway_runner::duration;

/// Every output of the logs command and one line on it; `actions/logs/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("build_id", "The build"),
    ("build_status", "Its status in Google's word, such as SUCCESS, FAILURE or WORKING"),
    ("build_url", "The page of the build"),
    ("entries", "How many entries were shown"),
    ("result", "`read`, `failed` or `cancelled`"),
    ("report", "Everything as one JSON document (`schema: 1`)"),
];

/// Everything a report on a log is made of.
#[derive(Debug)]
pub struct LogsStory<'a> {
    /// Whose log, as in "build `b`".
    pub whose: &'a str,
    /// Where that lives.
    pub place: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who looked.
    pub account: &'a str,
    /// What is known of the build.
    pub facts: &'a Facts,
    /// What was shown of a service.
    pub shown: Option<&'a LogShown>,
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

impl LogsStory<'_> {
    /// The build, once it was found.
    fn build(&self) -> Option<&BuildFact> {
        self.facts.build.as_ref().filter(|build| build.id.is_some())
    }
}

/// How it ended, in a few words.
pub fn headline(story: &LogsStory<'_>) -> String {
    let capital = |text: &str| text[..1].to_uppercase() + &text[1..];
    match (story.build(), story.outcome) {
        (_, Outcome::Cancelled(_)) => format!("Reading the log of {} was stopped", story.whose),
        (Some(build), _) if build.over => {
            format!("{} is {}", capital(story.whose), build.status)
        }
        (Some(build), _) => format!("{} is still {}", capital(story.whose), build.status),
        (None, Outcome::Succeeded(())) => {
            let count = story.shown.map_or(0, |shown| shown.entries);
            format!("{count} {} of {}", if count == 1 { "entry" } else { "entries" }, story.whose)
        }
        (None, _) => format!("The log of {} could not be read", story.whose),
    }
}

/// What is true now: of a build all that does not depend on its log.
pub fn sentences(story: &LogsStory<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(build) = story.build() {
        said.extend(of_build(build));
    }
    if let Some(shown) = story.shown {
        if shown.by_severity.len() > 1 {
            let counts = shown.by_severity.iter().rev();
            let counts: Vec<String> = counts.map(|(severity, count)| format!("{count} {}", severity.word())).collect();
            said.push(counts.join(", "));
        }
        said.extend(shown.remarks.iter().cloned());
    }
    said
}

fn of_build(build: &BuildFact) -> Vec<String> {
    let time = |seconds: f64| duration(Duration::from_secs_f64(seconds.max(0.0)));
    let mut said = Vec::new();
    if let (Some(queued), Some(worked)) = (build.queued_seconds, build.worked_seconds) {
        said.push(format!("The build waited {} for a machine and worked {}", time(queued), time(worked)));
    }
    if !build.phases.is_empty() {
        let phases = build.phases.iter().map(|(name, seconds)| format!("{name} {}", time(*seconds)));
        said.push(format!("Phases: {}", phases.collect::<Vec<_>>().join(", ")));
    }
    let ended = build.steps.iter().filter(|step| !step.status.is_empty());
    let steps: Vec<String> = ended
        .map(|step| {
            let code = step.exit_code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
            format!("`{}` {}{code}", step.name, step.status)
        })
        .collect();
    if !steps.is_empty() {
        said.push(format!("Steps: {}", steps.join(", ")));
    }
    said.extend(build.log_missing.clone());
    said
}

/// The values that are known; an output without one is not written.
pub fn values(story: &LogsStory<'_>) -> Vec<(&'static str, String)> {
    let build = story.build();
    let value = |name: &str| match name {
        "build_id" => build.and_then(|build| build.id.clone()),
        "build_status" => build.map(|build| build.status.clone()),
        "build_url" => build.map(|build| build.url.clone()),
        "entries" => story.shown.map(|shown| shown.entries.to_string()),
        "result" => Some(story.outcome.plain_word("read").to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names. It holds no text of the log.
pub fn document(story: &LogsStory<'_>) -> Value {
    let by_severity = |shown: &LogShown| -> Value {
        shown.by_severity.iter().map(|(severity, count)| (severity.word().to_owned(), json!(count))).collect()
    };
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": story.outcome.plain_word("read"),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.place,
        "account": story.account,
        "build": story.build().map(build::document),
        "entries": story.shown.map(|shown| shown.entries),
        "by_severity": story.shown.map(by_severity),
        "remarks": story.shown.map(|shown| &shown.remarks),
        "warnings": story.facts.warnings,
        "failure": report_json::failure(story.outcome),
    })
}

/// The job summary.
pub fn markdown(story: &LogsStory<'_>) -> String {
    let place = format!("{} in {}", code(story.project), code(story.place));
    let mut parts = vec![summary::titled(summary::mark(story.outcome), &headline(story), [("Project", Some(place))])];
    let now = sentences(story);
    match story.outcome {
        Outcome::Failed(failure) => parts.push(summary::failed(failure, &now)),
        // The part on the build says the same.
        _ if story.build().is_some() || now.is_empty() => {}
        _ => parts.push(summary::now(&now)),
    }
    parts.extend(story.build().and_then(build::markdown));
    if let Some(shown) = story.shown.filter(|shown| !shown.last.is_empty()) {
        let lines = shown.last.iter().flat_map(|entry| entry.split('\n'));
        parts.push(format!("### The last entries\n\n{}", block(lines)));
    }
    summary::joined(parts)
}
