//! A service-account key: what is in the file, and everything that can be wrong with it.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use url::Url;

use super::address::is_loopback;
use super::ids::{AccountEmail, ProjectId};
use super::secret::Secret;
use super::shown::QuotedText;

/// A key that can sign for a service account. Its private part never meets `Debug`.
#[derive(Debug, Clone)]
pub struct ServiceAccountKey {
    /// The account it signs for.
    pub email: AccountEmail,
    /// The project the account lives in.
    pub project: Option<ProjectId>,
    /// The key's id, for telling keys apart.
    pub key_id: Option<String>,
    /// PEM text.
    pub private_key: Secret,
    /// Where signed assertions are exchanged for tokens.
    pub token_uri: Url,
}

/// Why a text is not a usable key. No variant quotes the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither JSON nor base64 of JSON.
    #[error("this is not JSON, and not base64 of JSON")]
    NotJson,
    /// JSON, but cut off or not an object.
    #[error("this JSON is not a service-account key file (it breaks off or is no object)")]
    NotAnObject,
    /// A file for Workload Identity Federation.
    #[error("this is a Workload Identity Federation file (`type: external_account`), which holds no key")]
    Federation,
    /// A file for acting as an account by means of other credentials.
    #[error("this is `type: impersonated_service_account`, which is for a terminal alone")]
    Impersonated,
    /// The credentials of a person.
    #[error("this is `type: authorized_user`, the credentials of a person, which are for a terminal alone")]
    Person,
    /// Another cloud than Google's own.
    #[error("its `universe_domain` is not googleapis.com")]
    Universe,
    /// Another kind of credentials.
    #[error("its `type` is {}, not `service_account`", QuotedText(.0))]
    OtherType(String),
    /// A field is missing or empty.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// The private key is not a PEM text.
    #[error("its `private_key` is not a private key in PEM form")]
    NotPem,
    /// The address of the account makes no sense.
    #[error("its `client_email` is not the address of a service account")]
    Email,
    /// Assertions would be sent to a stranger.
    #[error("its `token_uri` leads to {}, which is not Google's token endpoint", QuotedText(.0))]
    TokenUri(String),
}

impl KeyError {
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            KeyError::NotJson | KeyError::NotAnObject | KeyError::Missing(_) | KeyError::NotPem | KeyError::Email => {
                "store the whole key file as the secret, on one line: `jq -c . key.json | gh secret set GCP_SERVICE_ACCOUNT_KEY`"
            }
            KeyError::Federation => {
                "remove `credentials_json` and give `workload_identity_provider`; or leave the file to GOOGLE_APPLICATION_CREDENTIALS, as google-github-actions/auth does"
            }
            KeyError::Impersonated => {
                "give `workload_identity_provider` and `service_account` (and `delegates`), which act as an account without such a file"
            }
            KeyError::Person => {
                "sign in as a service account: with `workload_identity_provider`, or with a key made by `gcloud iam service-accounts keys create key.json --iam-account=ACCOUNT`; on a terminal the file is found where gcloud puts it"
            }
            KeyError::Universe => "use the credentials of an account or a person of Google Cloud itself",
            KeyError::OtherType(_) => {
                "make a service-account key: `gcloud iam service-accounts keys create key.json --iam-account=ACCOUNT`"
            }
            KeyError::TokenUri(_) => {
                "use an unchanged key file; its `token_uri` is https://oauth2.googleapis.com/token"
            }
        }
    }
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: Option<String>,
    project_id: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    client_email: Option<String>,
    token_uri: Option<String>,
}

impl ServiceAccountKey {
    /// Reads a key from its JSON text or from base64 of it (any alphabet, padding and line breaks).
    ///
    /// # Errors
    /// What is wrong with the text, without quoting it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let json =
            if text.starts_with('{') { text.to_owned() } else { decode_base64(text).ok_or(KeyError::NotJson)? };
        let file: KeyFile = serde_json::from_str(&json).map_err(|_| KeyError::NotAnObject)?;
        match file.kind.as_deref() {
            Some("service_account") => {}
            Some("external_account") => return Err(KeyError::Federation),
            Some("impersonated_service_account") => return Err(KeyError::Impersonated),
            Some("authorized_user") => return Err(KeyError::Person),
            Some(other) => {
                return Err(KeyError::OtherType(other.chars().filter(char::is_ascii_graphic).take(40).collect()));
            }
            None => return Err(KeyError::Missing("type")),
        }
        // Keys that went through one shell or template too many have `\n` in two characters.
        let pem = file.private_key.ok_or(KeyError::Missing("private_key"))?.replace("\\n", "\n");
        let private_key = Secret::new(&pem).ok_or(KeyError::Missing("private_key"))?;
        let framed = pem.trim_start().starts_with("-----BEGIN ")
            && pem.contains("PRIVATE KEY-----")
            && pem.contains("-----END ");
        if !framed {
            return Err(KeyError::NotPem);
        }
        let email = file.client_email.filter(|email| !email.is_empty()).ok_or(KeyError::Missing("client_email"))?;
        Ok(Self {
            email: AccountEmail::parse(&email).map_err(|_| KeyError::Email)?,
            project: file.project_id.and_then(|id| ProjectId::parse(&id).ok()),
            key_id: file.private_key_id,
            private_key,
            token_uri: token_uri(file.token_uri.as_deref().unwrap_or("https://oauth2.googleapis.com/token"))?,
        })
    }
}

