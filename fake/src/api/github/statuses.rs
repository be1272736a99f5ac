//! Statuses of deployments, and what a success does to earlier deployments.

use super::body::{self, Kind};
use super::{account, deployments, pages, refusal, repository_of};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{DeploymentStatus, World};
use serde_json::{Map, Value, json};

const FIELDS: &[(&str, Kind, bool)] = &[
    ("state", Kind::Text, true),
    ("target_url", Kind::Text, false),
    ("log_url", Kind::Text, false),
    ("description", Kind::Text, false),
    ("environment", Kind::Text, false),
    ("environment_url", Kind::Text, false),
    ("auto_inactive", Kind::Flag, false),
];

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

/// Characters that a description has at most.
const LONGEST: usize = 140;

/// `GET /repos/{owner}/{repo}/deployments/{id}/statuses`: newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let found = deployments::find(world, call)?;
    let environment = found.environment.clone();
    Ok(pages::of(call, found.statuses.iter().rev().map(|status| view(status, &environment, call)).collect()))
}

/// `POST /repos/{owner}/{repo}/deployments/{id}/statuses`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let id = deployments::find(world, call)?.id;
    let fields = body::read(world, call, FIELDS)?;
    laws(&fields)?;
    let text = |name: &str| body::text(&fields, name).unwrap_or_default().to_owned();
    let name = repository_of(call);
    let status = DeploymentStatus {
        id: world.github.fresh_id(),
        state: text("state"),
        description: text("description"),
        environment_url: text("environment_url"),
        log_url: if fields.contains_key("log_url") { text("log_url") } else { text("target_url") },
        creator: call.account.clone(),
        created: world.stamp(0),
    };
    let ends_others = status.state == "success" && fields.get("auto_inactive").and_then(Value::as_bool).unwrap_or(true);
    let mut ended = Vec::new();
    if let Some(made) = world.github.repository(&name).deployments.iter_mut().find(|known| known.id == id) {
        if let Some(environment) = body::text(&fields, "environment") {
            environment.clone_into(&mut made.environment);
        }
        made.updated.clone_from(&status.created);
        made.statuses.push(status.clone());
    }
    if ends_others {
        ended = world.github.repository(&name).superseded_by(id);
    }
    for earlier in ended {
        let status = DeploymentStatus {
            id: world.github.fresh_id(),
            state: "inactive".to_owned(),
            description: String::new(),
            environment_url: String::new(),
            log_url: String::new(),
            ..status.clone()
        };
        let known = world.github.repository(&name).deployments.iter_mut().filter(|known| known.id == earlier);
        known.for_each(|known| known.statuses.push(status.clone()));
    }
    world.effect("deployment status created", format!("{name} {id} {}", status.state));
    let environment = deployments::find(world, call)?.environment.clone();
    Ok(refusal::github(201, &view(&status, &environment, call)))
}

fn laws(fields: &Map<String, Value>) -> Result<(), Reply> {
    let state = body::text(fields, "state").unwrap_or_default();
    if !STATES.contains(&state) {
        let text = format!(
            "Invalid request.\n\n{state} is not a member of [{}].",
            STATES.map(|s| format!("\"{s}\"")).join(", ")
        );
        return Err(refusal::refuse(422, &text));
    }
    let wrong = |field: &str, message: &str| {
        let error = json!({"resource": "DeploymentStatus", "code": "custom", "field": field, "message": message});
        Err(refusal::invalid(&error))
    };
    if body::text(fields, "description").is_some_and(|text| text.chars().count() > LONGEST) {
        return wrong("description", "description is too long (maximum is 140 characters)");
    }
    for field in ["environment_url", "log_url", "target_url"] {
        let text = body::text(fields, field).unwrap_or_default();
        if !text.is_empty() && !text.starts_with("https://") && !text.starts_with("http://") {
            return wrong(field, &format!("{field} must use http(s) scheme"));
        }
    }
    Ok(())
}

fn view(status: &DeploymentStatus, environment: &str, call: &Call) -> Value {
    let home =
        format!("{}/repos/{}/{}/deployments/{}", call.base, call.hole("owner"), call.hole("repo"), call.hole("id"));
    json!({
        "url": format!("{home}/statuses/{}", status.id),
        "id": status.id,
        "state": status.state,
        "creator": account(&status.creator),
        "description": status.description,
        "environment": environment,
        "target_url": status.log_url,
        "created_at": status.created,
        "updated_at": status.created,
        "deployment_url": home,
        "environment_url": status.environment_url,
        "log_url": status.log_url,
    })
}
