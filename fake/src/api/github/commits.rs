//! Comparisons of two commits.

use super::{pages, refusal, repository_of};
use crate::call::Call;
use crate::reply::Answer;
use crate::world::{Compared, GitHubRepository, World};
use serde_json::{Value, json};

/// Files that a comparison lists at most.
const FILES: usize = 300;

/// Commits listed by a call that does not ask for pages.
const COMMITS: usize = 250;

/// `GET /repos/{owner}/{repo}/commits/{ref}`: the commit with its parents; one that is not there answers 422 (docs.github.com,
/// "Get a commit").
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let name = call.hole("ref");
    let sha = repository.resolve(name).filter(|sha| repository.commits.contains_key(sha));
    let sha = sha.ok_or_else(|| refusal::refuse(422, &format!("No commit found for SHA: {name}")))?;
    let mut body = commit(repository, &sha, call);
    body["files"] = json!([]);
    Ok(refusal::github(200, &body))
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`.
pub(super) fn compare(world: &mut World, call: &Call) -> Answer {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let (base, head) = call.hole("basehead").split_once("...").ok_or_else(refusal::not_found)?;
    let known = repository.resolve(base).zip(repository.resolve(head));
    let (base_sha, head_sha) = known.ok_or_else(refusal::not_found)?;
    let Some(compared) = repository.compare(&base_sha, &head_sha) else {
        return Err(refusal::refuse(404, &format!("No common ancestor between {base} and {head}.")));
    };
    let status = match (compared.ahead.len(), compared.behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let paged = call.query("per_page").is_some() || call.query("page").is_some();
    let total = compared.ahead.len();
    // Without pages the newest commits are listed, with them the oldest come first.
    let (from, size) = if paged { pages::window(call) } else { (total.saturating_sub(COMMITS), COMMITS) };
    let listed: Vec<Value> =
        compared.ahead.iter().skip(from).take(size).map(|sha| commit(repository, sha, call)).collect();
    let mut body = json!({
        "url": format!("{}{}", call.base, super::plain(&call.path)),
        "base_commit": commit(repository, &compared.base, call),
        "merge_base_commit": commit(repository, &compared.common, call),
        "status": status,
        "ahead_by": total,
        "behind_by": compared.behind,
        "total_commits": total,
        "commits": listed,
    });
    if !paged || from == 0 {
        body["files"] = files(&compared);
    }
    let reply = refusal::github(200, &body);
    Ok(if paged { pages::linked(call, total, reply) } else { reply })
}

fn commit(repository: &GitHubRepository, sha: &str, call: &Call) -> Value {
    let known = repository.commits.get(sha);
    let parents = known.map(|commit| commit.parents.as_slice()).unwrap_or_default();
    json!({
        "sha": sha,
        "url": format!("{}/repos/{}/commits/{sha}", call.base, repository.name),
        "commit": {"message": known.map_or("", |commit| commit.message.as_str())},
        "parents": parents.iter().map(|sha| json!({"sha": sha})).collect::<Value>(),
    })
}

fn files(compared: &Compared) -> Value {
    let listed = compared.files.iter().take(FILES).map(|file| {
        let mut listed = json!({"filename": file.path, "additions": 1, "deletions": 1, "changes": 2,
            "status": if file.previous.is_some() { "renamed" } else { "modified" }});
        if let Some(previous) = &file.previous {
            listed["previous_filename"] = json!(previous);
        }
        listed
    });
    listed.collect()
}
