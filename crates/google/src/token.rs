//! Tokens: which one is at hand, when another is got, and who must see it first. They live in memory only.

use std::sync::Arc;
use std::time::Duration;

use super::error::NoToken;
use super::federation;
use super::granted::Granted;
use super::http::{Access, Http, Wanted};
use super::iap;
use super::key_token::{self, KeyTokens};
use super::own_token::OwnTokens;
use super::token_error::TokenError;
use slipway_failure::{Class, Explain as _};
use slipway_names::credentials::{Credentials, SignInMethod};
use slipway_names::federation::Federation;
use slipway_names::ids::ProjectId;
use slipway_names::key::ServiceAccountKey;
use slipway_names::principal::Principal;
use slipway_wire::clock::{Clock, jitter};
use slipway_wire::trouble::chain;

/// A token is not used in its last minute: the request it goes with may take that long to arrive.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a key that was just made may be unknown (docs: iam/docs/keys-create-delete), and the pause between two tries.
const NEW_KEY: Duration = Duration::from_secs(120);
const NEW_KEY_PAUSE: Duration = Duration::from_secs(5);

/// Gets a token by a key that was just made. A new key takes a while to be known everywhere, and is refused until
/// then (docs: iam/docs/keys-create-delete), so it is tried for `NEW_KEY`.
///
/// # Errors
/// What Google said last.
pub async fn prove(http: &Http, key: &ServiceAccountKey) -> Result<(), TokenError> {
    let limit = http.clock().limit(NEW_KEY);
    loop {
        match key_token::prove(key, http).await {
            Err(error) if error.is_unknown_key() && !limit.reached(http.clock()) => {}
            ended => return ended,
        }
        http.clock().sleep(jitter(NEW_KEY_PAUSE, 0.75, 1.25)).await;
    }
}

/// How long a token that ends in the middle of a run is asked for anew, where the endpoint is in trouble: each request alone
/// gives up after some 15 s, and what would fail then is a rollout, or the way back. Half a token's margin for mistakes of
/// clocks, and well below the time that a job has.
const RENEWAL: Duration = Duration::from_secs(120);
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);

/// Is told a text.
pub type Notify = Box<dyn Fn(&str) + Send + Sync>;

/// Gives out tokens of one principal.
pub struct Tokens {
    principal: Arc<Principal>,
    source: TokenOrigin,
    quota_project: Option<ProjectId>,
    clock: Clock,
    on_new: Notify,
    on_wait: Notify,
    /// One token at a time is got, however many requests need it.
    last: tokio::sync::Mutex<LastToken>,
}

enum TokenOrigin {
    Key(Box<KeyTokens>),
    Federation(Box<Federation>),
    Own(Box<OwnTokens>),
}

/// What came of asking for an access token last.
enum LastToken {
    Nothing,
    /// A token, and when it is no longer used, by the run's clock.
    Held(String, Duration),
    /// None, when that was known, and whether there was one before.
    Failed(NoToken, Duration, bool),
}

impl Tokens {
    /// Prepares the credentials. `on_new` sees every new token before anyone else, to hide it in logs; `on_wait`
    /// is told why nothing goes on while a token is asked for again.
    ///
    /// # Errors
    /// `TokenError::Key` when the private key cannot be read.
    pub async fn new(
        credentials: Credentials,
        clock: Clock,
        on_new: Notify,
        on_wait: Notify,
    ) -> Result<Self, TokenError> {
        let source = match credentials.way {
            SignInMethod::Key(key) => TokenOrigin::Key(Box::new(KeyTokens::new(*key).await?)),
            SignInMethod::Federation(federation) => TokenOrigin::Federation(federation),
            SignInMethod::Own(own) => {
                TokenOrigin::Own(Box::new(OwnTokens::new(*own, credentials.principal.clone()).await?))
            }
        };
        let (principal, quota_project) = (Arc::new(credentials.principal), credentials.quota_project);
        let last = tokio::sync::Mutex::new(LastToken::Nothing);
        Ok(Self { principal, source, quota_project, clock, on_new, on_wait, last })
    }

    /// What the request path needs to know of them.
    pub fn into_access(self) -> Access {
        let (principal, quota_project) = (Arc::clone(&self.principal), self.quota_project().cloned());
        let tokens = Arc::new(self);
        let hiding = Arc::clone(&tokens);
        Access {
            principal,
            quota_project,
            hide: Box::new(move |secret| hiding.hide(secret)),
            give: Box::new(move |http, wanted| {
                let tokens = Arc::clone(&tokens);
                Box::pin(async move {
                    match wanted {
                        Wanted::Requests(refused) => tokens.access(http, refused).await,
                        Wanted::Service(audience) => tokens.identity(http, audience).await.map_err(NoToken::of),
                        Wanted::Proxied(address) => tokens.for_proxy(http, address).await.map_err(NoToken::of),
                    }
                })
            }),
        }
    }

