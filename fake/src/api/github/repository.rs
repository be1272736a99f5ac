//! A repository, and whose token it is.

use super::{account, refusal, repository_of};
use crate::call::Call;
use crate::reply::Answer;
use crate::world::{GitHubRepository, World, is_bot};
use serde_json::{Value, json};

/// `GET /repos/{owner}/{repo}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let found = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    Ok(refusal::github(200, &view(found, &call.base)))
}

/// `GET /user`: an app's token stands for no user.
pub(super) fn me(_: &mut World, call: &Call) -> Answer {
    if is_bot(&call.account) {
        return Err(refusal::refuse(403, "Resource not accessible by integration"));
    }
    Ok(refusal::github(200, &account(&call.account)))
}

fn view(repository: &GitHubRepository, base: &str) -> Value {
    let (owner, name) = repository.name.split_once('/').unwrap_or((&repository.name, ""));
    json!({
        "id": repository.id,
        "name": name,
        "full_name": repository.name,
        "private": repository.private,
        "visibility": if repository.private { "private" } else { "public" },
        "owner": account(owner),
        "fork": false,
        "url": format!("{base}/repos/{}", repository.name),
        "default_branch": repository.default_branch,
        "archived": false,
        "disabled": false,
    })
}
