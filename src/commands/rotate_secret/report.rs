//! Telling what became of the rotation of a secret: its outputs, its summary, its document. No value is known here.

use std::time::Duration;

use serde_json::{Value, json};

use crate::facts::{Facts, RolloutEnd, Written};
use crate::report::markdown::code;
use crate::report::{Outcome, exit_code, parts as report_json, simulated, summary, truth};
use crate::step::PlannedStep;
use slipway_failure::Class;
use slipway_names::kind::ResourceKind;
use slipway_runner::duration;

/// Every output of the rotate-secret command and one line on it; `actions/rotate-secret/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("result", "`rotated`, `not_due`, `planned`, `failed` or `cancelled`"),
    ("secret_version", "Number of the version that the service reads by this run; empty where it reads what it read"),
    ("previous_versions", "Numbers of the versions that the service read before, separated by commas"),
    ("revision", "Revision that this run made for the new version"),
    ("disabled_versions", "Numbers of the versions that this run disabled, separated by commas"),
    ("waiting_versions", "Numbers of replaced versions that a later run disables, separated by commas"),
    (
        "left_versions",
        "Numbers of versions that somebody should look at, separated by commas; `now` in the report says why",
    ),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// What is rotated.
#[derive(Debug, Clone, Copy)]
pub struct Rotated<'a> {
    /// The secret's name.
    pub secret: &'a str,
    /// Id of the secret's project.
    pub secret_project: &'a str,
    /// The service.
    pub service: &'a str,
    /// Its region.
    pub region: &'a str,
    /// Its project.
    pub project: &'a str,
}

/// Everything a report on the rotation of a secret is made of.
#[derive(Debug)]
pub struct SecretStory<'a> {
    /// What is rotated.
    pub what: Rotated<'a>,
    /// Who did it.
    pub caller: &'a str,
    /// The page of this run.
    pub run_url: Option<String>,
    /// What was planned.
    pub plan: &'a [PlannedStep],
    /// What is known.
    pub facts: &'a Facts,
    /// How it ended.
    pub outcome: &'a Outcome<()>,
    /// From begin to end.
    pub took: Duration,
}

