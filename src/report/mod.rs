//! Telling what happened: outputs, the job summary, the text of a failure. Pure until it is printed
//! by the console; nothing here asks Google anything.

pub(crate) mod build;
pub mod execution;
pub mod failure;
pub mod json;
pub mod markdown;
pub mod outputs;
pub mod parts;
pub mod simulated;
pub mod spark;
pub mod summary;
pub mod timeline;
pub mod truth;

use std::time::Duration;

use crate::cloud_run::difference::Difference;
use crate::facts::{Facts, RolloutEnd};
use crate::step::PlannedStep;
use slipway_failure::{Class, Failure};
use slipway_names::kind::ResourceKind as Runs;

/// How a run ended; `K` says what for it was, where it ended well.
#[derive(Debug)]
pub enum Outcome<K = RunKind> {
    /// What was to serve serves, or what was to run has run.
    Succeeded(K),
    /// Nothing was to be changed; this is what would be.
    Planned(Vec<Difference>),
    /// It ended early.
    Failed(Failure),
    /// Somebody stopped it; the signal's name.
    Cancelled(&'static str),
}

/// Something that is said on the console.
#[derive(Debug, Clone)]
pub enum Said {
    /// A heading.
    Title(String),
    /// A line.
    Line(String),
    /// A line that somebody else wrote.
    Foreign(String),
    /// Something odd.
    Warning(String),
}

/// What a command says and writes about a run that is over.
#[derive(Debug)]
pub struct Report {
    /// How it ended, in a few words; names between backticks.
    pub headline: String,
    /// The line that a good end has on the console.
    pub title: String,
    /// Whether how it ended is said on the console at all.
    pub says_end: bool,
    /// What is said before how it ended.
    pub before: Vec<Said>,
    /// What is said after how it ended.
    pub after: Vec<Said>,
    /// What is true now, in sentences.
    pub now: Vec<String>,
    /// Whether a good end is followed by what is true now.
    pub says_now: bool,
    /// What the changes of a plan are on, such as "service".
    pub on: &'static str,
    /// Outputs by name.
    pub outputs: Vec<(String, String)>,
    /// The job summary.
    pub summary: String,
    /// The address that people look at first.
    pub url: Option<String>,
    /// Whether the command has itself ended the deployment that GitHub shows.
    pub deployment_is_over: bool,
    /// The sign before the headline where a chat hears of it; by how the run ended, unless it is said.
    pub sign: Option<&'static str>,
    /// Whether the summary is shown where nobody else shows it.
    pub shows_summary: bool,
    /// The process's exit code; by how the run ended, unless it is said.
    pub exit_code: Option<u8>,
}

impl Report {
    /// A report whose good end is its headline and how long it took.
    pub fn new<N: Into<String>>(headline: String, took: Duration, outputs: Vec<(N, String)>, summary: String) -> Self {
        Self {
            title: format!("{headline} in {}", slipway_runner::duration(took)),
            headline,
            says_end: true,
            before: Vec::new(),
            after: Vec::new(),
            now: Vec::new(),
            says_now: true,
            on: "service",
            outputs: outputs.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            summary,
            url: None,
            deployment_is_over: false,
            sign: None,
            shows_summary: true,
            exit_code: None,
        }
    }
}

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// A new revision with traffic.
    Deploy,
    /// A new revision without traffic.
    Candidate,
    /// A revision that served before.
    Rollback,
    /// A candidate that was there.
    Promote,
    /// Traffic alone.
    Traffic,
    /// Nothing had to be deployed.
    Unchanged,
}

impl Outcome {
    /// The word of the output `result`.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Succeeded(RunKind::Deploy | RunKind::Promote) => "deployed",
            Outcome::Succeeded(RunKind::Candidate) => "candidate",
            Outcome::Succeeded(RunKind::Rollback) => "rolled_back",
            Outcome::Succeeded(RunKind::Traffic) => "moved",
            Outcome::Succeeded(RunKind::Unchanged) => "unchanged",
            Outcome::Planned(_) => "planned",
            Outcome::Failed(failure) if failure.class() == Class::Superseded => "superseded",
            Outcome::Failed(_) => "failed",
            Outcome::Cancelled(_) => "cancelled",
        }
    }
}

impl<K> Outcome<K> {
    /// The word of the output `result` of a command that has one good end: `done`.
    pub(super) fn plain_word(&self, done: &'static str) -> &'static str {
        match self {
            Outcome::Succeeded(_) => done,
            Outcome::Planned(_) => "planned",
            Outcome::Failed(_) => "failed",
            Outcome::Cancelled(_) => "cancelled",
        }
    }
}

/// Everything a report is made of.
#[derive(Debug)]
pub struct Story<'a> {
    /// What the name below is the name of.
    pub kind: Runs,
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
    /// The head of the pull request that the commit is a merge of.
    pub head: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [PlannedStep],
    /// What is known.
    pub facts: &'a Facts,
    /// What is known of the other regions.
    pub others: &'a [(&'a str, &'a Facts)],
    /// How it ended.
    pub outcome: &'a Outcome,
    /// From begin to end.
    pub took: Duration,
}

/// The process's exit code: 128 and the signal's number after a signal.
pub fn exit_code<K>(outcome: &Outcome<K>) -> u8 {
    match outcome {
        Outcome::Succeeded(_) | Outcome::Planned(_) => 0,
        Outcome::Failed(failure) => failure.class().exit_code(),
        Outcome::Cancelled("SIGINT") => 130,
        Outcome::Cancelled("SIGHUP") => 129,
        Outcome::Cancelled(_) => 143,
    }
}

fn went_back(story: &Story<'_>) -> bool {
    story.facts.rollout.as_ref().is_some_and(|rollout| rollout.end == RolloutEnd::Restored)
}

/// How it ended, in a few words; the service's name between backticks.
pub fn headline(story: &Story<'_>) -> String {
    let service = story.service;
    match story.outcome {
        Outcome::Succeeded(RunKind::Deploy) => format!("`{service}` is deployed"),
        Outcome::Succeeded(RunKind::Candidate) => format!("A candidate of `{service}` is ready, without traffic"),
        Outcome::Succeeded(RunKind::Rollback) => format!("`{service}` is rolled back"),
        Outcome::Succeeded(RunKind::Promote) => format!("The candidate of `{service}` is promoted"),
        Outcome::Succeeded(RunKind::Traffic) => format!("The traffic of `{service}` is moved"),
        Outcome::Succeeded(RunKind::Unchanged) => format!("`{service}` is unchanged, and was not deployed"),
        Outcome::Planned(_) => format!("Plan for `{service}`"),
        Outcome::Failed(failure) if failure.class() == Class::Superseded => {
            format!("`{service}` was not deployed: something newer is there")
        }
        Outcome::Failed(_) if went_back(story) => format!("`{service}` was not deployed, and serves as before"),
        Outcome::Failed(failure) if failure.class() == Class::Rollback => {
            format!("`{service}` could not be put back as it was")
        }
        // What serves is deployed, whatever failed after that.
        Outcome::Failed(_) if story.facts.service.ready && story.facts.share().unwrap_or(0) > 0 => {
            format!("`{service}` is deployed, and something is wrong")
        }
        Outcome::Failed(_) => format!("`{service}` was not deployed"),
        Outcome::Cancelled(_) => format!("The deploy of `{service}` was cancelled"),
    }
}
