//! Signing in without a key: GitHub vouches for the run, STS exchanges that for a token, and where an account is
//! named, IAM Credentials lets the run act as it (docs: iam/docs/workload-identity-federation-with-deployment-pipelines).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::acting::{self, Actor};
use super::endpoints::Api;
use super::federation_error::{CLAIMS, FederationError};
use super::granted::{self, Granted, SCOPE};
use super::http::{Body, Call, Http};
use super::patience::Patience;
use slipway_names::federation::{Federation, SubjectToken};
use slipway_names::secret::Secret;
use slipway_wire::repeat::Repeat;

/// GitHub and STS answer within seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An access token, of the account where one is named, else of the run itself. Every link of the chain is made anew,
/// because the first, GitHub's token, is over within minutes.
///
/// # Errors
/// Which link could not be made, and why.
pub(super) async fn access(http: &Http, federation: &Federation) -> Result<Granted, FederationError> {
    let own = exchange(http, federation).await?;
    match &federation.acting {
        Some(acting) => Ok(acting::access(http, acting, &own.token, &actor(federation)).await?),
        None => Ok(own),
    }
}

/// An identity token of the account. A run by itself has none.
///
/// # Errors
/// Which link could not be made, and why.
pub(super) async fn identity(http: &Http, federation: &Federation, audience: &str) -> Result<String, FederationError> {
    let acting = federation.acting.as_ref().ok_or(FederationError::NoIdentity)?;
    let own = exchange(http, federation).await?;
    Ok(acting::identity(http, acting, &own.token, &actor(federation), audience).await?)
}

fn actor(federation: &Federation) -> Actor {
    Actor::runs(&federation.provider, &federation.repository)
}

/// What vouches for the run: GitHub's token, or what stands in a file.
async fn subject(http: &Http, federation: &Federation) -> Result<Secret, FederationError> {
    let (door, audience) = match &federation.subject {
        SubjectToken::File(file) => {
            let path = file.path().display().to_string();
            let token = file.read().map_err(|error| FederationError::File { path, error })?;
            http.hide(token.expose());
            return Ok(token);
        }
        SubjectToken::GitHub { door: None, .. } => return Err(FederationError::NoDoor),
        SubjectToken::GitHub { door: Some(door), audience } => (door, audience),
    };
    let call = Call {
        query: vec![("audience", audience.clone())],
        headers: vec![("authorization", format!("Bearer {}", door.token.expose()))],
        ..call(Method::GET, door.url.to_string(), Body::Empty, "ask GitHub for an OIDC token")
    };
    let take = |answer: Value| {
        let token = granted::text(&answer, "value")?;
        Secret::new(&token).ok_or_else(|| "it holds no token".to_owned())
    };
    let token = http.json_with(&call, take).await.map_err(|error| FederationError::Subject(Box::new(error)))?;
    http.hide(token.expose());
    Ok(token)
}

/// STS's token for it.
async fn exchange(http: &Http, federation: &Federation) -> Result<Granted, FederationError> {
    let subject = subject(http, federation).await?;
    let body = json!({
        "audience": federation.provider.exchanged_for(),
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": SCOPE,
        "subjectTokenType": federation.subject_type,
        "subjectToken": subject.expose(),
    });
    let url = http.url(Api::Sts, "v1/token");
    let call = call(Method::POST, url, Body::Json(body), "exchange the run's token for Google's");
    let granted = http.json_with(&call, |answer| Granted::of_oauth(&answer)).await;
    let granted = granted.map_err(|error| FederationError::Exchange {
        error: Box::new(error),
        provider: federation.provider.clone(),
        says: claims(subject.expose()),
    })?;
    http.hide(&granted.token);
    Ok(granted)
}

/// A request of this chain: it changes nothing, so it may always be sent again, and it carries no token of Google's
/// but the one that its author puts into it.
fn call(method: Method, url: String, body: Body, doing: &str) -> Call {
    Call {
        doing: doing.to_owned(),
        method,
        url,
        query: Vec::new(),
        headers: Vec::new(),
        body,
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: TIMEOUT,
        secret_url: false,
    }
}

/// What a token says of the run, for the one who has to compare it with a condition; `None` for what it does not say. No
/// part of it proves anything.
fn claims(token: &str) -> Vec<(&'static str, Option<String>)> {
    let claims = granted::claims(token);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let all = CLAIMS.iter().map(|name| (*name, claims.get(*name).map(|value| text(value).chars().take(300).collect())));
    if claims.is_object() { all.collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_says_is_read_and_what_is_none_says_nothing() {
        // {"sub":"repo:o/r","aud":"x","exp":1}
        assert_eq!(
            claims("e30.eyJzdWIiOiJyZXBvOm8vciIsImF1ZCI6IngiLCJleHAiOjF9.c2ln")
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect::<Vec<_>>(),
            [("aud", "x".to_owned()), ("sub", "repo:o/r".to_owned())]
        );
        for text in ["", "a.b.c", "a..c", "..."] {
            assert_eq!(claims(text), [], "{text}");
        }
    }
}
