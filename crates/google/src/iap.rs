//! The token that Identity-Aware Proxy takes from a service account: one that the account signs itself, for one address
//! (docs iap/authentication-howto, "service account signed JWT"). It opens nothing else.

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use slipway_wire::repeat::Repeat;

/// As long as Google lets such a token live.
const LIFE: i64 = 3600;

/// What the token says: who asks, and everything below which address it is for.
pub(super) fn claims(email: &str, address: &str) -> Value {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let audience = format!("{}/*", address.trim_end_matches('/'));
    json!({"iss": email, "sub": email, "aud": audience, "iat": now, "exp": now + LIFE})
}

/// Has Google sign it for an account without a key here; that takes `iam.serviceAccounts.signJwt` on the account itself.
///
/// # Errors
/// When it may not be signed.
pub(super) async fn signed_by_google(http: &Http, email: &str, address: &str) -> Result<String, ApiError> {
    let path = format!("v1/projects/-/serviceAccounts/{}:signJwt", segment(email));
    let body = Body::Json(json!({"payload": claims(email, address).to_string()}));
    let doing = format!("have a token for Identity-Aware Proxy signed for `{email}`");
    // Signing twice makes two tokens, and neither does harm.
    let call = http.call(Method::POST, Api::IamCredentials, &path, body, Repeat::Always, doing);
    let answer = http.json(&call).await?;
    match answer.get("signedJwt").and_then(Value::as_str).filter(|token| !token.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => Err(http.unreadable(&call, "it holds no token")),
    }
}
