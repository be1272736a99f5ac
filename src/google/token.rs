//! Tokens: access tokens for Google's APIs, identity tokens for the user's own service. They live in memory only.

use std::sync::Arc;
use std::time::Duration;

use super::error::ApiError;
use super::federation;
use super::federation_error::FederationError;
use super::http::Http;
use super::key_token::{self, KeyTokens};
use crate::clock::{Clock, jitter};
use crate::explain::{Class, Explain};
use crate::model::credentials::{Credentials, Way};
use crate::model::federation::Federation;
use crate::model::key::ServiceAccountKey;
use crate::model::principal::Principal;
use crate::net::Net;

/// What every access token is for; the account's roles say what it may do.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A token is not used in its last minute: the request it goes with may take that long to arrive.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a key that was just made may be unknown (`google-api.md` 11.1), and the pause between two tries.
const NEW_KEY: Duration = Duration::from_secs(120);
const NEW_KEY_PAUSE: Duration = Duration::from_secs(5);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The private key cannot sign.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// Google refused the signed assertion.
    #[error("Google refused the key of `{email}`: {words}")]
    Refused {
        /// Whose key it is.
        email: String,
        /// Google's word and sentence.
        words: String,
    },
    /// No sensible answer came.
    #[error(
        "the token endpoint `{endpoint}` cannot be reached or gives no sensible answer ({attempts} attempts): {why}"
    )]
    Unreachable {
        /// The endpoint's host.
        endpoint: String,
        /// How often it was asked.
        attempts: u32,
        /// The reason.
        why: String,
    },
    /// Signing in without a key failed.
    #[error(transparent)]
    Federation(Box<FederationError>),
    /// Google gave no identity token for a key.
    #[error("Google gave no identity token")]
    Identity(#[source] Box<ApiError>),
    /// A key that was just made gave no token.
    #[error("Google gave no token for the new key")]
    Proof(#[source] Box<ApiError>),
}

impl From<FederationError> for TokenError {
    fn from(error: FederationError) -> Self {
        Self::Federation(Box::new(error))
    }
}

impl Explain for TokenError {
    fn class(&self) -> Class {
        match self {
            TokenError::Key(_) => Class::Config,
            TokenError::Refused { .. } => Class::Auth,
            TokenError::Unreachable { .. } => Class::Infrastructure,
            TokenError::Federation(error) => error.class(),
            TokenError::Proof(error) if is_unknown(error) => Class::Auth,
            TokenError::Identity(error) | TokenError::Proof(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            TokenError::Key(_) => vec![
                "Store the whole key file as the secret, unchanged: `gh secret set GCP_SERVICE_ACCOUNT_KEY < key.json`"
                    .into(),
            ],
            TokenError::Refused { email, words } if words.contains("Invalid JWT Signature") => vec![
                format!(
                    "The key was deleted or disabled, or is not this account's. See which keys exist: gcloud iam service-accounts keys list --iam-account={email}"
                ),
                format!(
                    "Make a new one and store it: gcloud iam service-accounts keys create key.json --iam-account={email} && gh secret set GCP_SERVICE_ACCOUNT_KEY < key.json && rm key.json"
                ),
            ],
            TokenError::Refused { words, .. }
                if words.contains("reasonable timeframe") || words.contains("iat and exp") =>
            {
                vec![format!(
                    "The clock of this machine is wrong: it says {} UTC. Set it (NTP) and run again",
                    now_text()
                )]
            }
            TokenError::Refused { email, words }
                if words.contains("account not found") || words.contains("Not a valid email") =>
            {
                vec![format!(
                    "The service account `{email}` does not exist any more; make a new one, grant its roles (docs/PERMISSIONS.md), and store its key"
                )]
            }
            TokenError::Refused { email, .. } => {
                vec![format!("Check that `{email}` is enabled: gcloud iam service-accounts describe {email}")]
            }
            TokenError::Federation(error) => error.hints(),
            TokenError::Proof(error) if is_unknown(error) => {
                vec!["A new key may take some minutes to be known everywhere; run again".into()]
            }
            TokenError::Identity(error) | TokenError::Proof(error) => error.hints(),
            TokenError::Unreachable { .. } => {
                vec![
                    "Check that the runner reaches oauth2.googleapis.com (firewall, HTTPS_PROXY, DNS), then run again"
                        .into(),
                ]
            }
        }
    }
}

fn now_text() -> String {
    let now = time::OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02} {:02}:{:02}", now.year(), u8::from(now.month()), now.day(), now.hour(), now.minute())
}

/// Gets a token by a key that was just made. A new key takes a while to be known everywhere, and is refused until
/// then (`google-api.md` 11.1), so it is tried for [`NEW_KEY`].
///
/// # Errors
/// What Google said last.
pub async fn prove(http: &Http, key: &ServiceAccountKey) -> Result<(), TokenError> {
    let limit = http.clock().limit(NEW_KEY);
    loop {
        let error = match key_token::prove(key, http).await {
            Err(TokenError::Proof(error)) if !limit.reached(http.clock()) => error,
            ended => return ended,
        };
        if !is_unknown(&error) {
            return Err(TokenError::Proof(error));
        }
        http.clock().sleep(jitter(NEW_KEY_PAUSE, 0.75, 1.25)).await;
    }
}

/// Whether Google says that it does not know a key.
fn is_unknown(error: &ApiError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.word == "invalid_grant")
}