/// A forged key file must not make us send assertions elsewhere (docs: developers.google.com/identity/protocols/oauth2/service-account); loopback is
/// for the embedded cloud.
fn token_uri(text: &str) -> Result<Url, KeyError> {
    let shown = || KeyError::TokenUri(text.chars().filter(char::is_ascii_graphic).take(80).collect());
    let url = Url::parse(text).map_err(|_| shown())?;
    let google = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.host_str().is_some_and(|host| {
            host == "oauth2.googleapis.com" || host == "accounts.google.com" || host == "www.googleapis.com"
        });
    if google || is_loopback(&url) { Ok(url) } else { Err(shown()) }
}

fn decode_base64(text: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let bytes = engine.decode(compact).ok()?;
    String::from_utf8(bytes).ok().map(|json| json.trim().to_owned()).filter(|json| json.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut file = serde_json::json!({
            "type": "service_account",
            "project_id": "harbour-dev",
            "private_key_id": "abc",
            "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "client_email": "d@harbour-dev.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        });
        change(&mut file);
        file.to_string()
    }

    fn error(change: impl FnOnce(&mut serde_json::Value)) -> KeyError {
        ServiceAccountKey::parse(&file(change)).expect_err("a bad key")
    }

    #[test]
    fn raw_and_base64_keys_are_read() {
        let raw = file(|_| {});
        let standard = base64::engine::general_purpose::STANDARD.encode(&raw);
        let wrapped = standard
            .as_bytes()
            .chunks(64)
            .map(|c| String::from_utf8_lossy(c).into_owned())
            .collect::<Vec<_>>()
            .join("\n");
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&raw);
        for text in [raw, standard, wrapped, url_safe] {
            let key = ServiceAccountKey::parse(&text).expect("a key");
            assert_eq!(key.email.as_str(), "d@harbour-dev.iam.gserviceaccount.com");
            assert!(!format!("{key:?}").contains("AAAA"));
        }
    }

    #[test]
    fn a_doubly_escaped_key_is_mended() {
        let key = ServiceAccountKey::parse(&file(|f| {
            f["private_key"] = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n".into()
        }));
        assert!(key.expect("a key").private_key.expose().contains("\nAAAA\n"));
    }

    #[test]
    fn each_mistake_is_told_apart() {
        assert_eq!(ServiceAccountKey::parse("hello").expect_err("no"), KeyError::NotJson);
        assert_eq!(ServiceAccountKey::parse("{\"type\":").expect_err("no"), KeyError::NotAnObject);
        assert_eq!(error(|f| f["type"] = "external_account".into()), KeyError::Federation);
        assert_eq!(error(|f| f["type"] = "authorized_user".into()), KeyError::Person);
        assert_eq!(error(|f| f["private_key"] = "".into()), KeyError::Missing("private_key"));
        assert_eq!(error(|f| f["private_key"] = "abc".into()), KeyError::NotPem);
        assert_eq!(error(|f| f["client_email"] = "".into()), KeyError::Missing("client_email"));
        assert_eq!(error(|f| f["client_email"] = "me".into()), KeyError::Email);
    }

    #[test]
    fn assertions_go_to_google_or_stay_here() {
        for uri in ["http://127.0.0.1:4000/token", "http://[::1]:4000/token", "http://localhost:1/t"] {
            assert!(ServiceAccountKey::parse(&file(|f| f["token_uri"] = uri.into())).is_ok(), "{uri}");
        }
        for uri in [
            "https://evil.example/token",
            "http://oauth2.googleapis.com/token",
            "https://oauth2.googleapis.com.evil.example/token",
            "https://oauth2.googleapis.com:444/token",
            "https://oauth2.googleapis.com@evil.example/",
            "https://storage.googleapis.com/bucket/token",
            "http://127.0.0.1.evil.example/",
            "file:///etc/passwd",
            "token",
        ] {
            assert!(matches!(error(|f| f["token_uri"] = uri.into()), KeyError::TokenUri(_)), "{uri}");
        }
    }
}
