//! Security token exchange: what somebody else vouches for, in exchange for an access token.

use crate::api::Api;
use crate::call::Call;
use crate::jwt;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Token, World};
use serde_json::json;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "sts",
    service: "sts.googleapis.com",
    title: "Security Token Service API",
    family: Family::OAuth,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/sts.v1.json")],
    extras: &[],
    answer: |world, call| (call.id == "sts.token").then(|| exchange(world, call)),
};

/// How far a clock may be off.
const SKEW: i64 = 60;

/// Bytes of `google.subject` (docs: iam/docs/troubleshooting-workload-identity-federation, with the sentence).
const LONGEST_SUBJECT: usize = 127;

fn exchange(world: &mut World, call: &Call) -> Answer {
    let field = |name: &str| call.json[name].as_str().unwrap_or_default();
    let refuse = |error: &str, description: &str| Err(refusal::oauth(400, error, description));
    if field("grantType") != "urn:ietf:params:oauth:grant-type:token-exchange" {
        return refuse("unsupported_grant_type", "Unsupported grant type.");
    }
    if field("requestedTokenType") != "urn:ietf:params:oauth:token-type:access_token" {
        return refuse("invalid_request", "Invalid value for \"requested_token_type\".");
    }
    // The latter is enough to act as an account, and what Google's own client asks for then.
    let scopes = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];
    if !field("scope").split(' ').any(|scope| scopes.contains(&scope)) {
        return refuse("invalid_scope", "Some requested scopes were invalid.");
    }
    let kinds = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
    if !kinds.contains(&field("subjectTokenType")) {
        return refuse("invalid_request", "Invalid value for \"subject_token_type\".");
    }
    let name = field("audience").strip_prefix("//iam.googleapis.com/").unwrap_or_default();
    let Some(provider) = world.providers.get(name).filter(|provider| !provider.disabled) else {
        return refuse(
            "invalid_target",
            "The target service indicated by the \"audience\" parameters is invalid. This might either be because the \
             pool or provider is disabled or deleted or because it doesn't exist.",
        );
    };
    let Some(parts) = jwt::read(field("subjectToken")) else {
        return refuse("invalid_request", "Unable to parse the ID Token.");
    };
    let issuer = parts.text("iss").unwrap_or_default();
    if issuer != provider.issuer {
        let description =
            format!("The issuer in ID Token {issuer} does not match the expected ones: {}.", provider.issuer);
        return refuse("invalid_grant", &description);
    }
    if !parts.is_genuine() {
        return refuse("invalid_grant", "Error connecting to the given credential's issuer.");
    }
    let audience = parts.text("aud").unwrap_or_default();
    let own = [format!("https://iam.googleapis.com/{name}"), format!("//iam.googleapis.com/{name}")];
    // With audiences of its own a provider no longer takes its name.
    let allowed = if provider.audiences.is_empty() { &own[..] } else { &provider.audiences[..] };
    if !allowed.iter().any(|known| known == audience) {
        let description = format!("The audience in ID Token [{audience}] does not match the expected audience.");
        return refuse("invalid_grant", &description);
    }
    let now = world.now_seconds();
    let in_time = parts.seconds("iat").is_some_and(|iat| iat <= now + SKEW)
        && parts.seconds("exp").is_some_and(|exp| exp > now - SKEW);
    if !in_time {
        return refuse("invalid_grant", "ID Token is expired, or its times are in the future.");
    }
    if !provider.admits(&parts.claims) {
        let description = "The given credential is rejected by the attribute condition.";
        return Err(refusal::oauth(403, "unauthorized_client", description));
    }
    let pool = name.split_once("/providers/").map_or(name, |(pool, _)| pool);
    let Some((principal, attributes)) = provider.map(pool, &parts.claims) else {
        return refuse("invalid_grant", "Mapped attribute must be of type STRING.");
    };
    if principal.rsplit("/subject/").next().is_some_and(|subject| subject.len() > LONGEST_SUBJECT) {
        let description = "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your \
             attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.";
        return refuse("invalid_request", description);
    }
    let token = format!("ya29.d.b0AX{}", world.fresh_hex("federated token", 64));
    let lives = world.federated_lifetime;
    world.principals.insert(principal.clone(), attributes);
    world.tokens.insert(token.clone(), Token { account: principal, expires: now + lives });
    let mut answer = world.answer_with(&token, lives);
    answer["issued_token_type"] = json!("urn:ietf:params:oauth:token-type:access_token");
    Ok(Reply::ok(&answer))
}