    /// The project that requests are counted for, where an input says so, or what was found with a person's credentials.
    fn quota_project(&self) -> Option<&ProjectId> {
        let of_own = || match &self.source {
            TokenOrigin::Own(own) => own.quota_project(),
            TokenOrigin::Key(_) | TokenOrigin::Federation(_) => None,
        };
        self.quota_project.as_ref().or_else(of_own)
    }

    /// An access token: the one at hand while it is good for another minute, unless it is the one that Google refused.
    ///
    /// # Errors
    /// Why there is none.
    async fn access(&self, http: &Http, refused: Option<&str>) -> Result<String, NoToken> {
        let asked = self.clock.now();
        let mut last = self.last.lock().await;
        match &*last {
            LastToken::Held(token, until) if refused != Some(token.as_str()) && self.clock.now() < *until => {
                return Ok(token.clone());
            }
            // Whoever waited while another request asked for a token in vain asks no more than that one did.
            LastToken::Failed(why, at, _) if asked < *at => return Err(why.clone()),
            _ => {}
        }
        let renews = matches!(&*last, LastToken::Held(..) | LastToken::Failed(_, _, true));
        let granted = match renews {
            true => self.renew(http, refused.is_some()).await,
            false => self.grant(http, refused.is_some()).await,
        };
        let granted = granted.map_err(NoToken::of);
        match granted {
            Ok(granted) => {
                self.hide(&granted.token);
                let until = self.clock.now() + granted.lives.saturating_sub(MARGIN);
                *last = LastToken::Held(granted.token.clone(), until);
                Ok(granted.token)
            }
            Err(why) => {
                *last = LastToken::Failed(why.clone(), self.clock.now(), renews);
                Err(why)
            }
        }
    }

    /// Gets a new token in the middle of a run: a passing trouble of whoever gives it is waited out, within a limit.
    async fn renew(&self, http: &Http, refused: bool) -> Result<Granted, TokenError> {
        let limit = self.clock.limit(RENEWAL);
        let mut told = false;
        loop {
            match self.grant(http, refused).await {
                Err(why)
                    if matches!(why.class(), Class::Infrastructure | Class::Quota) && !limit.reached(&self.clock) =>
                {
                    if !std::mem::replace(&mut told, true) {
                        let text = format!(
                            "There is no new token yet: {}. Asking again for up to {} s",
                            chain(&why),
                            RENEWAL.as_secs()
                        );
                        (self.on_wait)(&text);
                    }
                    self.clock.sleep(jitter(RENEWAL_PAUSE, 0.75, 1.25)).await;
                }
                ended => return ended,
            }
        }
    }

    /// Gets a new token, by requests that need none.
    async fn grant(&self, http: &Http, refused: bool) -> Result<Granted, TokenError> {
        match &self.source {
            TokenOrigin::Key(key) => key.access(http).await,
            TokenOrigin::Federation(federation) => Ok(federation::access(http, federation).await?),
            TokenOrigin::Own(own) => own.access(http, refused).await,
        }
    }

    /// An identity token, which says to the service at `audience` who asks, and opens nothing else.
    ///
    /// # Errors
    /// Why there is none.
    async fn identity(&self, http: &Http, audience: &str) -> Result<String, TokenError> {
        let token = match &self.source {
            TokenOrigin::Key(key) => key.identity(http, audience).await?,
            TokenOrigin::Federation(federation) => federation::identity(http, federation, audience).await?,
            TokenOrigin::Own(own) => own.identity(http, audience).await?,
        };
        self.hide(&token);
        Ok(token)
    }

    /// A token that Identity-Aware Proxy takes in front of an address, and nobody else.
    ///
    /// # Errors
    /// Why there is none.
    async fn for_proxy(&self, http: &Http, address: &str) -> Result<String, TokenError> {
        let token = match &self.source {
            TokenOrigin::Key(key) => key.for_proxy(address)?,
            TokenOrigin::Federation(_) | TokenOrigin::Own(_) => {
                // Google signs for service accounts; a person signs in with a browser.
                let email = self.principal.service_account().ok_or(TokenError::NoIdentity)?;
                let signed = iap::signed_by_google(http, email, address).await;
                signed.map_err(|error| TokenError::Identity(Box::new(error)))?
            }
        };
        self.hide(&token);
        Ok(token)
    }

    /// Hides a secret that an answer brought, before anything else is printed.
    fn hide(&self, secret: &str) {
        (self.on_new)(secret);
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("principal", &self.principal.shown()).finish_non_exhaustive()
    }
}
