//! Signing in without a key: GitHub vouches for the run, STS exchanges that for a token, and where an account is
//! named, IAM Credentials lets the run act as it (`google-api.md` 1.3).

use std::pin::Pin;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::endpoints::{Api, segment};
use super::error::{ApiError, Kind};
use super::federation_error::FederationError;
use super::http::{Body, Call, Http};
use super::retry::{Patience, Repeat};
use super::token::{SCOPE, TokenError};
use crate::model::federation::{Federation, Subject};
use crate::model::ids::AccountEmail;
use crate::model::secret::Secret;

/// GitHub, STS and IAM Credentials answer within seconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long Google lets a token of an account live that nobody asks another life for.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

/// A token, and how long it is good from now on.
pub(super) struct Granted {
    pub(super) token: String,
    pub(super) lives: Duration,
}

/// Work behind a pointer: a request that needs a token is made by requests that need none, over the same path.
type Getting<'a, T> = Pin<Box<dyn Future<Output = Result<T, TokenError>> + Send + 'a>>;

/// An access token, of the account where one is named, else of the run itself. Every link of the chain is made anew,
/// because the first, GitHub's token, is over within minutes.
///
/// # Errors
/// Which link could not be made, and why.
pub(super) fn access<'a>(http: &'a Http, federation: &'a Federation) -> Getting<'a, Granted> {
    Box::pin(async move {
        let links = Links { http, federation };
        let own = links.exchange().await?;
        let granted = match &federation.account {
            Some(account) => links.act_as(account, &own.token).await?,
            None => own,
        };
        Ok(granted)
    })
}

/// An identity token of the account. A run by itself has none.
///
/// # Errors
/// Which link could not be made, and why.
pub(super) fn identity<'a>(http: &'a Http, federation: &'a Federation, audience: &'a str) -> Getting<'a, String> {
    Box::pin(async move {
        let account = federation.account.as_ref().ok_or(FederationError::NoIdentity)?;
        let links = Links { http, federation };
        let own = links.exchange().await?;
        Ok(links.identity(account, &own.token, audience).await?)
    })
}

struct Links<'a> {
    http: &'a Http,
    federation: &'a Federation,
}

