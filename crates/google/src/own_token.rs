//! Tokens by credentials of one's own: a person's refresh token, a token at hand, the metadata server; and by acting
//! as an account with any of them.

use std::time::Duration;

use serde_json::Value;
use yup_oauth2::authorized_user::AuthorizedUserSecret;

use super::acting::{self, Actor};
use super::endpoints::Api;
use super::error::ApiError;
use super::granted::{self, Granted, LONGEST_LIFE, SCOPE};
use super::http::{Body, Call, Http};
use super::metadata;
use super::patience::Patience;
use super::token_endpoint::{TokenEndpoint, Untold, words};
use super::token_error::{ANONYMOUS, ENDS_SOON, SPENT, TokenError};
use slipway_names::ids::ProjectId;
use slipway_names::own::{Own, TokenSource};
use slipway_names::principal::Principal;
use slipway_wire::repeat::Repeat;

/// A rollout that cannot be put back, because its token has ended, is worse than none.
const SHORTEST: Duration = Duration::from_secs(300);

/// To know whose a token is, is worth no more of a person's time.
const GLANCE: Duration = Duration::from_secs(5);

/// Gives out tokens by what a person or a machine has.
pub(super) struct OwnTokens {
    own: Own,
    /// What shows a person's refresh token, where there is one.
    endpoint: Option<TokenEndpoint>,
    /// Who has them; named by the first token.
    owner: Principal,
}

impl OwnTokens {
    /// Prepares them.
    ///
    /// # Errors
    /// None is known.
    pub(super) async fn new(own: Own, principal: Principal) -> Result<Self, TokenError> {
        let endpoint = match &own.source {
            TokenSource::Person(person) => Some(
                TokenEndpoint::of_person(AuthorizedUserSecret {
                    client_id: person.client_id.clone(),
                    client_secret: person.client_secret.expose().to_owned(),
                    refresh_token: person.refresh_token.expose().to_owned(),
                    key_type: "authorized_user".to_owned(),
                })
                .await
                .map_err(TokenError::Person)?,
            ),
            TokenSource::Token { .. } | TokenSource::Machine(_) => None,
        };
        // Where an account is acted as, that account is who asks; the owner is somebody else, whom only hints name.
        let owner = match (&own.acting, &own.source) {
            (None, _) => principal,
            (Some(_), TokenSource::Machine(_)) => Principal::machine(),
            (Some(_), _) => Principal::person(),
        };
        Ok(Self { own, endpoint, owner })
    }

    /// The project that requests are counted for where somebody said so; an account's count for its own.
    pub(super) fn quota_project(&self) -> Option<&ProjectId> {
        self.own.quota_project.as_ref().filter(|_| self.own.acting.is_none())
    }

    /// A new access token; where Google refused the one before, a token at hand is of no more use.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn access(&self, http: &Http, refused: bool) -> Result<Granted, TokenError> {
        let own = self.own_access(http, refused).await?;
        match &self.own.acting {
            None => Ok(own),
            Some(acting) => {
                http.hide(&own.token);
                Ok(acting::access(http, acting, &own.token, &self.actor()).await?)
            }
        }
    }

    /// An identity token.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn identity(&self, http: &Http, audience: &str) -> Result<String, TokenError> {
        if let Some(acting) = &self.own.acting {
            let own = self.own_access(http, false).await?;
            http.hide(&own.token);
            return Ok(acting::identity(http, acting, &own.token, &self.actor(), audience).await?);
        }
        match &self.own.source {
            // Its audience is gcloud, for which Cloud Run lets a person in (docs: run/authenticating/developers).
            TokenSource::Person(_) => {
                let (_, answer) = self.of_person(http).await?;
                granted::text(&answer, "id_token").map_err(|_| TokenError::NoIdentity)
            }
            TokenSource::Token { variable, .. } => Err(TokenError::Fixed { variable, why: ANONYMOUS }),
            TokenSource::Machine(server) => metadata::identity(http, server, audience).await.map_err(of_machine),
        }
    }

    fn actor(&self) -> Actor {
        Actor::own(&self.owner)
    }

    async fn own_access(&self, http: &Http, refused: bool) -> Result<Granted, TokenError> {
        match &self.own.source {
            TokenSource::Person(_) => {
                let (granted, answer) = self.of_person(http).await?;
                let claims = answer.get("id_token").and_then(Value::as_str).map(granted::claims).unwrap_or_default();
                self.learn(claims.get("email"));
                Ok(granted)
            }
            TokenSource::Token { variable, token } => {
                if refused && self.own.acting.is_none() {
                    return Err(TokenError::Fixed { variable, why: SPENT });
                }
                let told = tokeninfo(http, token.expose()).await;
                self.learn(told.get("email"));
                // Where nobody says when it ends, Google will.
                let lives = told.get("expires_in").and_then(granted::seconds).unwrap_or(LONGEST_LIFE);
                if lives < SHORTEST {
                    return Err(TokenError::Fixed { variable, why: ENDS_SOON });
                }
                Ok(Granted { token: token.expose().to_owned(), lives })
            }
            TokenSource::Machine(server) => {
                if self.owner.email().is_none() {
                    let account = metadata::account(http, server).await.map_err(of_machine)?;
                    if !account.scopes.is_empty() && !account.scopes.iter().any(|scope| scope == SCOPE) {
                        return Err(TokenError::Scopes(account.scopes.join(", ")));
                    }
                    self.owner.learn(&account.email);
                }
                metadata::access(http, server).await.map_err(of_machine)
            }
        }
    }

    fn learn(&self, email: Option<&Value>) {
        if let Some(email) = email.and_then(Value::as_str) {
            self.owner.learn(email);
        }
    }

    /// A person's token, and the whole answer.
    async fn of_person(&self, http: &Http) -> Result<(Granted, Value), TokenError> {
        let Some(endpoint) = &self.endpoint else { return Err(TokenError::NoIdentity) };
        let address = http.url(Api::OAuth, "token");
        endpoint.ask(http, &address, "get an access token of your own").await.map_err(|why| match why {
            Untold::Unasked(why) => TokenError::Person(why),
            Untold::Answer(error) => match words(&error) {
                Some(words) => TokenError::Person(words),
                None => TokenError::Unreachable { endpoint: host(&address), error },
            },
        })
    }
}

fn of_machine(error: ApiError) -> TokenError {
    TokenError::Machine(Box::new(error))
}

fn host(address: &str) -> String {
    url::Url::parse(address).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default()
}

/// What Google says of a token; nothing where it says nothing, as of tokens of federation.
async fn tokeninfo(http: &Http, token: &str) -> Value {
    let call = Call {
        // In the body: addresses end up in logs.
        body: Body::Form(vec![("access_token", token.to_owned())]),
        authorized: false,
        patience: Patience::ONCE,
        timeout: GLANCE,
        ..http.call(
            reqwest::Method::POST,
            Api::OAuth,
            "tokeninfo",
            Body::Empty,
            Repeat::Always,
            "ask whose token it is",
        )
    };
    http.json(&call).await.unwrap_or_default()
}
