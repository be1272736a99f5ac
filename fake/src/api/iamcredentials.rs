//! IAM credentials: tokens of an account for those who may act as it.

use crate::api::Api;
use crate::call::Call;
use crate::clock;
use crate::jwt;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::world::{Token, World};
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "iamcredentials",
    service: "iamcredentials.googleapis.com",
    title: "IAM Service Account Credentials API",
    family: Family::Rpc,
    counts_for_caller: false,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/iamcredentials.v1.json")],
    extras: &[],
    answer,
};

/// The longest life of a token, unless an organisation's policy allows more.
const HOUR: i64 = 3600;

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    Some(match call.id.as_str() {
        "iamcredentials.projects.serviceAccounts.generateAccessToken" => access_token(world, call),
        "iamcredentials.projects.serviceAccounts.generateIdToken" => id_token(world, call),
        "iamcredentials.projects.serviceAccounts.signJwt" => sign(world, call),
        _ => return None,
    })
}

/// The account the path names, if the caller, or the last of those it speaks through, has the permission on it.
fn account(world: &World, call: &Call, permission: &str) -> Result<String, Reply> {
    let refuse = |permission: &str| {
        let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
        Err(refusal::rpc(403, "PERMISSION_DENIED", message, vec![refusal::permission_info(permission, "")]))
    };
    if call.hole("projectsId") != "-" {
        return Err(refusal::invalid(
            "Invalid form of account ID. Should be [Gaia ID |Email |Unique ID |] of the account",
        ));
    }
    let last = call.hole("serviceAccountsId");
    let delegates = call.json["delegates"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let delegates = delegates.map(|name| (name.trim_start_matches("projects/-/serviceAccounts/"), false));
    let mut caller = call.account.as_str();
    for (name, is_last) in delegates.chain([(last, true)]) {
        let needed = if is_last { permission } else { "iam.serviceAccounts.implicitDelegation" };
        let Some(account) = world.accounts.get(name) else { return refuse(needed) };
        if !world.allows(caller, needed, &account.project, Some(&account.policy)) {
            return refuse(needed);
        }
        if account.disabled {
            return Err(refusal::not_found("Unknown service account"));
        }
        caller = name;
    }
    Ok(last.to_owned())
}

fn access_token(world: &mut World, call: &Call) -> Answer {
    let email = account(world, call, "iam.serviceAccounts.getAccessToken")?;
    if call.json["scope"].as_array().is_none_or(Vec::is_empty) {
        return Err(refusal::bad_field("scope", "At least one value required for scope field."));
    }
    let seconds = |text: &str| text.strip_suffix('s').and_then(|text| text.parse::<i64>().ok());
    let asked = call.json["lifetime"].as_str().and_then(seconds).unwrap_or(HOUR);
    if asked > HOUR {
        let message = format!("The access token lifetime cannot exceed {HOUR} seconds.");
        return Err(refusal::invalid(message));
    }
    let lives = asked.min(world.token_lifetime);
    let token = format!("ya29.c.b0AX{}", world.fresh_hex("access token", 64));
    world.tokens.insert(token.clone(), Token { account: email, expires: world.now_seconds() + lives });
    let end = clock::rfc3339(world.now() + clock::Nanos::from(lives) * 1_000_000_000, 0);
    let mut answer = json!({"accessToken": token, "expireTime": end});
    match &world.said_lifetime {
        None => {}
        Some(Value::Null) => drop(answer.as_object_mut().and_then(|fields| fields.remove("expireTime"))),
        Some(said) => answer["expireTime"] = said.clone(),
    }
    Ok(Reply::ok(&answer))
}

/// Signs the claims in `payload`, which is their text; nothing lives longer than twelve hours.
fn sign(world: &World, call: &Call) -> Answer {
    account(world, call, "iam.serviceAccounts.signJwt")?;
    let payload = call.json["payload"].as_str().unwrap_or_default();
    let Some(claims) = serde_json::from_str::<Value>(payload).ok().filter(Value::is_object) else {
        return Err(refusal::bad_field("payload", "The payload must be a JSON object of claims."));
    };
    let end = claims["exp"].as_i64().unwrap_or(0);
    if end > world.now_seconds() + 12 * HOUR {
        return Err(refusal::invalid("The `exp` of the token must be within 12 hours."));
    }
    Ok(Reply::ok(&json!({"keyId": "fake", "signedJwt": jwt::make(&claims)})))
}

fn id_token(world: &World, call: &Call) -> Answer {
    let email = account(world, call, "iam.serviceAccounts.getOpenIdToken")?;
    let Some(audience) = call.json["audience"].as_str().filter(|audience| !audience.is_empty()) else {
        return Err(refusal::bad_field("audience", "The audience field is required."));
    };
    let now = world.now_seconds();
    let subject = world.accounts.get(&email).map_or("", |account| account.unique_id.as_str());
    let mut claims = json!({"aud": audience, "azp": subject, "exp": now + HOUR, "iat": now,
        "iss": "https://accounts.google.com", "sub": subject});
    if call.json["includeEmail"] == true {
        claims["email"] = json!(email);
        claims["email_verified"] = json!(true);
    }
    Ok(Reply::ok(&json!({"token": jwt::make(&claims)})))
}
