//! Telling what became of a release: every part, what serves now, where the time went.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::commands::hosting::report as hosting;
use crate::commands::hosting::report::SiteStory;
use crate::facts::{Facts, RolloutEnd, Written};
use crate::report::markdown::{code, escape, folded, link, sentence, table};
use crate::report::{Outcome, Story, build, exit_code, json, outputs, parts as report_json, summary, timeline, truth};
use crate::step::PlannedStep;
use crate::step::StepFact;
use slipway_failure::Class;
use slipway_names::hosting::{SiteEnd, short};
use slipway_names::json::set;
use slipway_runner::duration;

/// Every output of the release command and one line on it; `actions/release/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("url", "Address to look at first: of the first site, else of the first service"),
    (
        "urls",
        "Addresses of all parts, a JSON object by the name of the part; without JSON, `url_PART` and what else is known of each part",
    ),
    ("environment", "Environment of the manifest that was released"),
    ("result", "`released`, `planned`, `superseded`, `failed` or `cancelled`"),
    ("report", "Everything about the run as one JSON document (`schema: 1`), a part each"),
];

/// A part of a release.
#[derive(Debug)]
pub enum ReleasePart<'a> {
    /// A service.
    Service(&'a str, Story<'a>),
    /// One or more sites.
    Site(&'a str, SiteStory<'a>),
}

/// Everything a report on a release is made of.
#[derive(Debug)]
pub struct ReleaseStory<'a> {
    /// The environment, where the manifest has any.
    pub environment: Option<&'a str>,
    /// The commit.
    pub commit: Option<&'a str>,
    /// The head of the pull request that the commit is a merge of.
    pub head: Option<&'a str>,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [PlannedStep],
    /// The parts, in the order of the manifest.
    pub parts: &'a [ReleasePart<'a>],
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

impl ReleasePart<'_> {
    /// Its name in the manifest.
    pub fn name(&self) -> &str {
        match self {
            ReleasePart::Service(name, _) | ReleasePart::Site(name, _) => name,
        }
    }

    pub(crate) fn facts(&self) -> &Facts {
        match self {
            ReleasePart::Service(_, story) => story.facts,
            ReleasePart::Site(_, story) => story.facts,
        }
    }

    /// Where it can be looked at: of a candidate that waits, its tag's address.
    pub fn url(&self) -> Option<&str> {
        match self {
            ReleasePart::Service(_, story) => match &story.facts.rollout {
                Some(rollout) if rollout.end == RolloutEnd::Candidate => rollout.uri.as_deref(),
                _ => story.facts.service.url.as_deref(),
            },
            ReleasePart::Site(_, story) => story.facts.sites.first().and_then(|fact| fact.url.as_deref()),
        }
    }

    fn sentences(&self) -> Vec<String> {
        match self {
            ReleasePart::Service(_, story) => truth::sentences(story),
            ReleasePart::Site(_, story) => hosting::sentences(story),
        }
    }

    fn document(&self) -> Value {
        match self {
            ReleasePart::Service(_, story) => json::document(story),
            ReleasePart::Site(_, story) => hosting::document(story),
        }
    }

    /// What it is, what it shows, and how it ended: a row of the table of parts.
    fn row(&self) -> Vec<String> {
        let url = self.url().map(link).unwrap_or_default();
        let (what, serves, end) = match self {
            ReleasePart::Service(_, story) => {
                let facts = story.facts;
                let service = &facts.service;
                let serves = match (&service.traffic, service.written) {
                    (Some(traffic), _) => Some(sentence(&traffic.words(service.latest_ready.as_ref()))),
                    (None, Written::No) if service.existed => {
                        Some(sentence(&service.traffic_before.words(service.latest_before.as_ref())))
                    }
                    (None, Written::No) => None,
                    (None, _) => Some("not known".to_owned()),
                };
                let quiet = if facts.unchanged.is_some() { "unchanged" } else { "direct" };
                let end = facts.rollout.as_ref().map_or(quiet, |rollout| truth::rollout_word(&rollout.end));
                (format!("Service {} in {}", code(story.service), code(story.region)), serves.unwrap_or_default(), end)
            }
            ReleasePart::Site(_, story) => {
                let first = story.facts.sites.first();
                let shown = first.map(|fact| match (&fact.end, fact.released) {
                    (SiteEnd::Stuck(_), _) => fact.left_showing.as_ref().map(hosting::before),
                    (SiteEnd::Restored, _) => Some(hosting::before(&fact.before)),
                    (SiteEnd::Released, _) => fact.version.as_deref().map(|name| format!("`{}`", short(name))),
                    (SiteEnd::Open, Written::No) => Some(hosting::before(&fact.before)),
                    _ => None,
                });
                let shown = shown.map(|shown| sentence(&shown.unwrap_or_else(|| "not known".to_owned())));
                let site = first.map(|fact| code(&fact.site)).unwrap_or_default();
                let end = first.map_or("", |fact| fact.end.word());
                (format!("Site {site}, channel {}", code(story.channel)), shown.unwrap_or_default(), end)
            }
        };
        vec![code(self.name()), what, serves, end.to_owned(), url]
    }
}

