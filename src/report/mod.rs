//! Telling what happened: outputs, the job summary, the text of a failure. Pure until it is printed
//! by the console; nothing here asks Google anything.

pub mod failure;
pub mod json;
pub mod markdown;
pub mod outputs;
pub mod summary;
pub mod timeline;
pub mod truth;

use std::time::Duration;

use crate::explain::Failure;
use crate::model::facts::Facts;
use crate::plan::decide::Step;
use crate::plan::difference::Difference;

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// The new revision serves.
    Deployed,
    /// Nothing was to be changed; this is what would be.
    Planned(Vec<Difference>),
    /// It ended early.
    Failed(Failure),
    /// Somebody stopped it; the signal's name.
    Cancelled(&'static str),
}

impl Outcome {
    /// The word of the output `result`.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Deployed => "deployed",
            Outcome::Planned(_) => "planned",
            Outcome::Failed(_) => "failed",
            Outcome::Cancelled(_) => "cancelled",
        }
    }
}

/// Everything a report is made of.
#[derive(Debug)]
pub struct Story<'a> {
    /// The service.
    pub service: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The project.
    pub project: &'a str,
    /// Who deployed.
    pub account: &'a str,
    /// The commit.
    pub commit: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [Step],
    /// What is known.
    pub facts: &'a Facts,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// From begin to end.
    pub took: Duration,
}

/// The process's exit code: 128 and the signal's number after a signal.
pub fn exit_code(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Deployed | Outcome::Planned(_) => 0,
        Outcome::Failed(failure) => failure.class().exit_code(),
        Outcome::Cancelled("SIGINT") => 130,
        Outcome::Cancelled("SIGHUP") => 129,
        Outcome::Cancelled(_) => 143,
    }
}

/// How it ended, in a few words; the service's name between backticks.
pub fn headline(story: &Story<'_>) -> String {
    let service = story.service;
    match story.outcome {
        Outcome::Deployed => format!("`{service}` is deployed"),
        Outcome::Planned(_) => format!("Plan for `{service}`"),
        // What serves is deployed, whatever failed after that.
        Outcome::Failed(_) if story.facts.service.ready && story.facts.share().unwrap_or(0) > 0 => {
            format!("`{service}` is deployed, and something is wrong")
        }
        Outcome::Failed(_) => format!("`{service}` was not deployed"),
        Outcome::Cancelled(_) => format!("The deploy of `{service}` was cancelled"),
    }
}
