//! The report as one JSON document. Its shape is versioned: fields are added, never changed.

use serde_json::{Value, json};

use super::parts::{SCHEMA, changes, checks, failure, round, steps, traffic_json};
use super::{Outcome, Story, build, execution, truth};

/// The whole document.
pub fn document(story: &Story<'_>) -> Value {
    let facts = story.facts;
    let service = &facts.service;
    json!({
        "schema": SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": story.outcome.word(),
        "exit_code": super::exit_code(story.outcome),
        "project": story.project,
        "region": story.region,
        "service": story.service,
        "account": story.account,
        "commit": story.commit,
        "head_commit": story.head,
        "run_url": story.run_url,
        "seconds": round(story.took.as_secs_f64()),
        "url": service.url,
        "revision": service.revision.as_ref().map(ToString::to_string),
        "previous_revision": service.previous.as_ref().map(ToString::to_string),
        "image": facts.real_image().map(ToString::to_string),
        "digest": facts.real_image().map(|image| image.digest().to_string()),
        "traffic_before": if service.existed { traffic_json(&service.traffic_before, story) } else { Value::Null },
        "traffic": service.traffic.as_ref().map(|traffic| traffic_json(traffic, story)),
        "commits": facts.commits,
        "domain": facts.domain.as_ref().map(|domain| json!({
            "name": domain.name.as_str(), "state": domain.state,
            "records": domain.records.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
        "regions": std::iter::once((story.region, story.facts)).chain(story.others.iter().copied())
            .map(|(region, facts)| json!({
                "region": region, "url": facts.service.url, "share": facts.share(),
                "rollout": facts.rollout.as_ref().map(|rollout| truth::rollout_word(&rollout.end)),
                "steps": facts.steps.iter().map(|step| json!({
                    "name": step.name.title(), "result": step.state.word(), "seconds": round(step.took.as_secs_f64()), "note": step.note,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        "rollout": facts.rollout.as_ref().map(|rollout| json!({
            "tag": rollout.tag, "before": traffic_json(&rollout.before, story),
            "steps": rollout.stops.iter().map(|(percent, seen)| json!({"percent": percent, "seen": seen})).collect::<Vec<_>>(),
            "end": truth::rollout_word(&rollout.end),
        })),
        "package": facts.package.as_ref().map(|package| json!({
            "files": package.files, "bytes": package.bytes, "archive_bytes": package.archive_bytes,
            "tree": package.tree, "object": package.object,
        })),
        "build": facts.built().map(build::document),
        "pre_deploy_job": facts.ran().map(execution::document),
        "steps": steps(facts),
        "checks": checks(facts),
        "changes": changes(story.outcome),
        "warnings": facts.warnings,
        "failure": failure(story.outcome),
        "now": truth::sentences(story),
    })
}

/// The document of a run whose inputs are wrong: what is wrong with each, and that nothing was sent.
pub fn refused(outcome: &Outcome<()>) -> Value {
    json!({
        "schema": SCHEMA,
        "slipway": env!("CARGO_PKG_VERSION"),
        "result": "failed",
        "exit_code": super::exit_code(outcome),
        "steps": [],
        "warnings": [],
        "failure": failure(outcome),
        "now": ["Nothing was sent to Google"],
    })
}
