//! Tokens by a service account's key: access tokens through yup-oauth2, identity tokens by the one JWT it cannot make.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::error::AuthErrorCode;

use super::error::{ApiError, Kind};
use super::http::{Body, Call, Http};
use super::retry::{Patience, Repeat};
use super::token::{TokenError, chain};
use crate::clock::{Clock, jitter};
use crate::model::key::ServiceAccountKey;
use crate::net::{Net, TokenConnector};

const SCOPES: [&str; 1] = [super::token::SCOPE];

/// The token endpoint answers within a second or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Asking for a token changes nothing, so it is repeated through any passing trouble.
const ATTEMPTS: u32 = 5;

/// Gives out tokens by a key.
pub(super) struct KeyTokens {
    key: ServiceAccountKey,
    authenticator: Authenticator<TokenConnector>,
    clock: Clock,
}

impl KeyTokens {
    /// Prepares the key.
    ///
    /// # Errors
    /// [`TokenError::Key`] when the private key cannot be read.
    pub(super) async fn new(key: ServiceAccountKey, net: &Net, clock: Clock) -> Result<Self, TokenError> {
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
        Ok(Self { key, authenticator, clock })
    }

    /// An access token: the one at hand while it is good for another minute, unless a new one is asked for.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn access(&self, force: bool) -> Result<String, TokenError> {
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
                    Some(token) => return Ok(token.to_owned()),
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

    /// An identity token with this audience.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn identity(&self, http: &Http, audience: &str) -> Result<String, TokenError> {
        let call = exchange(&self.key, ("target_audience", audience), "get an identity token")?;
        let failed = |error: ApiError| TokenError::Identity(Box::new(error));
        let answer = http.json(&call).await.map_err(failed)?;
        match answer.get("id_token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => Ok(token.to_owned()),
            _ => Err(failed(ApiError {
                kind: Kind::Unreadable("it holds no token".into()),
                ..http.unreadable(&call, "")
            })),
        }
    }
}

/// Gets an access token by this very key and hides it; proof that Google knows the key.
///
/// # Errors
/// [`TokenError::Proof`] with what the token endpoint said.
pub(super) async fn prove(key: &ServiceAccountKey, http: &Http) -> Result<(), TokenError> {
    let call = exchange(key, ("scope", super::token::SCOPE), "get a token by the new key")?;
    let answer = http.json(&call).await.map_err(|error| TokenError::Proof(Box::new(error)))?;
    match answer.get("access_token").and_then(Value::as_str) {
        Some(token) if !token.is_empty() => {
            http.hide(token);
            Ok(())
        }
        _ => Err(TokenError::Proof(Box::new(http.unreadable(&call, "it holds no token")))),
    }
}

/// The request that exchanges an assertion with this claim.
fn exchange(key: &ServiceAccountKey, claim: (&str, &str), doing: &str) -> Result<Call, TokenError> {
    Ok(Call {
        doing: doing.into(),
        method: Method::POST,
        url: key.token_uri.to_string(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::Form(vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".into()),
            ("assertion", assertion(key, claim)?),
        ]),
        repeat: Repeat::Always,
        patience: Patience::USUAL,
        authorized: false,
        timeout: TIMEOUT,
        secret_url: false,
    })
}

/// A signed assertion with one claim of its own. yup-oauth2 asks for no identity tokens and names no key in its
/// assertions, so this one JWT is made here (`google-api.md` 1.2): it proves one key among several of an account.
///
/// # Errors
/// [`TokenError::Key`] when signing fails.
fn assertion(key: &ServiceAccountKey, (claim, value): (&str, &str)) -> Result<String, TokenError> {
    let unusable = |why: &str| TokenError::Key(why.to_owned());
    let der = PrivateKeyDer::from_pem_slice(key.private_key.expose().as_bytes())
        .map_err(|error| unusable(&error.to_string()))?;
    let signer = rustls::crypto::ring::sign::any_supported_type(&der)
        .map_err(|error| unusable(&error.to_string()))?
        .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .ok_or_else(|| unusable("it is not an RSA key"))?;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &key.key_id {
        header["kid"] = id.as_str().into();
    }
    let mut claims = json!({
        "iss": key.email.as_str(),
        "sub": key.email.as_str(),
        "aud": key.token_uri.as_str(),
        "iat": now,
        "exp": now + 3600,
    });
    claims[claim] = value.into();
    let mut jwt =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = signer.sign(jwt.as_bytes()).map_err(|error| unusable(&error.to_string()))?;
    jwt.push('.');
    jwt.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(jwt)
}
