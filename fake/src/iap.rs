//! Identity-Aware Proxy in front of a service (`iapEnabled`): who gets past it, and what everybody else is told.

use crate::call::Call;
use crate::jwt;
use crate::reply::Reply;
use crate::world::{Service, World};
use serde_json::Value;

/// What lets an account through.
const PERMISSION: &str = "iap.webServiceVersions.accessViaIAP";

/// Lets a request pass, and notes whose it is, or answers in the service's place.
pub(crate) fn admit(world: &World, service: &Service, address: &str, call: &mut Call) -> Result<(), Reply> {
    let Some(token) = call.bearer() else { return Err(stranger(call)) };
    let Some(parts) = jwt::read(token).filter(jwt::Parts::is_genuine) else {
        return Err(refused(401, "Invalid IAP credentials: Unable to parse JWT"));
    };
    // A token that an account signs itself names it twice; one of Google's has another issuer.
    let (issuer, subject) = (parts.text("iss").unwrap_or_default(), parts.text("sub").unwrap_or_default());
    if issuer != subject || world.accounts.get(issuer).is_none_or(|account| account.disabled) {
        return Err(refused(401, "Invalid IAP credentials: Invalid bearer token. Invalid JWT audience."));
    }
    let asked = format!("{address}{}", call.path);
    let fits = parts.text("aud").is_some_and(|audience| match audience.strip_suffix('*') {
        Some(begin) => begin.ends_with('/') && asked.starts_with(begin),
        None => audience == asked,
    });
    if !fits {
        return Err(refused(401, "Invalid IAP credentials: JWT audience does not match the requested URL"));
    }
    let (now, begun, end) = (world.now_seconds(), parts.seconds("iat").unwrap_or(0), parts.seconds("exp").unwrap_or(0));
    if end <= now || end - begun > 3600 {
        return Err(refused(401, "Invalid IAP credentials: Expired JWT"));
    }
    let email = issuer.to_owned();
    if !world.allows(&email, PERMISSION, service.project(), None) {
        return Err(refused(403, "You don't have access"));
    }
    call.account = email;
    Ok(())
}

/// Whom it lets in it passes on as its own service agent, which is asked like any caller (docs
/// run/securing/identity-aware-proxy-cloud-run: both checks are performed). Google's page for one that may not, as
/// GoogleCloudPlatform/cloud-foundation-fabric#1321 quotes it.
pub(crate) fn passes_on(world: &World, service: &Service) -> Result<(), Reply> {
    let unchecked = service.config.get("invokerIamDisabled") == Some(&Value::Bool(true));
    let agent = world.project(service.project()).map(crate::world::Project::proxy_agent).unwrap_or_default();
    if unchecked || world.allows(&agent, "run.routes.invoke", service.project(), Some(&service.policy)) {
        return Ok(());
    }
    Err(refused(
        403,
        "IAP for Cloud Run app is not set up correctly. Please follow the instructions to rectify IAP and Cloud Run set up",
    ))
}

/// Without credentials: people are led to sign in, where the client says that it shows pages; programs are not.
fn stranger(call: &Call) -> Reply {
    if call.header("accept").is_some_and(|accept| accept.contains("text/html")) {
        let to = "https://accounts.google.com/o/oauth2/v2/auth?client_id=iap&response_type=code&scope=openid+email";
        return Reply::empty(302).with("Location", to).with(MARK, "true");
    }
    refused(401, "Invalid IAP credentials: empty token")
}

const MARK: &str = "X-Goog-IAP-Generated-Response";

fn refused(status: u16, text: &str) -> Reply {
    Reply::new(status, "text/html; charset=UTF-8", text.to_owned()).with(MARK, "true")
}
