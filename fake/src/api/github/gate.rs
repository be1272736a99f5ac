//! What every call to GitHub passes first: headers, token, the hour's calls, repository, permission.

use super::refusal::{self, refuse};
use super::repository_of;
use crate::call::Call;
use crate::reply::Reply;
use crate::world::{Access, World};

/// Where a token's hour stands.
pub(super) struct Budget {
    limit: u32,
    used: u32,
    resets: i64,
}

/// Admits a call or refuses it; fills in who calls.
pub(super) fn admit(world: &mut World, needs: &[(&str, Access)], call: &mut Call) -> Result<Budget, Reply> {
    headers(world, call)?;
    let budget = identify(world, call)?;
    if budget.used > budget.limit {
        return Err(counted(refusal::exceeded(), &Budget { used: budget.limit, ..budget }));
    }
    permit(world, needs, call).map_err(|refused| counted(refused, &budget))?;
    Ok(budget)
}

/// The reply with the headers that say how many calls are left.
pub(super) fn counted(reply: Reply, budget: &Budget) -> Reply {
    reply
        .with("x-ratelimit-limit", budget.limit.to_string())
        .with("x-ratelimit-remaining", budget.limit.saturating_sub(budget.used).to_string())
        .with("x-ratelimit-used", budget.used.to_string())
        .with("x-ratelimit-reset", budget.resets.to_string())
        .with("x-ratelimit-resource", "core")
}

/// Clients owe GitHub a name, and this one owes it the media type and the version it was written for.
fn headers(world: &mut World, call: &Call) -> Result<(), Reply> {
    if call.header("user-agent").is_none_or(str::is_empty) {
        world.unexpected.push(format!("{}: no User-Agent", call.id));
        let sentence = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header \
                        (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
        return Err(Reply::new(403, "text/html; charset=utf-8", format!("\r\n{sentence}\r\n")));
    }
    let accept = call.header("accept").unwrap_or_default();
    if accept != "application/vnd.github+json" {
        world.unexpected.push(format!("{}: Accept: «{accept}»", call.id));
        return Err(refuse(415, "Unsupported 'Accept' header. Must accept 'application/json'."));
    }
    match call.header("x-github-api-version") {
        None | Some("2022-11-28") => Ok(()),
        Some(other) => {
            world.unexpected.push(format!("{}: version «{other}»", call.id));
            Err(refuse(400, "The API version you provided is not supported."))
        }
    }
}

fn identify(world: &mut World, call: &mut Call) -> Result<Budget, Reply> {
    if call.query("access_token").is_some() {
        world.unexpected.push(format!("{}: a secret in the query parameter «access_token»", call.id));
    }
    if call.header("authorization").is_none() {
        world.unexpected.push(format!("{}: no Authorization", call.id));
        return Err(refuse(401, "Requires authentication"));
    }
    let Some(text) = call.bearer() else {
        world.unexpected.push(format!("{}: an Authorization that is no Bearer token", call.id));
        return Err(refuse(401, "Bad credentials"));
    };
    let now = world.now_seconds();
    let Some(token) = world.github.tokens.get_mut(text) else { return Err(refuse(401, "Bad credentials")) };
    if token.resets <= now {
        token.used = 0;
        token.resets = now + 3600;
    }
    token.used = token.used.saturating_add(1);
    call.account.clone_from(&token.login);
    Ok(Budget { limit: token.limit, used: token.used, resets: token.resets })
}

/// The repository must be one the token may see, and the permission one it has.
fn permit(world: &World, needs: &[(&str, Access)], call: &Call) -> Result<(), Reply> {
    let token = call.bearer().and_then(|text| world.github.tokens.get(text)).ok_or_else(refusal::not_found)?;
    let forbidden = || {
        let kind = if crate::world::is_bot(&token.login) { "integration" } else { "personal access token" };
        let accepted: Vec<String> = needs.iter().map(|(name, access)| format!("{name}={}", word(*access))).collect();
        refuse(403, &format!("Resource not accessible by {kind}"))
            .with("X-Accepted-GitHub-Permissions", accepted.join("; "))
    };
    let holds = |(name, access): &(&str, Access)| token.permissions.get(*name).is_some_and(|held| held >= access);
    if call.hole("repo").is_empty() {
        // A permission on an organisation; what is about the token alone needs none.
        return if needs.is_empty() || needs.iter().any(holds) { Ok(()) } else { Err(forbidden()) };
    }
    let name = repository_of(call);
    let repository = world.github.find(&name).ok_or_else(refusal::not_found)?;
    let own = token.repositories.contains(&name);
    if repository.private && !own {
        return Err(refusal::not_found());
    }
    // What everybody may read needs no permission; secrets are never among it.
    let public = |(name, access): &(&str, Access)| {
        *access == Access::Read && !repository.private && !["secrets", "environments"].contains(name)
    };
    let granted = |need: &(&str, Access)| own && holds(need);
    if needs.is_empty() || needs.iter().any(|need| public(need) || granted(need)) { Ok(()) } else { Err(forbidden()) }
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}