/// The word of the output `result`.
pub fn word(outcome: &Outcome<()>) -> &'static str {
    match outcome {
        Outcome::Succeeded(()) => "released",
        Outcome::Planned(_) => "planned",
        Outcome::Failed(failure) if failure.class() == Class::Superseded => "superseded",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
    }
}

/// How it ended, in a few words.
pub fn headline(story: &ReleaseStory<'_>) -> String {
    let of = story.environment.map(|environment| format!(" of `{environment}`")).unwrap_or_default();
    let names: Vec<String> = story.parts.iter().map(|part| format!("`{}`", part.name())).collect();
    let names = names.join(", ");
    match story.outcome {
        Outcome::Succeeded(()) => format!("The release{of} is out: {names}"),
        Outcome::Planned(_) => format!("Plan for the release{of}: {names}"),
        Outcome::Failed(failure) if failure.class() == Class::Rollback => {
            format!("The release{of} failed, and not everything could be put back")
        }
        Outcome::Failed(_) => format!("The release{of} failed"),
        Outcome::Cancelled(_) => format!("The release{of} was cancelled"),
    }
}

/// What stands in the cloud after this run, in sentences that begin with the name of the part.
pub fn sentences(story: &ReleaseStory<'_>) -> Vec<String> {
    if let Outcome::Planned(_) = story.outcome {
        return vec!["Nothing was changed".to_owned()];
    }
    let all = story
        .parts
        .iter()
        .flat_map(|part| part.sentences().into_iter().map(|sentence| format!("`{}`: {sentence}", part.name())));
    all.collect()
}

