//! Workflow runs.

use super::{number, refusal, repository_of};
use crate::call::Call;
use crate::reply::Answer;
use crate::world::World;
use serde_json::json;

/// `GET /repos/{owner}/{repo}/actions/runs/{id}` (docs.github.com, "Get a workflow run"): its newest attempt.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let id = number(call, "id")?;
    let run = repository.runs.get(&id).ok_or_else(refusal::not_found)?;
    let body = json!({
        "id": id,
        "url": format!("{}/repos/{}/actions/runs/{id}", call.base, repository.name),
        "run_attempt": run.attempt,
        "status": run.status,
        "conclusion": if run.status == "completed" { json!("success") } else { json!(null) },
    });
    Ok(refusal::github(200, &body))
}