impl Links<'_> {
    /// What vouches for the run: GitHub's token, or what stands in a file.
    async fn subject(&self) -> Result<Secret, FederationError> {
        let (door, audience) = match &self.federation.subject {
            Subject::File(file) => {
                let path = file.path().display().to_string();
                let token = file.read().map_err(|error| FederationError::File { path, error })?;
                self.http.hide(token.expose());
                return Ok(token);
            }
            Subject::GitHub { door: None, .. } => return Err(FederationError::NoDoor),
            Subject::GitHub { door: Some(door), audience } => (door, audience),
        };
        let call = Call {
            query: vec![("audience", audience.clone())],
            headers: vec![("authorization", format!("Bearer {}", door.token.expose()))],
            ..call(Method::GET, door.url.to_string(), Body::Empty, "ask GitHub for an OIDC token".into())
        };
        let answer = self.http.json(&call).await.map_err(|error| FederationError::Subject(Box::new(error)))?;
        let token = answer.get("value").and_then(Value::as_str).and_then(Secret::new);
        let token = token.ok_or_else(|| FederationError::Subject(self.empty(&call)))?;
        self.http.hide(token.expose());
        Ok(token)
    }

    /// STS's token for it.
    async fn exchange(&self) -> Result<Granted, FederationError> {
        let subject = self.subject().await?;
        let body = json!({
            "audience": self.federation.provider.exchanged_for(),
            "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
            "scope": SCOPE,
            "subjectTokenType": self.federation.subject_type,
            "subjectToken": subject.expose(),
        });
        let url = self.http.url(Api::Sts, "v1/token");
        let call = call(Method::POST, url, Body::Json(body), "exchange the run's token for Google's".into());
        let refused = |error| FederationError::Exchange {
            error,
            provider: self.federation.provider.clone(),
            says: claims(subject.expose()),
        };
        let answer = self.http.json(&call).await.map_err(|error| refused(Box::new(error)))?;
        let lives = answer.get("expires_in").and_then(Value::as_u64).map(Duration::from_secs);
        match answer.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => {
                self.http.hide(token);
                // Without a word on its life it is taken as over at once, and the next request gets another.
                Ok(Granted { token: token.to_owned(), lives: lives.unwrap_or_default() })
            }
            None => Err(refused(self.empty(&call))),
        }
    }

    /// A token of the account.
    async fn act_as(&self, account: &AccountEmail, own: &str) -> Result<Granted, FederationError> {
        let mut body = json!({"scope": [SCOPE]});
        let lifetime = self.federation.lifetime;
        if let Some(lifetime) = lifetime {
            body["lifetime"] = format!("{}s", lifetime.as_secs()).into();
        }
        let doing = format!("get an access token of `{account}`");
        let (call, answer) = self.of_account(account, own, "generateAccessToken", body, doing).await?;
        let asked = lifetime.unwrap_or(USUAL_LIFE);
        let Some(token) = text(&answer, "accessToken") else { return Err(self.refused(account, self.empty(&call))) };
        let lives = text(&answer, "expireTime").and_then(until).filter(|left| *left <= asked).unwrap_or(asked);
        Ok(Granted { token: token.to_owned(), lives })
    }

    /// An identity token of the account.
    async fn identity(&self, account: &AccountEmail, own: &str, audience: &str) -> Result<String, FederationError> {
        let body = json!({"audience": audience, "includeEmail": true});
        let doing = format!("get an identity token of `{account}`");
        let (call, answer) = self.of_account(account, own, "generateIdToken", body, doing).await?;
        text(&answer, "token").map(str::to_owned).ok_or_else(|| self.refused(account, self.empty(&call)))
    }

    async fn of_account(
        &self,
        account: &AccountEmail,
        own: &str,
        verb: &str,
        mut body: Value,
        doing: String,
    ) -> Result<(Call, Value), FederationError> {
        let delegates = &self.federation.delegates;
        if !delegates.is_empty() {
            body["delegates"] = delegates.iter().map(|email| format!("projects/-/serviceAccounts/{email}")).collect();
        }
        let path = format!("v1/projects/-/serviceAccounts/{}:{verb}", segment(account.as_str()));
        let call = Call {
            headers: vec![("authorization", format!("Bearer {own}"))],
            ..call(Method::POST, self.http.url(Api::IamCredentials, &path), Body::Json(body), doing)
        };
        match self.http.json(&call).await {
            Ok(answer) => Ok((call, answer)),
            Err(error) => Err(self.refused(account, Box::new(error))),
        }
    }

    fn refused(&self, account: &AccountEmail, error: Box<ApiError>) -> FederationError {
        FederationError::ActAs {
            account: account.clone(),
            error,
            delegates: self.federation.delegates.clone(),
            members: self.federation.provider.members(&self.federation.repository),
        }
    }

    fn empty(&self, call: &Call) -> Box<ApiError> {
        let why = "it holds no token";
        Box::new(ApiError { kind: Kind::Unreadable(why.into()), ..self.http.unreadable(call, why) })
    }
}

/// A request of this chain: it changes nothing, so it may always be sent again, and it carries no token of Google's
/// but the one that its author puts into it.
fn call(method: Method, url: String, body: Body, doing: String) -> Call {
    Call {
        doing,
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

fn text<'a>(answer: &'a Value, field: &str) -> Option<&'a str> {
    answer.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The time until an instant, by this machine's clock; none when that has passed, and so cannot be right.
fn until(instant: &str) -> Option<Duration> {
    let end = time::OffsetDateTime::parse(instant, &time::format_description::well_known::Rfc3339).ok()?;
    Duration::try_from(end - time::OffsetDateTime::now_utc()).ok().filter(|left| !left.is_zero())
}

/// What a token says of the run, for the one who has to compare it with a condition. No part of it proves anything.
fn claims(token: &str) -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    const SHOWN: [&str; 7] = ["iss", "sub", "repository_id", "repository_owner_id", "ref", "environment", "aud"];
    let decoded = token
        .split('.')
        .nth(1)
        .and_then(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    let claims: Value = decoded.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let shown = |name| Some((name, claims.get(name)?.as_str()?.chars().take(200).collect()));
    SHOWN.into_iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_that_has_passed_says_nothing() {
        assert_eq!(until("2001-01-01T00:00:00Z"), None);
        assert_eq!(until("soon"), None);
        assert!(until("2999-01-01T00:00:00Z").is_some());
    }

    #[test]
    fn what_a_token_says_is_read_and_what_is_none_says_nothing() {
        // {"sub":"repo:o/r","aud":"x","exp":1}
        assert_eq!(
            claims("e30.eyJzdWIiOiJyZXBvOm8vciIsImF1ZCI6IngiLCJleHAiOjF9.c2ln"),
            [("sub", "repo:o/r".to_owned()), ("aud", "x".to_owned())]
        );
        for text in ["", "a.b.c", "a..c", "..."] {
            assert_eq!(claims(text), [], "{text}");
        }
    }
}
