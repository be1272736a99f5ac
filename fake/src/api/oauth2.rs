//! The token endpoint: a signed assertion, or what gcloud keeps of a person, in exchange for tokens; and whose a token
//! is.

use crate::api::{Api, Extra};
use crate::call::Call;
use crate::jwt::{self, Parts};
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::uri;
use crate::world::{Token, World};
use serde_json::json;

/// The table entry.
pub(crate) const API: Api = Api {
    name: "oauth2",
    service: "oauth2.googleapis.com",
    title: "Google OAuth 2.0",
    family: Family::OAuth,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[],
    extras: &[
        Extra { id: "oauth2.token", verb: "POST", path: "token", header: None, query: &[], needs_token: false },
        Extra { id: "oauth2.tokeninfo", verb: "POST", path: "tokeninfo", header: None, query: &[], needs_token: false },
    ],
    answer: |world, call| match call.id.as_str() {
        "oauth2.token" => Some(token(world, call)),
        "oauth2.tokeninfo" => Some(tokeninfo(world, call)),
        _ => None,
    },
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest life of an assertion.
const HOUR: i64 = 3600;
/// How far a clock may be off: five minutes are known to pass, ten are not.
const SKEW: i64 = 300;

fn token(world: &mut World, call: &Call) -> Answer {
    let form = uri::pairs(&String::from_utf8_lossy(&call.body));
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let grant = field("grant_type").unwrap_or_default();
    if grant == "refresh_token" {
        let client = [field("client_id"), field("client_secret")].map(Option::unwrap_or_default);
        return refresh(world, client, field("refresh_token").unwrap_or_default());
    }
    if grant != GRANT {
        return Err(refusal::oauth(400, "unsupported_grant_type", &format!("Invalid grant_type: {grant}")));
    }
    let Some(parts) = field("assertion").and_then(jwt::read) else {
        return Err(refusal::oauth(400, "invalid_grant", "Invalid JWT: Failed to parse JWT."));
    };
    let email = verify(world, &parts, &format!("{}/token", call.base))?;
    match (parts.text("target_audience"), parts.text("scope")) {
        (Some(audience), _) => Ok(id_token(world, &email, audience)),
        (None, Some(scope)) if !scope.trim().is_empty() => Ok(access_token(world, &email)),
        _ => Err(refusal::oauth(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")),
    }
}

/// Tokens of a person, by what gcloud keeps (docs: identity/protocols/oauth2/native-app, "Refreshing an access token").
fn refresh(world: &mut World, [client, secret]: [&str; 2], kept: &str) -> Answer {
    if !World::CLIENTS.contains(&client) {
        return Err(refusal::oauth(401, "invalid_client", "The OAuth client was not found."));
    }
    if secret != World::CLIENT_SECRET {
        return Err(refusal::oauth(401, "invalid_client", "Unauthorized"));
    }
    let Some((email, person)) = world.people.iter().find(|(_, person)| person.refresh_token == kept) else {
        return Err(refusal::oauth(400, "invalid_grant", "Token has been expired or revoked."));
    };
    let (email, openid) = (email.clone(), person.openid);
    if person.must_sign_in_again {
        let body = json!({"error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)",
            "error_uri": "https://support.google.com/a/answer/9368756", "error_subtype": "invalid_rapt"});
        return Err(Reply::json(400, &body));
    }
    let mut scopes = vec!["https://www.googleapis.com/auth/cloud-platform"];
    let token = world.give_token(&email);
    let mut answer = world.answer_with(&token, world.token_lifetime);
    if openid {
        scopes.extend(["openid", "https://www.googleapis.com/auth/userinfo.email"]);
        let now = world.now_seconds();
        let claims = json!({"aud": client, "azp": client, "email": email, "email_verified": true, "exp": now + HOUR,
            "iat": now, "iss": "https://accounts.google.com", "sub": "110000000000000000001"});
        answer["id_token"] = json!(jwt::make(&claims));
    }
    answer["scope"] = json!(scopes.join(" "));
    Ok(Reply::ok(&answer))
}

/// Whose a token is; tokens of federation it does not know.
fn tokeninfo(world: &mut World, call: &Call) -> Answer {
    let form = uri::pairs(&String::from_utf8_lossy(&call.body));
    let token = form.iter().find(|(name, _)| name == "access_token").map(|(_, value)| value.as_str());
    let now = world.now_seconds();
    let known = token.and_then(|token| world.tokens.get(token)).filter(|known| known.expires > now);
    match known.filter(|known| !known.account.starts_with("principal:")) {
        Some(known) => Ok(Reply::ok(&json!({"azp": World::CLIENTS[1], "aud": World::CLIENTS[1],
            "scope": "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email",
            "exp": known.expires.to_string(), "expires_in": (known.expires - now).to_string(),
            "email": known.account, "email_verified": "true", "access_type": "offline"}))),
        None => Err(refusal::oauth(400, "invalid_token", "Invalid Value")),
    }
}

/// The account an assertion stands for, in the order Google finds fault with it.
fn verify(world: &mut World, parts: &Parts, own: &str) -> Result<String, Reply> {
    let refuse = |description: &str| Err(refusal::oauth(400, "invalid_grant", description));
    let email = parts.text("iss").unwrap_or_default();
    let now = world.now_seconds();
    let Some(account) = world.accounts.get_mut(email) else { return refuse("Invalid grant: account not found") };
    let key_id = parts.header["kid"].as_str();
    let known = |id: &str| key_id.is_none_or(|wanted| wanted == id);
    if !parts.is_genuine() || !account.keys.iter().any(|key| !key.disabled && known(&key.id)) {
        return refuse("Invalid JWT Signature.");
    }
    if let Some(young) = account.keys.iter_mut().find(|key| key_id == Some(key.id.as_str()) && key.lag > 0) {
        young.lag -= 1;
        return refuse("Invalid JWT Signature.");
    }
    if account.disabled {
        return refuse("Invalid grant: account disabled");
    }
    let real = "https://oauth2.googleapis.com/token";
    if parts.text("aud").is_none_or(|audience| audience != own && audience != real) {
        return refuse(&format!("Invalid JWT: Failed audience check. The right audience is {real}"));
    }
    let in_time = match (parts.seconds("iat"), parts.seconds("exp")) {
        (Some(iat), Some(exp)) => iat <= now + SKEW && exp > now - SKEW && exp > iat && exp - iat <= HOUR,
        _ => false,
    };
    if !in_time {
        return refuse(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat \
             and exp values in the JWT claim.",
        );
    }
    if parts.text("sub").is_some_and(|subject| subject != email) {
        let description = "Client is unauthorized to retrieve access tokens using this method, or client not \
                           authorized for any of the scopes requested.";
        return Err(refusal::oauth(401, "unauthorized_client", description));
    }
    Ok(email.to_owned())
}

fn access_token(world: &mut World, email: &str) -> Reply {
    let token = format!("ya29.c.c0AY_VpZ{}", world.fresh_hex("access token", 64));
    let expires = world.now_seconds() + world.token_lifetime;
    world.tokens.insert(token.clone(), Token { account: email.to_owned(), expires });
    Reply::ok(&world.answer_with(&token, world.token_lifetime))
}

fn id_token(world: &World, email: &str, audience: &str) -> Reply {
    let now = world.now_seconds();
    let subject = world.accounts.get(email).map_or("", |account| account.unique_id.as_str());
    let claims = json!({"aud": audience, "azp": email, "email": email, "email_verified": true,
        "exp": now + HOUR, "iat": now, "iss": "https://accounts.google.com", "sub": subject});
    Reply::ok(&json!({"id_token": jwt::make(&claims)}))
}
