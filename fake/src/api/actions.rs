//! GitHub's side of a job: where it asks for its identity.

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::jwt;
use crate::refusal::Family;
use crate::reply::{Answer, Reply};
use crate::world::World;
use serde_json::json;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "actions",
    service: "actions.githubusercontent.com",
    title: "GitHub Actions",
    family: Family::OAuth,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[],
    extras: &[Extra {
        id: "actions.idtoken",
        verb: "GET",
        path: "_apis/distributedtask/hubs/Actions/plans/{plan}/jobs/{job}/idtoken",
        header: None,
        query: &["api-version", "audience"],
        needs_token: false,
    }],
    answer: |world, call| (call.id == "actions.idtoken").then(|| identity(world, call)),
};

/// Path and query of the job's address.
pub(crate) const PATH: &str =
    "/_apis/distributedtask/hubs/Actions/plans/0f0e0d0c/jobs/1a2b3c4d/idtoken?api-version=2.0";

fn identity(world: &mut World, call: &Call) -> Answer {
    if call.bearer() != Some(world.github_run.request_token.as_str()) {
        return Err(Reply::json(401, &json!({"message": "The request token is not this job's."})));
    }
    if call.query("api-version").is_none() {
        return Err(Reply::json(400, &json!({"message": "No api-version was specified."})));
    }
    let id = world.fresh_uuid("identity");
    let owner =
        format!("https://github.com/{}", world.github_run.claims.get("repository_owner").map_or("", String::as_str));
    let audience = call.query("audience").unwrap_or(&owner).to_owned();
    let token = jwt::make(&world.github_run.token(&audience, world.now_seconds(), &id));
    Ok(Reply::ok(&json!({"count": token.len(), "value": token})))
}
