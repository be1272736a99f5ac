//! Telling what the doctor found: the table, how the infrastructure stands, its outputs, its summary, its document.

use std::time::Duration;

use serde_json::{Value, json};

use crate::commands::doctor::plan::status::status;
use crate::commands::doctor::plan::{CheckState, Finding, count};
use crate::report::markdown::{block, code, folded, sentence, table as rows_of};
use crate::report::{Outcome, exit_code, parts as report_json, summary};
use slipway_runner::duration;

/// Every output of the doctor and one line on it; `actions/doctor/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    (
        "result",
        "`ok`, `warnings`, `blocked` (a deploy would fail), `failed` (nothing could be looked at) or `cancelled`",
    ),
    ("blocking", "Findings that are in the way of a deploy"),
    ("warnings", "Findings that should be mended"),
    ("unseen", "Things the account may not look at"),
    ("fix_script", "With `fix_script`: the commands that mend what was found, as a shell script"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// Everything a report of the doctor is made of.
#[derive(Debug)]
pub struct DoctorStory<'a> {
    /// The project.
    pub project: &'a str,
    /// Where its services run.
    pub region: &'a str,
    /// The service that was looked at.
    pub service: Option<&'a str>,
    /// The site that was looked at.
    pub site: Option<&'a str>,
    /// Who looked.
    pub account: &'a str,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was found, in the order of the table.
    pub findings: &'a [Finding],
    /// The script, whether it was asked for or not.
    pub script: &'a str,
    /// Whether somebody asked for it.
    pub wanted: bool,
    /// Whether it is printed.
    pub printed: bool,
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

/// The word of the output `result`.
pub fn word(story: &DoctorStory<'_>) -> &'static str {
    let count = count(story.findings);
    match story.outcome {
        Outcome::Cancelled(_) => "cancelled",
        Outcome::Failed(_) if count.blocking > 0 => "blocked",
        Outcome::Failed(_) => "failed",
        _ if count.warning > 0 => "warnings",
        _ => "ok",
    }
}

/// How it ended, in a few words.
pub fn headline(story: &DoctorStory<'_>) -> String {
    let project = story.project;
    match word(story) {
        "cancelled" => format!("The look at project `{project}` was cancelled"),
        "blocked" => format!("Project `{project}` is not ready for a deploy"),
        "failed" => format!("Project `{project}` could not be looked at"),
        "warnings" => format!("Project `{project}` is ready for a deploy, and something should be mended"),
        _ => format!("Project `{project}` is ready for a deploy, as far as can be seen"),
    }
}

/// What is true, in sentences.
pub fn sentences(story: &DoctorStory<'_>) -> Vec<String> {
    let count = count(story.findings);
    vec![
        "Nothing was changed".to_owned(),
        format!(
            "{} as it should be, {} to be mended, {} in the way of a deploy, {} not to be seen",
            count.ok, count.warning, count.blocking, count.unseen
        ),
    ]
}

/// The table and the status, as lines of text.
pub fn table(story: &DoctorStory<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut area = None;
    for finding in story.findings {
        if area != Some(finding.area) {
            area = Some(finding.area);
            lines.push(finding.area.title().to_owned());
        }
        lines.push(format!("  {:<11} {}: {}", finding.state.word(), finding.what, finding.evidence));
        lines.extend(mending(story, finding).into_iter().map(|cure| format!("{:14}mend: {cure}", "")));
    }
    let status = status(story.findings);
    if !status.is_empty() {
        lines.push("Infrastructure status".to_owned());
    }
    lines.extend(status.iter().map(|line| format!("  {:<11} {}: {}", line.state.word(), line.what, line.note)));
    lines
}

/// What mends a finding: its commands, then what a person does.
fn mending(story: &DoctorStory<'_>, finding: &Finding) -> Vec<String> {
    let commands = finding.fixes.iter().map(|fix| fix.command(story.project));
    commands.chain(finding.cures.iter().cloned()).collect()
}

/// The values that are known; an output without one is not written.
pub fn values(story: &DoctorStory<'_>) -> Vec<(&'static str, String)> {
    let count = count(story.findings);
    let looked = !story.findings.is_empty();
    let value = |name: &str| match name {
        "result" => Some(word(story).to_owned()),
        "blocking" => looked.then(|| count.blocking.to_string()),
        "warnings" => looked.then(|| count.warning.to_string()),
        "unseen" => looked.then(|| count.unseen.to_string()),
        "fix_script" => (looked && story.wanted).then(|| story.script.to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &DoctorStory<'_>) -> Value {
    let findings = story.findings.iter().map(|finding| {
        json!({
            "area": finding.area.title(), "what": finding.what, "state": finding.state.word(),
            "class": match finding.state { CheckState::Blocking(class) => Some(class.word()), _ => None },
            "evidence": finding.evidence, "cures": finding.cures,
            "cure": (!finding.cures.is_empty()).then(|| finding.cures.join("\n")),
            "commands": finding.fixes.iter().map(|fix| fix.command(story.project)).collect::<Vec<_>>(),
        })
    });
    let status = status(story.findings);
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "service": story.service,
        "site": story.site,
        "account": story.account,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "findings": findings.collect::<Vec<_>>(),
        "status": status.iter().map(|line| json!({
            "what": line.what, "state": line.state.word(), "note": line.note,
        })).collect::<Vec<_>>(),
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary: what is to be mended first, then how things stand, then all the rest, folded away.
pub fn markdown(story: &DoctorStory<'_>) -> String {
    let mark = match word(story) {
        "warnings" => "⚠️",
        _ => summary::mark(story.outcome),
    };
    let mut parts = vec![format!("## {mark} {}\n", sentence(&headline(story)))];
    if let (Outcome::Failed(failure), true) = (story.outcome, story.findings.is_empty()) {
        parts.push(summary::failed(failure, &sentences(story)));
    } else {
        parts.push(summary::now(&sentences(story)));
    }
    let of = |state: fn(&CheckState) -> bool| -> Vec<&Finding> {
        story.findings.iter().filter(|finding| state(&finding.state)).collect()
    };
    let mut mend = of(|state| matches!(state, CheckState::Blocking(_)));
    mend.extend(of(|state| matches!(state, CheckState::Warning)));
    if !mend.is_empty() {
        let rows: Vec<Vec<String>> = mend.into_iter().map(|finding| row(story, finding)).collect();
        parts.push(format!("### To be mended\n\n{}", rows_of(&["", "about", "what", "evidence", "mend"], &rows)));
    }
    if story.wanted && !story.findings.is_empty() {
        let title = "The script that mends it, to be read and run by an owner";
        parts.push(folded(title, &block(story.script.lines())));
    }
    let status = status(story.findings);
    if !status.is_empty() {
        let rows: Vec<Vec<String>> =
            status.iter().map(|line| vec![sign(line.state).into(), line.what.into(), sentence(&line.note)]).collect();
        parts.push(format!("### Infrastructure status\n\n{}", rows_of(&["", "", ""], &rows)));
    }
    for (title, found) in [
        ("What this account cannot see", of(|state| matches!(state, CheckState::CannotSee))),
        ("What is as it should be", of(|state| matches!(state, CheckState::Ok))),
    ] {
        if found.is_empty() {
            continue;
        }
        let rows: Vec<Vec<String>> = found.iter().map(|finding| row(story, finding)[..4].to_vec()).collect();
        let table = rows_of(&["", "about", "what", "evidence"], &rows);
        parts.push(folded(&format!("{title}: {}", found.len()), &table));
    }
    parts.push(format!("Looked for {} as {}\n", duration(story.took), code(story.account)));
    summary::joined(parts)
}

/// A finding as a row: its sign, what it is about, what, the evidence, what mends it.
fn row(story: &DoctorStory<'_>, finding: &Finding) -> Vec<String> {
    let cures = mending(story, finding);
    let commands = finding.fixes.len();
    let cures = cures
        .iter()
        .enumerate()
        .map(|(at, cure)| if at < commands { code(cure) } else { summary::hint_markdown(cure) });
    vec![
        sign(finding.state).to_owned(),
        finding.area.title().to_owned(),
        sentence(&finding.what),
        sentence(&finding.evidence),
        cures.collect::<Vec<_>>().join("<br>"),
    ]
}

fn sign(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "✅",
        CheckState::Warning => "⚠️",
        CheckState::Blocking(_) => "❌",
        CheckState::CannotSee => "❔",
    }
}
