//! Pull requests.

use super::{account, number, refusal, repository_of};
use crate::call::Call;
use crate::reply::Answer;
use crate::world::World;
use serde_json::{Value, json};

/// `GET /repos/{owner}/{repo}/pulls/{number}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let number = number(call, "number")?;
    let pull = repository.pulls.get(&number).ok_or_else(refusal::not_found)?;
    let place = |name: &str| {
        let fork = !name.eq_ignore_ascii_case(&repository.name);
        let owner = name.split('/').next().unwrap_or_default();
        json!({"full_name": name, "fork": fork, "owner": account(owner)})
    };
    let label = |name: &str, branch: &str| format!("{}:{branch}", name.split('/').next().unwrap_or_default());
    let head_label = pull.head_repository.as_deref().map(|name| label(name, &pull.head_ref));
    let base_sha = repository.refs.get(&pull.base_ref).cloned().unwrap_or_default();
    let body = json!({
        "url": format!("{}/repos/{}/pulls/{number}", call.base, repository.name),
        "number": number,
        "state": if pull.closed { "closed" } else { "open" },
        "merged": pull.merged,
        "draft": false,
        "user": account(&pull.author),
        "head": {"label": head_label, "ref": pull.head_ref, "sha": pull.head_sha,
            "repo": pull.head_repository.as_deref().map_or(Value::Null, place)},
        "base": {"label": label(&repository.name, &pull.base_ref), "ref": pull.base_ref, "sha": base_sha,
            "repo": place(&repository.name)},
    });
    Ok(refusal::github(200, &body))
}