/// The word of the output `result`.
pub fn word(story: &SecretStory<'_>) -> &'static str {
    match story.outcome {
        Outcome::Succeeded(()) if story.facts.secret.not_due.is_some() => "not_due",
        Outcome::Succeeded(()) => "rotated",
        Outcome::Planned(_) => "planned",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
    }
}

/// How it ended, in a few words; names between backticks.
pub fn headline(story: &SecretStory<'_>) -> String {
    let (secret, service) = (story.what.secret, story.what.service);
    match story.outcome {
        Outcome::Succeeded(()) if story.facts.secret.not_due.is_some() => format!("Secret `{secret}` is not due"),
        Outcome::Succeeded(()) => format!("Secret `{secret}` is rotated, and `{service}` reads the new version"),
        Outcome::Planned(_) => format!("Plan for secret `{secret}` of `{service}`"),
        _ if story.facts.secret.moved => {
            format!("`{service}` reads the new version of `{secret}`, and something is wrong")
        }
        Outcome::Failed(failure) if failure.class() == Class::Rollback => {
            format!("`{service}` could not be put back as it was")
        }
        Outcome::Cancelled(_) => format!("The rotation of secret `{secret}` was cancelled"),
        Outcome::Failed(_) => format!("Secret `{secret}` was not rotated"),
    }
}

/// Which version is read and what became of the others, in sentences.
pub fn sentences(story: &SecretStory<'_>) -> Vec<String> {
    if let Outcome::Planned(_) = story.outcome {
        return vec!["Nothing was changed".to_owned()];
    }
    let (facts, known) = (story.facts, &story.facts.secret);
    let Rotated { secret, secret_project, service, .. } = story.what;
    let mut all = Vec::new();
    let gcloud = |verb: &str, number: &str| {
        format!("gcloud secrets versions {verb} {number} --secret={secret} --project={secret_project}")
    };
    let new = known.new.map(|number| number.to_string()).unwrap_or_default();
    if known.moved {
        all.push(format!("Service `{service}` reads version {new} of `{secret}`"));
    } else if let Some(why) = &known.not_due {
        all.push(format!("Nothing was rotated: {why}"));
    } else if known.previous.is_empty() {
        all.push(format!("Nothing was changed on secret `{secret}`"));
    } else if facts.service.written == Written::No
        || facts.rollout.as_ref().is_none_or(|rollout| rollout.end == RolloutEnd::Restored)
    {
        all.push(format!("Service `{service}` reads version {} of `{secret}`, as before", numbers(&known.previous)));
    }
    if known.not_due.is_none() {
        all.extend(truth::of_service(ResourceKind::Service, service, facts));
    }
    if let Some(pinned) = known.pinned.filter(|_| !known.moved) {
        all.push(format!("Its references to `latest` are pinned to version {pinned}, which is what they read"));
    }
    all.extend(known.disabled.iter().map(|number| {
        let enable = gcloud("enable", &number.to_string());
        match known.moved || known.not_due.is_some() {
            true => format!("Version {number} is disabled. Should something still need it, or a rollback lead to a revision that reads it: {enable}"),
            false => format!("Version {number} is disabled: it was made by this run, and nothing reads it"),
        }
    }));
    all.extend(known.waiting.iter().map(|(number, until)| {
        format!("Version {number} stays enabled; the first run from {until} on disables it, when nothing reads it")
    }));
    if known.before.is_some() {
        all.push(format!(
            "A version may have been made that nothing reads: gcloud secrets versions list {secret} --project={secret_project}"
        ));
    }
    let named = known.left.iter().any(|(number, _)| *number == new);
    if !known.moved && known.new.is_some() && !named {
        all.push(format!(
            "Look at version {new}: it was made by this run, and is enabled: {}",
            gcloud("disable", &new)
        ));
    }
    all.extend(known.left.iter().map(|(number, why)| format!("Look at version {number}: {why}")));
    simulated::sentences(facts.simulated, all)
}

fn numbers(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// The values that are known; an output without one is not written.
pub fn values(story: &SecretStory<'_>) -> Vec<(&'static str, String)> {
    let known = &story.facts.secret;
    let waiting: Vec<u64> = known.waiting.iter().map(|(number, _)| *number).collect();
    let left: Vec<String> = known.left.iter().map(|(number, _)| number.clone()).collect();
    let value = |name: &str| match name {
        "result" => Some(word(story).to_owned()),
        "secret_version" => Some(known.new.filter(|_| known.moved).map(|new| new.to_string()).unwrap_or_default()),
        "previous_versions" => Some(numbers(&known.previous)),
        "revision" => story.facts.service.revision.as_ref().map(ToString::to_string),
        "disabled_versions" => Some(numbers(&known.disabled)),
        "waiting_versions" => Some(numbers(&waiting)),
        "left_versions" => Some(left.join(",")),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &SecretStory<'_>) -> Value {
    let (facts, known) = (story.facts, &story.facts.secret);
    let what = story.what;
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": word(story),
        "exit_code": exit_code(story.outcome),
        "project": what.project,
        "region": what.region,
        "service": what.service,
        "account": story.caller,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "url": facts.service.url,
        "revision": facts.service.revision.as_ref().map(ToString::to_string),
        "previous_revision": facts.service.previous.as_ref().map(ToString::to_string),
        "image": facts.real_image().map(ToString::to_string),
        "secret": {
            "name": what.secret,
            "project": what.secret_project,
            "version": known.new.filter(|_| known.moved),
            "previous": known.previous,
            "pinned": known.pinned,
            "not_due": known.not_due,
            "disabled": known.disabled,
            "waiting": known.waiting.iter().map(|(number, until)| json!({"version": number, "until": until})).collect::<Vec<_>>(),
            "left": known.left.iter().map(|(number, why)| json!({"version": number, "why": why})).collect::<Vec<_>>(),
        },
        "steps": report_json::steps(facts),
        "changes": report_json::changes(story.outcome),
        "warnings": facts.warnings,
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary.
pub fn markdown(story: &SecretStory<'_>) -> String {
    let now = sentences(story);
    let mut parts = vec![head(story)];
    parts.push(
        summary::ended(story.outcome, &now, story.plan, "service and the secret").unwrap_or_else(|| summary::now(&now)),
    );
    parts.push(summary::steps(story.facts));
    parts.extend(summary::checks(story.facts));
    parts.extend(summary::warnings(story.facts));
    summary::joined(parts)
}

fn head(story: &SecretStory<'_>) -> String {
    let known = &story.facts.secret;
    let rows = [
        ("Secret", Some(code(story.what.secret))),
        ("Service", Some(format!("{} in {}", code(story.what.service), code(story.what.region)))),
        ("Version", known.new.filter(|_| known.moved).map(|new| new.to_string())),
        ("Before", Some(numbers(&known.previous)).filter(|before| !before.is_empty())),
        ("Revision", story.facts.service.revision.as_ref().map(|revision| code(revision.as_str()))),
        ("Took", Some(duration(story.took))),
    ];
    summary::titled(summary::mark(story.outcome), &headline(story), rows)
}
