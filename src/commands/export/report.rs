//! Telling what became of an export: where the file is, and what is not in it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::report::markdown::code;
use crate::report::{Outcome, exit_code, parts as report_json, summary};

/// Every output of the export command and one line on it; `actions/export/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("file", "The file that was written, as `to` names it"),
    ("format", "Its form: `v2` or `knative`"),
    ("result", "`written`, `failed` or `cancelled`"),
    ("report", "Everything as one JSON document (`schema: 1`)"),
];

/// Everything a report on an export is made of.
#[derive(Debug)]
pub struct ExportStory<'a> {
    /// What was written, as in "service `web`".
    pub what: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who looked.
    pub account: &'a str,
    /// The file; `None` is standard output.
    pub file: Option<&'a str>,
    /// Its form.
    pub form: &'a str,
    /// What is odd about it.
    pub warnings: &'a [String],
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

/// How it ended, in a few words.
pub fn headline(story: &ExportStory<'_>) -> String {
    let what = story.what[..1].to_uppercase() + &story.what[1..];
    match (story.outcome, story.file) {
        (Outcome::Succeeded(()), Some(file)) => format!("{what} is written to `{file}`"),
        (Outcome::Succeeded(()), None) => format!("{what} is written"),
        (Outcome::Cancelled(_), _) => format!("Writing {} was cancelled", story.what),
        _ => format!("{what} was not written"),
    }
}

/// The values that are known; an output without one is not written.
pub fn values(story: &ExportStory<'_>) -> Vec<(&'static str, String)> {
    let done = matches!(story.outcome, Outcome::Succeeded(()));
    let value = |name: &str| match name {
        "file" => story.file.filter(|_| done).map(str::to_owned),
        "format" => done.then(|| story.form.to_owned()),
        "result" => Some(story.outcome.plain_word("written").to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; it holds nothing of the file.
pub fn document(story: &ExportStory<'_>) -> Value {
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": story.outcome.plain_word("written"),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "account": story.account,
        "what": story.what,
        "file": story.file,
        "format": story.form,
        "warnings": story.warnings,
        "failure": report_json::failure(story.outcome),
    })
}

/// The job summary.
pub fn markdown(story: &ExportStory<'_>) -> String {
    let place = format!("{} in {}", code(story.project), code(story.region));
    let head = [("Project", Some(place)), ("Form", Some(code(story.form)))];
    let mut parts = vec![summary::titled(summary::mark(story.outcome), &headline(story), head)];
    match story.outcome {
        Outcome::Failed(failure) => parts.push(summary::failed(failure, &[])),
        _ if story.warnings.is_empty() => {}
        _ => parts.push(summary::now(story.warnings)),
    }
    summary::joined(parts)
}
