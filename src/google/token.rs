//! Tokens: access tokens for Google's APIs through yup-oauth2, identity tokens for the user's own
//! service. They live in memory only.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::error::AuthErrorCode;

use crate::clock::{Clock, jitter};
use crate::explain::{Class, Explain};
use crate::model::key::ServiceAccountKey;
use crate::net::{Net, TokenConnector};

const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/cloud-platform"];

/// The token endpoint answers within a second or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asking for a token changes nothing, so it is repeated through any passing trouble.
const ATTEMPTS: u32 = 5;

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
}

impl Explain for TokenError {
    fn class(&self) -> Class {
        match self {
            TokenError::Key(_) => Class::Config,
            TokenError::Refused { .. } => Class::Auth,
            TokenError::Unreachable { .. } => Class::Infrastructure,
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

/// Gives out tokens of one account.
pub struct Tokens {
    key: ServiceAccountKey,
    authenticator: Authenticator<TokenConnector>,
    clock: Clock,
    on_new: Box<dyn Fn(&str) + Send + Sync>,
    known: std::sync::Mutex<String>,
}

impl Tokens {
    /// Prepares the key. `on_new` sees every new token before anyone else, to hide it in logs.
    ///
    /// # Errors
    /// [`TokenError::Key`] when the private key cannot be read.
    pub async fn new(
        key: ServiceAccountKey,
        net: &Net,
        clock: Clock,
        on_new: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, TokenError> {
        let yup_key = yup_oauth2::ServiceAccountKey {
            key_type: None,
            project_id: None,
            private_key_id: None,
            private_key: key.private_key.expose().to_owned(),
            client_email: key.email.to_string(),
            client_id: None,
            auth_uri: None,
            token_uri: key.token_uri.to_string(),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        };
        let authenticator = yup_oauth2::ServiceAccountAuthenticator::with_client(yup_key, net.token_client())
            .build()
            .await
            .map_err(|error| TokenError::Key(error.to_string()))?;
        Ok(Self { key, authenticator, clock, on_new, known: std::sync::Mutex::default() })
    }

    /// The account.
    pub fn email(&self) -> &str {
        self.key.email.as_str()
    }

    /// Where assertions are exchanged.
    pub fn endpoint(&self) -> &url::Url {
        &self.key.token_uri
    }

    /// An access token: the one at hand while it is good for another minute.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn access(&self) -> Result<String, TokenError> {
        self.fetch(false).await
    }

    /// A new access token, after Google refused the one at hand.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn renew(&self) -> Result<String, TokenError> {
        self.fetch(true).await
    }

    async fn fetch(&self, force: bool) -> Result<String, TokenError> {
        let mut attempt = 1;
        loop {
            let asked = async {
                if force {
                    self.authenticator.force_refreshed_token(&SCOPES).await
                } else {
                    self.authenticator.token(&SCOPES).await
                }
            };
            let why = match tokio::time::timeout(TIMEOUT, asked).await {
                Ok(Ok(token)) => match token.token() {
                    Some(token) => return Ok(self.seen(token)),
                    None => "the answer holds no access token".to_owned(),
                },
                Ok(Err(error)) => match self.verdict(&error) {
                    Err(refused) => return Err(refused),
                    Ok(why) => why,
                },
                Err(_) => format!("no answer within {} s", TIMEOUT.as_secs()),
            };
            if attempt == ATTEMPTS {
                return Err(TokenError::Unreachable { endpoint: self.host(), attempts: attempt, why });
            }
            self.clock.sleep(jitter(Duration::from_secs(1 << (attempt - 1)), 0.5, 1.0)).await;
            attempt += 1;
        }
    }

    /// Tells a refusal from passing trouble; the reason of the latter comes back.
    fn verdict(&self, error: &yup_oauth2::Error) -> Result<String, TokenError> {
        match error {
            yup_oauth2::Error::AuthError(refused) => {
                let passing = matches!(&refused.error, AuthErrorCode::Other(word)
                    if matches!(word.as_str(), "internal_failure" | "temporarily_unavailable" | "server_error" | "rate_limit_exceeded" | "backend_error"));
                let mut words = refused.error.as_str().to_owned();
                if let Some(description) = &refused.error_description {
                    // The description may quote what was sent; an assertion has no place in a log.
                    let clipped: String =
                        description.split_whitespace().filter(|word| word.len() < 120).collect::<Vec<_>>().join(" ");
                    words = format!("{words}: {}", clipped.chars().take(300).collect::<String>());
                }
                if passing { Ok(words) } else { Err(TokenError::Refused { email: self.key.email.to_string(), words }) }
            }
            yup_oauth2::Error::JSONError(_) | yup_oauth2::Error::MissingAccessToken => {
                Ok("the answer is not a token".into())
            }
            yup_oauth2::Error::UserError(why) => Err(TokenError::Key(why.clone())),
            other => Ok(chain(other)),
        }
    }

    fn host(&self) -> String {
        self.key.token_uri.host_str().unwrap_or_default().to_owned()
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

    /// Hides a token that was not fetched here.
    pub fn hide(&self, token: &str) {
        (self.on_new)(token);
    }

    /// The signed request for an identity token with this audience. yup-oauth2 has no such request,
    /// so this one JWT is made here (`google-api.md` 1.2).
    ///
    /// # Errors
    /// [`TokenError::Key`] when signing fails.
    pub fn identity_assertion(&self, audience: &str) -> Result<String, TokenError> {
        let unusable = |why: &str| TokenError::Key(why.to_owned());
        let der = PrivateKeyDer::from_pem_slice(self.key.private_key.expose().as_bytes())
            .map_err(|error| unusable(&error.to_string()))?;
        let signer = rustls::crypto::ring::sign::any_supported_type(&der)
            .map_err(|error| unusable(&error.to_string()))?
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
            .ok_or_else(|| unusable("it is not an RSA key"))?;
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.key.key_id {
            header["kid"] = id.as_str().into();
        }
        let claims = json!({
            "iss": self.email(),
            "sub": self.email(),
            "aud": self.key.token_uri.as_str(),
            "iat": now,
            "exp": now + 3600,
            "target_audience": audience,
        });
        let mut jwt =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = signer.sign(jwt.as_bytes()).map_err(|error| unusable(&error.to_string()))?;
        jwt.push('.');
        jwt.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(jwt)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("email", &self.email()).finish_non_exhaustive()
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
