//! Tokens by a service account's key: access tokens through yup-oauth2, identity tokens by the one JWT it cannot make.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::error::ApiError;
use super::granted::{self, Granted};
use super::http::{Body, Call, Http};
use super::patience::Patience;
use super::token_endpoint::{TokenEndpoint, Untold, words};
use super::token_error::TokenError;
use slipway_names::json::set;
use slipway_names::key::ServiceAccountKey;
use slipway_wire::repeat::Repeat;

/// The token endpoint answers within a second or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Gives out tokens by a key.
pub(super) struct KeyTokens {
    key: ServiceAccountKey,
    endpoint: TokenEndpoint,
}

impl KeyTokens {
    /// Prepares the key.
    ///
    /// # Errors
    /// [`TokenError::Key`] when the private key cannot be read.
    pub(super) async fn new(key: ServiceAccountKey) -> Result<Self, TokenError> {
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
        let endpoint = TokenEndpoint::of_key(yup_key).await.map_err(TokenError::Key)?;
        Ok(Self { key, endpoint })
    }

    /// A new access token.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn access(&self, http: &Http) -> Result<Granted, TokenError> {
        match self.endpoint.ask(http, self.key.token_uri.as_str(), "get an access token").await {
            Ok((granted, _)) => Ok(granted),
            Err(Untold::Unasked(why)) => Err(TokenError::Key(why)),
            Err(Untold::Answer(error)) => Err(match words(&error) {
                Some(words) => TokenError::Refused { email: self.key.email.to_string(), words },
                None => {
                    let endpoint = self.key.token_uri.host_str().unwrap_or_default().to_owned();
                    TokenError::Unreachable { endpoint, error }
                }
            }),
        }
    }

    /// A token that the key signs itself, for what stands at an address.
    ///
    /// # Errors
    /// [`TokenError::Key`] when signing fails.
    pub(super) fn for_proxy(&self, address: &str) -> Result<String, TokenError> {
        signed(&self.key, &super::iap::claims(self.key.email.as_str(), address))
    }

    /// An identity token with this audience.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn identity(&self, http: &Http, audience: &str) -> Result<String, TokenError> {
        let call = exchange(&self.key, ("target_audience", audience), "get an identity token")?;
        let token = http.json_with(&call, |answer| granted::text(&answer, "id_token")).await;
        token.map_err(|error: ApiError| TokenError::Identity(Box::new(error)))
    }
}

/// Gets an access token by this very key and hides it; proof that Google knows the key.
///
/// # Errors
/// [`TokenError::Proof`] with what the token endpoint said.
pub(super) async fn prove(key: &ServiceAccountKey, http: &Http) -> Result<(), TokenError> {
    let call = exchange(key, ("scope", granted::SCOPE), "get a token by the new key")?;
    let granted = http.json_with(&call, |answer| Granted::of_oauth(&answer)).await;
    granted.map(|granted| http.hide(&granted.token)).map_err(|error| TokenError::Proof(Box::new(error)))
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
/// assertions, so this one JWT is made here (docs: developers.google.com/identity/protocols/oauth2/service-account): it proves one key among several of an account.
///
/// # Errors
/// [`TokenError::Key`] when signing fails.
fn assertion(key: &ServiceAccountKey, (claim, value): (&str, &str)) -> Result<String, TokenError> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let mut claims = json!({
        "iss": key.email.as_str(),
        "sub": key.email.as_str(),
        "aud": key.token_uri.as_str(),
        "iat": now,
        "exp": now + 3600,
    });
    set(&mut claims, claim, value);
    signed(key, &claims)
}

/// Claims that the key signs.
///
/// # Errors
/// [`TokenError::Key`] when signing fails.
pub(super) fn signed(key: &ServiceAccountKey, claims: &Value) -> Result<String, TokenError> {
    let unusable = |why: &str| TokenError::Key(why.to_owned());
    let der = PrivateKeyDer::from_pem_slice(key.private_key.expose().as_bytes())
        .map_err(|error| unusable(&error.to_string()))?;
    let signer = rustls::crypto::ring::sign::any_supported_type(&der)
        .map_err(|error| unusable(&error.to_string()))?
        .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .ok_or_else(|| unusable("it is not an RSA key"))?;
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &key.key_id {
        set(&mut header, "kid", id.as_str());
    }
    let mut jwt =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = signer.sign(jwt.as_bytes()).map_err(|error| unusable(&error.to_string()))?;
    jwt.push('.');
    jwt.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(jwt)
}
