//! Telling what became of a rotation: its outputs, its summary, its document.

use std::time::Duration;

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::report::markdown::{code, sentence};
use crate::report::{Outcome, exit_code, parts as report_json, simulated, summary};
use crate::step::PlannedStep;
use slipway_names::rotation::{SOME_KEY, SecretHolds, SecretPlace};
use slipway_runner::duration;

/// Every output of the rotate-key command and one line on it; `actions/rotate-key/action.yml` holds the same.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("result", "`rotated`, `planned`, `failed` or `cancelled`"),
    ("key_id", "Id of the new key, while there is one"),
    ("updated_at", "When the secret was last written, by GitHub"),
    ("disabled_keys", "Ids of the keys that this run disabled, separated by commas"),
    ("deleted_keys", "Ids of the keys that this run deleted, separated by commas"),
    ("left_keys", "Ids of keys that somebody should look at, separated by commas; `now` in the report says why"),
    ("report", "Everything about the run as one JSON document (`schema: 1`)"),
];

/// Everything a report on a rotation is made of.
#[derive(Debug)]
pub struct RotationStory<'a> {
    /// The account whose keys they are.
    pub account: &'a str,
    /// The secret.
    pub place: &'a SecretPlace,
    /// The project.
    pub project: &'a str,
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

/// How it ended, in a few words; the account's name between backticks.
pub fn headline(story: &RotationStory<'_>) -> String {
    let account = story.account;
    match (story.outcome, story.facts.rotation.held) {
        (Outcome::Succeeded(()), _) => format!("The key of `{account}` is rotated"),
        (Outcome::Planned(_), _) => format!("Plan for the key of `{account}`"),
        (_, SecretHolds::New) => format!("The new key of `{account}` is stored, and something is wrong"),
        (Outcome::Cancelled(_), _) => format!("The rotation of the key of `{account}` was cancelled"),
        (Outcome::Failed(_), _) => format!("The key of `{account}` was not rotated"),
    }
}

/// Which key is where, in sentences.
pub fn sentences(story: &RotationStory<'_>) -> Vec<String> {
    let rotation = &story.facts.rotation;
    if let Outcome::Planned(_) = story.outcome {
        return vec!["Nothing was changed".to_owned()];
    }
    let place = story.place.to_string();
    let place = place.strip_prefix("secret").unwrap_or(&place);
    let new = rotation.new_key.as_deref().unwrap_or_default();
    let mut all = vec![match rotation.held {
        SecretHolds::New => format!("Secret{place} holds key `{new}`, which gives tokens"),
        SecretHolds::Either => format!("Secret{place} holds either the key it held before or `{new}`; both work"),
        SecretHolds::Old => format!("Secret{place} is as it was, and so is the key in it"),
    }];
    let account = story.account;
    all.extend(rotation.disabled.iter().map(|id| {
        format!("Key `{id}` is disabled. Should something still need it: gcloud iam service-accounts keys enable {id} --iam-account={account}")
    }));
    all.extend(rotation.deleted.iter().map(|id| format!("Key `{id}` is deleted")));
    all.extend(
        rotation.gone.iter().map(|id| format!("Key `{id}` is not there any more: it was deleted by somebody else")),
    );
    let named = |id: &str| rotation.left.iter().any(|(other, _)| other == id);
    if rotation.held == SecretHolds::Old && !new.is_empty() && !named(new) {
        all.push(format!("Look at key `{new}`: it was made, and nothing holds it"));
    }
    if rotation.before.is_some() && !named(SOME_KEY) {
        all.push(format!("A key may have been made that nobody has: gcloud iam service-accounts keys list --iam-account={account} --managed-by=user"));
    }
    all.extend(rotation.left.iter().map(|(id, why)| format!("Look at key `{id}`: {why}")));
    simulated::sentences(story.facts.simulated, all)
}

/// The values that are known; an output without one is not written.
pub fn values(story: &RotationStory<'_>) -> Vec<(&'static str, String)> {
    let rotation = &story.facts.rotation;
    let left: Vec<String> = rotation.left.iter().map(|(id, _)| id.clone()).collect();
    let list = |ids: &[String]| Some(ids.join(","));
    let value = |name: &str| match name {
        "result" => Some(story.outcome.plain_word("rotated").to_owned()),
        "key_id" => rotation.new_key.clone(),
        "updated_at" => rotation.updated_at.clone(),
        "disabled_keys" => list(&rotation.disabled),
        "deleted_keys" => list(&rotation.deleted),
        "left_keys" => list(&left),
        "report" => Some(document(story).to_string()),
        _ => None,
    };
    OUTPUTS.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect()
}

/// The whole document; what it shares with that of a deploy has the same names.
pub fn document(story: &RotationStory<'_>) -> Value {
    let (facts, rotation) = (story.facts, &story.facts.rotation);
    json!({
        "schema": report_json::SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": story.outcome.plain_word("rotated"),
        "exit_code": exit_code(story.outcome),
        "project": story.project,
        "account": story.caller,
        "run_url": story.run_url,
        "seconds": report_json::round(story.took.as_secs_f64()),
        "rotation": {
            "account": story.account,
            "secret": story.place.to_string(),
            "key": rotation.new_key,
            "proven": rotation.proven,
            "secret_holds": match rotation.held {
                SecretHolds::Old => "old",
                SecretHolds::Either => "either",
                SecretHolds::New => "new",
            },
            "updated_at": rotation.updated_at,
            "disabled": rotation.disabled,
            "deleted": rotation.deleted,
            "gone": rotation.gone,
            "left": rotation.left.iter().map(|(id, why)| json!({"key": id, "why": why})).collect::<Vec<_>>(),
        },
        "steps": report_json::steps(facts),
        "changes": report_json::changes(story.outcome),
        "warnings": facts.warnings,
        "failure": report_json::failure(story.outcome),
        "now": sentences(story),
    })
}

/// The job summary.
pub fn markdown(story: &RotationStory<'_>) -> String {
    let now = sentences(story);
    let mut parts = vec![head(story)];
    parts.push(
        summary::ended(story.outcome, &now, story.plan, "account and the secret").unwrap_or_else(|| summary::now(&now)),
    );
    parts.push(summary::steps(story.facts));
    parts.extend(summary::warnings(story.facts));
    summary::joined(parts)
}

fn head(story: &RotationStory<'_>) -> String {
    let rows = [
        ("Account", Some(code(story.account))),
        ("Secret", Some(sentence(&story.place.to_string()))),
        ("New key", story.facts.rotation.new_key.as_deref().map(code)),
        ("Took", Some(duration(story.took))),
    ];
    summary::titled(summary::mark(story.outcome), &headline(story), rows)
}
