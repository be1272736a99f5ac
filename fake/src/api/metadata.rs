//! The metadata server of a machine in Google Cloud: its account, and that account's tokens.

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::jwt;
use crate::refusal::Family;
use crate::reply::{Answer, Reply};
use crate::world::{Machine, World};
use serde_json::json;

/// The table entry. What does not say that it knows where it asks finds nothing here.
pub(crate) const API: Api = Api {
    name: "metadata",
    service: "metadata.google.internal",
    title: "Metadata server",
    family: Family::OAuth,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[],
    extras: &[
        route("metadata.account", "computeMetadata/v1/instance/service-accounts/default/", &["recursive"]),
        route("metadata.token", "computeMetadata/v1/instance/service-accounts/default/token", &["scopes"]),
        route(
            "metadata.identity",
            "computeMetadata/v1/instance/service-accounts/default/identity",
            &["audience", "format", "licenses"],
        ),
    ],
    answer,
};

const fn route(id: &'static str, path: &'static str, query: &'static [&'static str]) -> Extra {
    Extra { id, verb: "GET", path, header: Some(("metadata-flavor", "Google")), query, needs_token: false }
}

const HOUR: i64 = 3600;

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let Some(machine) = world.machine.clone() else { return Some(Err(absent())) };
    let reply = match call.id.as_str() {
        "metadata.account" => account(&machine, call),
        "metadata.token" => token(world, &machine),
        "metadata.identity" => identity(world, &machine, call),
        _ => return None,
    };
    Some(Ok(reply.with("Metadata-Flavor", "Google").with("Server", "Metadata Server for VM")))
}

fn absent() -> Reply {
    Reply::page(404, "Not Found", "The requested URL was not found on this server.")
        .with("Metadata-Flavor", "Google")
        .with("Server", "Metadata Server for VM")
}

fn account(machine: &Machine, call: &Call) -> Reply {
    // Without it the server lists the names of what there is.
    if call.query("recursive") != Some("true") {
        return Reply::new(200, "application/text", "aliases\nemail\nidentity\nscopes\ntoken\n");
    }
    Reply::ok(&json!({"aliases": ["default"], "email": machine.account, "scopes": machine.scopes}))
}

fn token(world: &mut World, machine: &Machine) -> Reply {
    let token = world.give_token(&machine.account);
    Reply::ok(&world.answer_with(&token, world.token_lifetime))
}

fn identity(world: &World, machine: &Machine, call: &Call) -> Reply {
    let Some(audience) = call.query("audience").filter(|audience| !audience.is_empty()) else {
        return Reply::new(400, "text/html", "non-empty audience parameter required");
    };
    let now = world.now_seconds();
    let subject = world.accounts.get(&machine.account).map_or("", |account| account.unique_id.as_str());
    let mut claims = json!({"aud": audience, "azp": subject, "exp": now + HOUR, "iat": now,
        "iss": "https://accounts.google.com", "sub": subject});
    // Without `full` the token says nothing of the address, by which a service knows who calls.
    if call.query("format") == Some("full") {
        claims["email"] = json!(machine.account);
        claims["email_verified"] = json!(true);
    }
    Reply::new(200, "text/html", jwt::make(&claims))
}
