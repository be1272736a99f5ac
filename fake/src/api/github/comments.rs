//! Comments on issues and pull requests.

use super::body::{self, Kind};
use super::{account, number, pages, refusal, repository_of};
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::{IssueComment, World, is_bot};
use serde_json::{Value, json};

/// Characters that a comment has at most.
const LONGEST: usize = 65_536;

/// `GET /repos/{owner}/{repo}/issues/{number}/comments`: oldest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let number = talk(world, call)?;
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let since = call.query("since").unwrap_or_default();
    let fitting =
        repository.comments.iter().filter(|comment| comment.number == number && comment.updated.as_str() >= since);
    Ok(pages::of(call, fitting.map(|comment| view(comment, call)).collect()))
}

/// `POST /repos/{owner}/{repo}/issues/{number}/comments`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let number = talk(world, call)?;
    let text = text(world, call)?;
    let id = world.github.comment(&repository_of(call), number, &call.account, &text);
    world.effect("comment created", format!("{}#{number} {id}", repository_of(call)));
    Ok(refusal::github(201, &shown(world, call, id)?))
}

/// `PATCH /repos/{owner}/{repo}/issues/comments/{id}`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let id = known(world, call)?;
    let text = text(world, call)?;
    let now = world.stamp(0);
    for comment in world.github.repository(&repository_of(call)).comments.iter_mut().filter(|known| known.id == id) {
        comment.body.clone_from(&text);
        comment.updated.clone_from(&now);
    }
    world.effect("comment changed", format!("{} {id}", repository_of(call)));
    Ok(refusal::github(200, &shown(world, call, id)?))
}

/// `DELETE /repos/{owner}/{repo}/issues/comments/{id}`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = known(world, call)?;
    world.github.repository(&repository_of(call)).delete_comment(id);
    world.effect("comment deleted", format!("{} {id}", repository_of(call)));
    Ok(Reply::empty(204))
}

/// The number of the issue or pull request, if there is one.
fn talk(world: &World, call: &Call) -> Result<u64, Reply> {
    let number = number(call, "number")?;
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let there = repository.pulls.contains_key(&number) || repository.issues.contains(&number);
    if there { Ok(number) } else { Err(refusal::not_found()) }
}

/// The id of a comment, if it is there.
fn known(world: &World, call: &Call) -> Result<u64, Reply> {
    let id = number(call, "id")?;
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    if repository.comments.iter().any(|comment| comment.id == id) { Ok(id) } else { Err(refusal::not_found()) }
}

fn text(world: &mut World, call: &Call) -> Result<String, Reply> {
    let fields = body::read(world, call, &[("body", Kind::Text, true)])?;
    let text = body::text(&fields, "body").unwrap_or_default();
    let wrong = |message: &str| {
        let error = json!({"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message});
        Err(refusal::invalid(&error))
    };
    if text.trim().is_empty() {
        return wrong("Body cannot be blank");
    }
    if text.chars().count() > LONGEST {
        return wrong("Body is too long (maximum is 65536 characters)");
    }
    Ok(text.to_owned())
}

fn shown(world: &World, call: &Call, id: u64) -> Result<Value, Reply> {
    let repository = world.github.find(&repository_of(call)).ok_or_else(refusal::not_found)?;
    let comment = repository.comments.iter().find(|comment| comment.id == id).ok_or_else(refusal::not_found)?;
    Ok(view(comment, call))
}

fn view(comment: &IssueComment, call: &Call) -> Value {
    let home = format!("{}/repos/{}/{}", call.base, call.hole("owner"), call.hole("repo"));
    json!({
        "id": comment.id,
        "url": format!("{home}/issues/comments/{}", comment.id),
        "issue_url": format!("{home}/issues/{}", comment.number),
        "html_url": format!("https://github.com/{}/{}/issues/{}#issuecomment-{}", call.hole("owner"), call.hole("repo"),
            comment.number, comment.id),
        "user": account(&comment.author),
        "author_association": if is_bot(&comment.author) { "NONE" } else { "CONTRIBUTOR" },
        "body": comment.body,
        "created_at": comment.created,
        "updated_at": comment.updated,
    })
}