/// Gives out tokens of one principal.
pub struct Tokens {
    principal: Arc<Principal>,
    source: Source,
    clock: Clock,
    on_new: Box<dyn Fn(&str) + Send + Sync>,
    known: std::sync::Mutex<String>,
}

enum Source {
    Key(Box<KeyTokens>),
    /// One token at a time is got, however many requests need it.
    Federation(Box<Federation>, tokio::sync::Mutex<Option<Held>>),
}

/// An access token at hand.
struct Held {
    token: String,
    /// When it is no longer used, by the run's clock.
    until: Duration,
}

impl Tokens {
    /// Prepares the credentials. `on_new` sees every new token before anyone else, to hide it in logs.
    ///
    /// # Errors
    /// [`TokenError::Key`] when the private key cannot be read.
    pub async fn new(
        credentials: Credentials,
        net: &Net,
        clock: Clock,
        on_new: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, TokenError> {
        let source = match credentials.way {
            Way::Key(key) => Source::Key(Box::new(KeyTokens::new(*key, net, clock.clone()).await?)),
            Way::Federation(federation) => Source::Federation(federation, tokio::sync::Mutex::default()),
        };
        let principal = Arc::new(credentials.principal);
        Ok(Self { principal, source, clock, on_new, known: std::sync::Mutex::default() })
    }

    /// Whose tokens they are.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// An access token: the one at hand while it is good for another minute, unless Google refused it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn access(&self, http: &Http, refused: bool) -> Result<String, TokenError> {
        match &self.source {
            Source::Key(key) => Ok(self.seen(&key.access(refused).await?)),
            Source::Federation(federation, held) => {
                let mut held = held.lock().await;
                if let Some(at_hand) = held.as_ref().filter(|held| !refused && self.clock.now() < held.until) {
                    return Ok(at_hand.token.clone());
                }
                let granted = federation::access(http, federation).await?;
                let until = self.clock.now() + granted.lives.saturating_sub(MARGIN);
                let token = self.seen(&granted.token);
                *held = Some(Held { token: token.clone(), until });
                Ok(token)
            }
        }
    }

    /// An identity token, which says to the service at `audience` who asks, and opens nothing else.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn identity(&self, http: &Http, audience: &str) -> Result<String, TokenError> {
        let token = match &self.source {
            Source::Key(key) => key.identity(http, audience).await?,
            Source::Federation(federation, _) => federation::identity(http, federation, audience).await?,
        };
        self.hide(&token);
        Ok(token)
    }

    /// Passes a token on, hiding it first when it is new.
    fn seen(&self, token: &str) -> String {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *known != token {
            (self.on_new)(token);
            token.clone_into(&mut known);
        }
        token.to_owned()
    }

    /// Hides what was not fetched here.
    pub fn hide(&self, token: &str) {
        (self.on_new)(token);
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("principal", &self.principal.shown()).finish_non_exhaustive()
    }
}

/// An error with its causes on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
