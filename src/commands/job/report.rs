//! Telling what became of a job: its outputs, its summary, its document. Beside the report of a deploy,
//! and made of the same parts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::facts::{Facts, Written};
use crate::report::markdown::code;
use crate::report::{Outcome, execution, exit_code, parts as report_json, simulated, summary};
use crate::step::PlannedStep;
use slipway_names::execution::JobEnd;
use slipway_runner::duration;

/// Every output of the job command and one line on it; `actions/job/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("execution", "Name of the execution"),
    ("result", "`succeeded`, `started` (not waited for), `updated` (not run), `planned`, `failed` or `cancelled`"),
    ("exit_code", "Exit code of the first task that failed; 0 when every task succeeded"),
    ("succeeded_count", "Tasks that succeeded"),
    ("failed_count", "Tasks that failed in every attempt"),
    ("log_url", "Page of the execution's log"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// Everything a report on a job is made of.
#[derive(Debug)]
pub struct JobStory<'a> {
    /// The job.
    pub job: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who ran it.
    pub account: &'a str,
    /// The commit.
    pub commit: Option<&'a str>,
    /// The head of the pull request that the commit is a merge of.
    pub head: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [PlannedStep],
    /// What is known.
    pub facts: &'a Facts,
    /// How it ended.
    pub outcome: &'a Outcome<JobEnd>,
    /// From begin to end.
    pub took: Duration,
}

/// The word of the output `result`.
pub fn word(outcome: &Outcome<JobEnd>) -> &'static str {
    match outcome {
        Outcome::Succeeded(end) => end.word(),
        Outcome::Planned(_) => "planned",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
    }
}

/// How it ended, in a few words; the job's name between backticks.
pub fn headline(story: &JobStory<'_>) -> String {
    let job = story.job;
    let ran = story.facts.job.as_ref().is_some_and(|fact| fact.execution.is_some());
    match story.outcome {
        Outcome::Succeeded(JobEnd::Succeeded) => format!("Job `{job}` succeeded"),
        Outcome::Succeeded(JobEnd::Started) => format!("Job `{job}` is started"),
        Outcome::Succeeded(JobEnd::Updated) => format!("Job `{job}` is up to date, and was not run"),
        Outcome::Planned(_) => format!("Plan for job `{job}`"),
        Outcome::Failed(_) if ran => format!("Job `{job}` did not succeed"),
        Outcome::Failed(_) => format!("Job `{job}` was not run"),
        Outcome::Cancelled(_) => format!("Job `{job}` was cancelled"),
    }
}

/// What stands in the cloud after this run, in sentences.
pub fn sentences(story: &JobStory<'_>) -> Vec<String> {
    let all = match (story.outcome, &story.facts.job) {
        (Outcome::Planned(_), _) => return vec!["Nothing was changed".to_owned()],
        (Outcome::Failed(_) | Outcome::Cancelled(_), Some(job))
            if job.written == Written::Yes && job.execution.is_some() =>
        {
            // Executions have no traffic that could be put back; whoever starts the next one gets what is there.
            vec![execution::sentence(job), format!("Job `{}` stays as this run wrote it", story.job)]
        }
        (_, Some(job)) => vec![execution::sentence(job)],
        (_, None) => vec![format!("Nothing was changed on job `{}`", story.job)],
    };
    simulated::sentences(story.facts.simulated, all)
}

/// The values that are known; an output without one is not written.
pub fn values(story: &JobStory<'_>) -> Vec<(&'static str, String)> {
    let run = story.facts.ran().and_then(|job| job.execution.as_ref());
    let over = run.filter(|run| ["succeeded", "failed", "cancelled"].contains(&run.state));
    let value = |name: &str| match name {
        "execution" => run.and_then(|run| run.name.clone()),
        "result" => Some(word(story.outcome).to_owned()),
        "exit_code" => run.and_then(|run| run.exit_code).map(|code| code.to_string()),
        "succeeded_count" => over.map(|run| run.succeeded.to_string()),
        "failed_count" => over.map(|run| run.failed.to_string()),
        "log_url" => run.map(|run| run.log_url.clone()).filter(|url| !url.is_empty()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &JobStory<'_>) -> Value {
    let facts = story.facts;
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story.outcome),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "job": story.job,
        "account": story.account,
        "commit": story.commit,
        "head_commit": story.head,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "image": facts.real_image().map(ToString::to_string),
        "digest": facts.real_image().map(|image| image.digest().to_string()),
        "execution": facts.ran().map(execution::document),
        "steps": report_json::steps(facts),
        "changes": report_json::changes(story.outcome),
        "warnings": facts.warnings,
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary.
pub fn markdown(story: &JobStory<'_>) -> String {
    let now = sentences(story);
    let mut parts = vec![head(story)];
    parts.extend(summary::ended(story.outcome, &now, story.plan, "job"));
    parts.push(summary::steps(story.facts));
    parts.extend(story.facts.ran().and_then(execution::markdown));
    parts.extend(summary::warnings(story.facts));
    summary::joined(parts)
}

fn head(story: &JobStory<'_>) -> String {
    let rows = [
        ("Project", Some(format!("{} in {}", code(story.project), code(story.region)))),
        ("Image", story.facts.real_image().map(|image| code(&image.to_string()))),
        ("Commit", story.commit.map(code)),
        ("A merge of", story.head.map(code)),
        ("Took", Some(duration(story.took))),
    ];
    summary::titled(summary::mark(story.outcome), &headline(story), rows)
}
