//! GitHub's REST API, at an address of its own: which routes there are, and who answers them.
//!
//! It is no API of Google's: there is no published description to hold a call against, so each
//! route says here what it takes.

mod body;
mod comments;
mod commits;
mod deployments;
mod gate;
mod pages;
mod pulls;
mod repository;
mod runs;
mod secrets;
mod statuses;

use crate::call::Call;
use crate::discovery::Path;
use crate::refusal::github as refusal;
use crate::reply::{Answer, Reply};
use crate::world::{Access, World};

/// What GitHub Enterprise Server puts before every path.
const ENTERPRISE: &str = "/api/v3";

/// What Gitea and Forgejo put there. They have no deployments (go-gitea/gitea#30079).
const GITEA: &str = "/api/v1";

/// One route.
struct Route {
    /// The id it goes by in the journal and in faults.
    id: &'static str,
    /// HTTP method.
    verb: &'static str,
    /// Path template.
    path: &'static str,
    /// Query parameters it takes.
    query: &'static [&'static str],
    /// The permission it asks for; any of several will do.
    needs: &'static [(&'static str, Access)],
    /// Who answers.
    answer: fn(&mut World, &Call) -> Answer,
}

const PAGED: &[&str] = &["per_page", "page"];
const READ_TALK: &[(&str, Access)] = &[("issues", Access::Read), ("pull_requests", Access::Read)];
const TALK: &[(&str, Access)] = &[("issues", Access::Write), ("pull_requests", Access::Write)];
const READ_DEPLOYMENTS: &[(&str, Access)] = &[("deployments", Access::Read)];
const DEPLOY: &[(&str, Access)] = &[("deployments", Access::Write)];
const READ_SECRETS: &[(&str, Access)] = &[("secrets", Access::Read)];
const READ_ORGANIZATION_SECRETS: &[(&str, Access)] = &[("organization_secrets", Access::Read)];
const READ_ENVIRONMENTS: &[(&str, Access)] = &[("environments", Access::Read)];

/// Every route; where two fit, the first counts.
const ROUTES: &[Route] = &[
    route("github.users.me", "GET", "user", &[], &[], repository::me),
    route("github.repos.get", "GET", "repos/{owner}/{repo}", &[], &[], repository::get),
    route(
        "github.commits.compare",
        "GET",
        "repos/{owner}/{repo}/compare/{basehead}",
        PAGED,
        &[("contents", Access::Read)],
        commits::compare,
    ),
    route(
        "github.commits.get",
        "GET",
        "repos/{owner}/{repo}/commits/{ref}",
        PAGED,
        &[("contents", Access::Read)],
        commits::get,
    ),
    route(
        "github.pulls.get",
        "GET",
        "repos/{owner}/{repo}/pulls/{number}",
        &[],
        &[("pull_requests", Access::Read)],
        pulls::get,
    ),
    route(
        "github.comments.list",
        "GET",
        "repos/{owner}/{repo}/issues/{number}/comments",
        &["per_page", "page", "since"],
        READ_TALK,
        comments::list,
    ),
    route(
        "github.comments.create",
        "POST",
        "repos/{owner}/{repo}/issues/{number}/comments",
        &[],
        TALK,
        comments::create,
    ),
    route("github.comments.update", "PATCH", "repos/{owner}/{repo}/issues/comments/{id}", &[], TALK, comments::update),
    route("github.comments.delete", "DELETE", "repos/{owner}/{repo}/issues/comments/{id}", &[], TALK, comments::delete),
    route(
        "github.deployments.list",
        "GET",
        "repos/{owner}/{repo}/deployments",
        &["sha", "ref", "task", "environment", "per_page", "page"],
        READ_DEPLOYMENTS,
        deployments::list,
    ),
    route("github.deployments.create", "POST", "repos/{owner}/{repo}/deployments", &[], DEPLOY, deployments::create),
    route(
        "github.deployments.get",
        "GET",
        "repos/{owner}/{repo}/deployments/{id}",
        &[],
        READ_DEPLOYMENTS,
        deployments::get,
    ),
    route(
        "github.deployments.delete",
        "DELETE",
        "repos/{owner}/{repo}/deployments/{id}",
        &[],
        DEPLOY,
        deployments::delete,
    ),
    route(
        "github.deployments.statuses.list",
        "GET",
        "repos/{owner}/{repo}/deployments/{id}/statuses",
        PAGED,
        READ_DEPLOYMENTS,
        statuses::list,
    ),
    route(
        "github.deployments.statuses.create",
        "POST",
        "repos/{owner}/{repo}/deployments/{id}/statuses",
        &[],
        DEPLOY,
        statuses::create,
    ),
    route(
        "github.runs.get",
        "GET",
        "repos/{owner}/{repo}/actions/runs/{id}",
        &["exclude_pull_requests"],
        &[("actions", Access::Read)],
        runs::get,
    ),
    route(
        "github.secrets.publicKey",
        "GET",
        "repos/{owner}/{repo}/actions/secrets/public-key",
        &[],
        READ_SECRETS,
        secrets::public_key,
    ),
    route("github.secrets.get", "GET", "repos/{owner}/{repo}/actions/secrets/{name}", &[], READ_SECRETS, secrets::get),
    route(
        "github.secrets.put",
        "PUT",
        "repos/{owner}/{repo}/actions/secrets/{name}",
        &[],
        &[("secrets", Access::Write)],
        secrets::put,
    ),
    route(
        "github.environments.secrets.publicKey",
        "GET",
        "repos/{owner}/{repo}/environments/{environment}/secrets/public-key",
        &[],
        READ_ENVIRONMENTS,
        secrets::public_key,
    ),
    route(
        "github.environments.secrets.get",
        "GET",
        "repos/{owner}/{repo}/environments/{environment}/secrets/{name}",
        &[],
        READ_ENVIRONMENTS,
        secrets::get,
    ),
    route(
        "github.environments.secrets.put",
        "PUT",
        "repos/{owner}/{repo}/environments/{environment}/secrets/{name}",
        &[],
        &[("environments", Access::Write)],
        secrets::put,
    ),
    route(
        "github.orgs.secrets.publicKey",
        "GET",
        "orgs/{org}/actions/secrets/public-key",
        &[],
        READ_ORGANIZATION_SECRETS,
        secrets::public_key,
    ),
    route(
        "github.orgs.secrets.get",
        "GET",
        "orgs/{org}/actions/secrets/{name}",
        &[],
        READ_ORGANIZATION_SECRETS,
        secrets::get_of_organization,
    ),
    route(
        "github.orgs.secrets.repositories",
        "GET",
        "orgs/{org}/actions/secrets/{name}/repositories",
        PAGED,
        READ_ORGANIZATION_SECRETS,
        secrets::repositories,
    ),
    route(
        "github.orgs.secrets.put",
        "PUT",
        "orgs/{org}/actions/secrets/{name}",
        &[],
        &[("organization_secrets", Access::Write)],
        secrets::put_of_organization,
    ),
];