/// The values that are known; an output without one is not written.
pub fn values(story: &ReleaseStory<'_>) -> Vec<(String, String)> {
    let value = |name: &str| match name {
        "url" => first_url(story).map(str::to_owned),
        "urls" => Some(urls(story).to_string()),
        "environment" => story.environment.map(str::to_owned),
        "result" => Some(word(story.outcome).to_owned()),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    let named = OUTPUTS.iter().filter_map(|(name, _)| Some(((*name).to_owned(), value(name)?)));
    named.chain(of_each_part(story)).collect()
}

/// The address people look at first: of the first site, else of the first service.
pub(crate) fn first_url<'a>(story: &'a ReleaseStory<'_>) -> Option<&'a str> {
    let site = story.parts.iter().find(|part| matches!(part, ReleasePart::Site(..)));
    site.or(story.parts.first()).and_then(ReleasePart::url)
}

/// Outputs of each part, which other jobs get whatever is masked: `url_PART`, of a service `revision_PART` and
/// `image_PART`, of a site `version_PART`; with several regions or sites `url_PART_REGION` or `url_PART_SITE` too.
pub(crate) fn of_each_part(story: &ReleaseStory<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for part in story.parts {
        let name = part.name();
        let start = format!("url_{name}");
        let mut add = |what: &str, value: Option<String>| {
            all.extend(value.map(|value| (format!("{what}_{name}"), value)));
        };
        add("url", part.url().map(str::to_owned));
        match part {
            ReleasePart::Service(_, story) => {
                add("revision", story.facts.service.revision.as_ref().map(ToString::to_string));
                add("image", story.facts.image.as_ref().map(ToString::to_string));
                all.extend(outputs::url_of_each_region(&start, story));
            }
            ReleasePart::Site(_, story) => {
                let shown = story.facts.sites.first().and_then(|fact| fact.version.as_deref());
                add("version", shown.map(|name| short(name).to_owned()));
                all.extend(hosting::url_of_each_site(&start, story.facts));
            }
        }
    }
    all
}

pub(crate) fn urls(story: &ReleaseStory<'_>) -> Value {
    let all = story.parts.iter().map(|part| (part.name().to_owned(), json!(part.url())));
    all.collect::<Map<_, _>>().into()
}

/// The whole document.
pub fn document(story: &ReleaseStory<'_>) -> Value {
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story.outcome),
        "exit_code": exit_code(story.outcome),
        "environment": story.environment,
        "commit": story.commit,
        "head_commit": story.head,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "urls": urls(story),
        "parts": story.parts.iter().map(|part| {
            let mut document = part.document();
            // How the whole ended is said once; of a part, only what it did and what is true.
            for said_once in ["schema", "slipway", "result", "exit_code", "failure", "seconds", "commit", "head_commit", "run_url", "changes"] {
                document.as_object_mut().map(|document| document.remove(said_once));
            }
            set(&mut document, "part", part.name());
            document
        }).collect::<Vec<_>>(),
        "changes": report_json::changes(story.outcome),
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary.
pub fn markdown(story: &ReleaseStory<'_>) -> String {
    with_head(story, head(story))
}

/// The job summary under another head.
pub(crate) fn with_head(story: &ReleaseStory<'_>, head: String) -> String {
    let now = sentences(story);
    let mut parts = vec![head];
    parts.extend(summary::ended(story.outcome, &now, story.plan, "parts"));
    parts.push(table_of_parts(story));
    parts.push(steps(story));
    parts.extend(builds(story));
    parts.extend(checks(story));
    parts.extend(warnings(story));
    let sections: Vec<(&str, &Facts)> = story.parts.iter().map(|part| (part.name(), part.facts())).collect();
    let chart = timeline::chart_of_parts(&sections, story.took);
    parts.extend(chart.map(|chart| format!("### Where the time went\n\n{chart}")));
    summary::joined(parts)
}

fn head(story: &ReleaseStory<'_>) -> String {
    let rows = [
        ("Environment", story.environment.map(code)),
        ("Commit", story.commit.map(code)),
        ("A merge of", story.head.map(code)),
        ("Took", Some(duration(story.took))),
    ];
    summary::titled(summary::mark(story.outcome), &headline(story), rows)
}

fn table_of_parts(story: &ReleaseStory<'_>) -> String {
    let rows: Vec<Vec<String>> = story.parts.iter().map(ReleasePart::row).collect();
    format!("### Parts\n\n{}", table(&["Part", "", "Serves now", "End", "URL"], &rows))
}

/// What was built, folded: of several parts each has a table and a chart of its own.
fn builds(story: &ReleaseStory<'_>) -> Vec<String> {
    let of = |part: &ReleasePart<'_>| {
        let text = build::markdown(part.facts().built()?)?;
        Some(folded(&format!("Build of {}", escape(part.name())), &text))
    };
    story.parts.iter().filter_map(of).collect()
}

fn steps(story: &ReleaseStory<'_>) -> String {
    let row = |part: &str, step: &StepFact| {
        let result = format!("{}\u{a0}{}", step.state.sign(), step.state.word());
        vec![code(part), step.name.title().to_owned(), result, duration(step.took), sentence(&step.note)]
    };
    let all = story.parts.iter().flat_map(|part| part.facts().steps.iter().map(move |step| (part.name(), step)));
    let mut all: Vec<(&str, &StepFact)> = all.collect();
    all.sort_by_key(|(_, step)| step.begun);
    let rows: Vec<Vec<String>> = all.into_iter().map(|(part, step)| row(part, step)).collect();
    format!("### Steps\n\n{}", table(&["Part", "Step", "Result", "Time", ""], &rows))
}

fn checks(story: &ReleaseStory<'_>) -> Option<String> {
    let parts: Vec<String> = story
        .parts
        .iter()
        .filter_map(|part| {
            Some(summary::checks(part.facts())?.replacen("### Checks", &format!("#### {}", code(part.name())), 1))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("### Checks\n\n{}", parts.join("\n")))
}

fn warnings(story: &ReleaseStory<'_>) -> Option<String> {
    let all = story.parts.iter().flat_map(|part| part.facts().warnings.iter());
    let lines: String = all.map(|text| format!("* {}\n", sentence(text))).collect();
    (!lines.is_empty()).then(|| format!("### Warnings\n\n{lines}"))
}
