//! The parts that the JSON documents of several reports have alike: the version of their shape, steps, checks, changes, a
//! failure, an allocation, seconds.

use serde_json::{Value, json};

use super::{Outcome, Story};
use crate::facts::Facts;
use slipway_names::traffic::{Traffic, TrafficTarget};

/// The version of the document's shape.
pub(crate) const SCHEMA: u32 = 1;

/// The steps of a run.
pub(crate) fn steps(facts: &Facts) -> Value {
    let steps = facts.steps.iter().map(|step| {
        json!({
            "name": step.name.title(), "result": step.state.word(), "seconds": round(step.took.as_secs_f64()), "note": step.note,
        })
    });
    steps.collect()
}

/// The checks.
pub(crate) fn checks(facts: &Facts) -> Value {
    let checks = facts.checks.iter().map(|check| {
        json!({
            "at": check.at, "request": check.request, "proof": check.proof, "expected": check.expected, "answer": check.answer, "passed": check.passed, "result": check.verdict().1, "attempts": check.attempts,
        })
    });
    checks.collect()
}

/// What would change, where that was asked.
pub(crate) fn changes<K>(outcome: &Outcome<K>) -> Value {
    let Outcome::Planned(changes) = outcome else { return Value::Null };
    let changes =
        changes.iter().map(|change| json!({"setting": change.what, "before": change.before, "after": change.after}));
    changes.collect()
}

/// What went wrong, where something did.
pub(crate) fn failure<K>(outcome: &Outcome<K>) -> Value {
    let Outcome::Failed(failure) = outcome else { return Value::Null };
    json!({
        "class": failure.class().word(), "what": failure.to_string(), "causes": failure.causes(),
        "evidence": failure.evidence_lines(), "hints": failure.hints(),
    })
}

pub(crate) fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// An allocation as JSON: revisions by name, `latest` resolved to the one it stands for.
pub fn traffic_json(traffic: &Traffic, story: &Story<'_>) -> Value {
    let latest = story.facts.service.latest_ready.as_ref().map(ToString::to_string);
    let shares = traffic.shares.iter().map(|share| {
        let (revision, is_latest) = match &share.target {
            TrafficTarget::Latest => (latest.clone(), true),
            TrafficTarget::Revision(name) => (Some(name.to_string()), false),
        };
        json!({"revision": revision, "percent": share.percent, "tag": share.tag, "latest": is_latest})
    });
    shares.collect()
}