const fn route(
    id: &'static str,
    verb: &'static str,
    path: &'static str,
    query: &'static [&'static str],
    needs: &'static [(&'static str, Access)],
    answer: fn(&mut World, &Call) -> Answer,
) -> Route {
    Route { id, verb, path, query, needs, answer }
}

/// The path as github.com knows it.
fn plain(path: &str) -> &str {
    let below = |start| path.strip_prefix(start).filter(|rest: &&str| rest.starts_with('/'));
    below(ENTERPRISE).or_else(|| below(GITEA)).unwrap_or(path)
}

fn find(verb: &str, path: &str) -> Option<(&'static Route, Vec<(String, String)>)> {
    let fitting = ROUTES.iter().filter(|route| route.verb == verb);
    fitting.into_iter().find_map(|route| Some((route, Path::read(route.path).fit(plain(path))?)))
}

/// The id of the route a request fits; empty where none does.
pub(crate) fn id_of(verb: &str, path: &str) -> String {
    find(verb, path).map(|(route, _)| route.id.to_owned()).unwrap_or_default()
}

/// Answers a request.
pub(crate) fn answer(world: &mut World, call: &mut Call) -> Reply {
    let Some((route, holes)) = find(&call.verb, &call.path) else {
        let sentence = format!("{} {} was asked of GitHub, of which the fake lacks it", call.verb, call.path);
        world.unexpected.push(sentence.clone());
        return refusal::refuse(501, &sentence);
    };
    call.holes = holes;
    if call.path.starts_with(GITEA) && route.id.starts_with("github.deployments.") {
        return Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n".to_owned());
    }
    if call.path.starts_with(ENTERPRISE) {
        call.base.push_str(ENTERPRISE);
    }
    for (name, _) in call.query.iter().filter(|(name, _)| !route.query.contains(&name.as_str())) {
        world.unexpected.push(format!("{}: query parameter «{name}»", route.id));
    }
    let budget = match gate::admit(world, route.needs, call) {
        Ok(budget) => budget,
        Err(refused) => return refused,
    };
    let reply = match (route.answer)(world, call) {
        Ok(reply) | Err(reply) => reply,
    };
    gate::counted(reply, &budget)
}

/// `owner/name` of the repository a call names.
fn repository_of(call: &Call) -> String {
    format!("{}/{}", call.hole("owner"), call.hole("repo")).to_lowercase()
}

/// A number or an id in the path; what is none names nothing.
fn number(call: &Call, hole: &str) -> Result<u64, Reply> {
    call.hole(hole).parse().map_err(|_| refusal::not_found())
}

/// An account as GitHub writes it.
fn account(login: &str) -> serde_json::Value {
    let bot = crate::world::is_bot(login);
    serde_json::json!({"login": login, "type": if bot { "Bot" } else { "User" }, "site_admin": false})
}
