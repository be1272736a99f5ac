//! Deployments: created once, listed newest first, deleted when they are over.

use super::body::{self, Kind};
use super::{account, number, pages, refusal, repository_of};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{GitHubDeployment, GitHubRepository, World};
use serde_json::{Map, Value, json};

const FIELDS: &[(&str, Kind, bool)] = &[
    ("ref", Kind::Text, true),
    ("task", Kind::Text, false),
    ("auto_merge", Kind::Flag, false),
    ("required_contexts", Kind::Texts, false),
    ("payload", Kind::Payload, false),
    ("environment", Kind::Text, false),
    ("description", Kind::TextOrNull, false),
    ("transient_environment", Kind::Flag, false),
    ("production_environment", Kind::Flag, false),
];

/// `GET /repos/{owner}/{repo}/deployments`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let fits = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted.is_empty() || wanted == value);
    let fitting = repository.deployments.iter().rev().filter(|known| {
        fits("sha", &known.sha)
            && fits("ref", &known.reference)
            && fits("task", &known.task)
            && fits("environment", &known.environment)
    });
    Ok(pages::of(call, fitting.map(|known| view(known, call)).collect()))
}

/// `GET /repos/{owner}/{repo}/deployments/{id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    Ok(refusal::github(200, &view(find(world, call)?, call)))
}

/// `POST /repos/{owner}/{repo}/deployments`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let fields = body::read(world, call, FIELDS)?;
    let name = repository_of(call);
    let reference = body::text(&fields, "ref").unwrap_or_default().to_owned();
    let repository = world.github.find(&name).ok_or_else(refusal::not_found)?;
    let Some(sha) = repository.resolve(&reference) else {
        return Err(refusal::refuse(422, &format!("No ref found for: {reference}")));
    };
    if let Some(merged) = merge(repository, &fields, &reference, &sha) {
        return Ok(merged);
    }
    contexts(repository, &fields, &reference, &sha)?;
    let text = |name: &str, usual: &str| body::text(&fields, name).unwrap_or(usual).to_owned();
    let flag = |name: &str| fields.get(name).and_then(Value::as_bool);
    let environment = text("environment", "production");
    let id = world.github.deploy(&name, &reference, &environment);
    let repository = world.github.repository(&name);
    if let Some(made) = repository.deployments.iter_mut().find(|known| known.id == id) {
        made.task = text("task", "deploy");
        made.description = body::text(&fields, "description").map(str::to_owned);
        made.transient = flag("transient_environment").unwrap_or(false);
        made.production = flag("production_environment").unwrap_or(environment == "production");
        made.payload = fields.get("payload").cloned().unwrap_or_else(|| json!({}));
        made.creator.clone_from(&call.account);
    }
    world.effect("deployment created", format!("{name} {environment} {id}"));
    let made = world.github.find(&name).and_then(|known| known.deployment(id)).ok_or_else(refusal::not_found)?;
    Ok(refusal::github(201, &view(made, call)))
}

/// `DELETE /repos/{owner}/{repo}/deployments/{id}`: the only one may always go, of several only what is over.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let found = find(world, call)?;
    let (id, environment) = (found.id, found.environment.clone());
    let over = matches!(found.state(), Some("inactive" | "failure" | "error"));
    let name = repository_of(call);
    let repository = world.github.repository(&name);
    let alone = repository.deployments.iter().filter(|known| known.environment == environment).count() == 1;
    if !over && !alone {
        let text = "We cannot delete an active deployment unless it is the only deployment in a given environment.";
        return Err(refusal::refuse(422, text));
    }
    repository.deployments.retain(|known| known.id != id);
    world.effect("deployment deleted", format!("{name} {environment} {id}"));
    Ok(Reply::empty(204))
}

/// The deployment a call names.
pub(super) fn find<'a>(world: &'a World, call: &Call) -> Result<&'a GitHubDeployment, Reply> {
    let id = number(call, "id")?;
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    repository.deployment(id).ok_or_else(refusal::not_found)
}

/// Unless told otherwise, GitHub merges the default branch into a branch that lacks some of it, and deploys nothing.
fn merge(repository: &GitHubRepository, fields: &Map<String, Value>, reference: &str, sha: &str) -> Option<Reply> {
    let main = &repository.default_branch;
    let wanted = fields.get("auto_merge").and_then(Value::as_bool).unwrap_or(true);
    if !wanted || reference == main || !repository.refs.contains_key(reference) {
        return None;
    }
    let missing = repository.compare(repository.refs.get(main)?, sha)?.behind;
    let message = format!("Auto-merged {main} into {reference} on deployment.");
    (missing > 0).then(|| refusal::github(202, &json!({"message": message})))
}

/// Commit statuses that must be green are, or there is a conflict. Without a list all of them must be.
fn contexts(
    repository: &GitHubRepository,
    fields: &Map<String, Value>,
    reference: &str,
    sha: &str,
) -> Result<(), Reply> {
    let wanted = fields.get("required_contexts").and_then(Value::as_array);
    let failing = repository.failing.get(sha).into_iter().flatten();
    let failing: Vec<&String> =
        failing.filter(|context| wanted.is_none_or(|list| list.iter().any(|name| name == context.as_str()))).collect();
    if failing.is_empty() {
        return Ok(());
    }
    let shown: Vec<Value> = failing.iter().map(|context| json!({"context": context, "state": "failure"})).collect();
    let error = json!({"contexts": shown, "resource": "Deployment", "field": "required_contexts", "code": "invalid"});
    let body = json!({"message": format!("Conflict: Commit status checks failed for {reference}."), "errors": [error],
        "documentation_url": "https://docs.github.com/rest/deployments/deployments#create-a-deployment", "status": "409"});
    Err(refusal::github(409, &body))
}

fn view(deployment: &GitHubDeployment, call: &Call) -> Value {
    let home = format!("{}/repos/{}/{}", call.base, call.hole("owner"), call.hole("repo"));
    json!({
        "url": format!("{home}/deployments/{}", deployment.id),
        "id": deployment.id,
        "sha": deployment.sha,
        "ref": deployment.reference,
        "task": deployment.task,
        "payload": deployment.payload,
        "original_environment": deployment.original_environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "creator": account(&deployment.creator),
        "created_at": deployment.created,
        "updated_at": deployment.updated,
        "statuses_url": format!("{home}/deployments/{}/statuses", deployment.id),
        "repository_url": home,
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
    })
}
