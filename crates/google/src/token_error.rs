//! Why there is no token, and what to do about it.

use super::acting::ActAsError;
use super::error::ApiError;
use super::federation_error::FederationError;
use slipway_failure::{Class, Explain};

/// How a person signs in anew; what is got then is found where gcloud puts it.
const LOG_IN: &str = "gcloud auth application-default login";

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
    /// Google refused a person's refresh token.
    #[error("Google refused your own credentials: {0}")]
    Person(String),
    /// A person's credentials bring no identity token.
    #[error("your own credentials bring no identity token")]
    NoIdentity,
    /// An access token alone can neither be renewed nor turned into an identity.
    #[error("the token in {variable} {why}")]
    Fixed {
        /// The variable.
        variable: &'static str,
        /// What it cannot, or no longer, do.
        why: &'static str,
    },
    /// No sensible answer came.
    #[error("the token endpoint `{endpoint}` cannot be reached or gives no sensible answer")]
    Unreachable {
        /// The endpoint's host.
        endpoint: String,
        /// What came.
        #[source]
        error: Box<ApiError>,
    },
    /// Signing in without a key failed.
    #[error(transparent)]
    Federation(Box<FederationError>),
    /// The account that shall be acted as gave none.
    #[error(transparent)]
    ActAs(Box<ActAsError>),
    /// The metadata server gave none.
    #[error("the metadata server gave no token")]
    Machine(#[source] Box<ApiError>),
    /// The machine's tokens open too little.
    #[error("the tokens of this machine are not for Google's APIs: its access scopes are {0}")]
    Scopes(String),
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

impl From<ActAsError> for TokenError {
    fn from(error: ActAsError) -> Self {
        Self::ActAs(Box::new(error))
    }
}

impl TokenError {
    /// Whether Google says that it does not know a key.
    pub(super) fn is_unknown_key(&self) -> bool {
        matches!(self, Self::Proof(error) if error.refusal().is_some_and(|refusal| refusal.word == "invalid_grant"))
    }
}

impl Explain for TokenError {
    fn class(&self) -> Class {
        match self {
            TokenError::Key(_) => Class::Config,
            TokenError::Refused { .. }
            | TokenError::Person(_)
            | TokenError::NoIdentity
            | TokenError::Fixed { .. }
            | TokenError::Scopes(_) => Class::Auth,
            TokenError::Unreachable { error, .. } | TokenError::Machine(error) => error.sign_in_class(),
            TokenError::Federation(error) => error.class(),
            TokenError::ActAs(error) => error.class(),
            TokenError::Proof(_) if self.is_unknown_key() => Class::Auth,
            TokenError::Identity(error) | TokenError::Proof(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            TokenError::Key(_) => vec![
                "Store the whole key file as the secret, on one line: `jq -c . key.json | gh secret set GCP_SERVICE_ACCOUNT_KEY`"
                    .into(),
            ],
            TokenError::Refused { email, words } => refused(email, words),
            TokenError::Person(words) if words.contains("rapt") => vec![
                format!("Your organisation lets a sign-in last for some hours; sign in again: {LOG_IN}"),
            ],
            TokenError::Person(_) => vec![format!("Sign in again: {LOG_IN}")],
            TokenError::NoIdentity => vec![
                format!("Sign in again, with the scopes that gcloud asks for by itself: {LOG_IN}"),
                ACT.into(),
            ],
            TokenError::Fixed { variable, why } if *why != ANONYMOUS => vec![
                format!("Get another one: export {variable}=$(gcloud auth print-access-token)"),
                format!("Or unset {variable}, and sign in so that tokens are renewed: {LOG_IN}"),
            ],
            TokenError::Fixed { .. } => vec![ACT.into()],
            TokenError::Unreachable { error, .. } => match error.is_distrusted() {
                true => error.hints(),
                false => vec![
                    "Check that the runner reaches oauth2.googleapis.com (firewall, HTTPS_PROXY, DNS), then run again"
                        .into(),
                ],
            },
            TokenError::Federation(error) => error.hints(),
            TokenError::ActAs(error) => error.hints(),
            TokenError::Machine(error) if error.is_missing() => vec![
                "The machine has no service account; attach one: gcloud compute instances set-service-account MACHINE --service-account=ACCOUNT --scopes=cloud-platform".into(),
            ],
            TokenError::Machine(_) => vec![
                "Only machines in Google Cloud have a metadata server; elsewhere give `credentials_json` or `workload_identity_provider`".into(),
                "In a container, its network must reach metadata.google.internal".into(),
            ],
            TokenError::Scopes(_) => vec![
                "Scopes of a stopped machine can be changed, and what its account may do is said by its roles: gcloud compute instances set-service-account MACHINE --scopes=cloud-platform".into(),
            ],
            TokenError::Proof(_) if self.is_unknown_key() => {
                vec!["A new key may take some minutes to be known everywhere; run again".into()]
            }
            TokenError::Identity(error) | TokenError::Proof(error) => error.hints(),
        }
    }
}

/// What an access token can no longer do.
pub(super) const SPENT: &str = "is not accepted any more: it has ended, or was revoked";

/// What it is too short for.
pub(super) const ENDS_SOON: &str = "ends within five minutes, and cannot be renewed";

/// What it cannot do.
pub(super) const ANONYMOUS: &str = "brings no identity token, which a private service asks for";

/// What gives identity tokens to whoever has none.
const ACT: &str = "Act as a service account that may call the service: give `service_account` (you need roles/iam.serviceAccountTokenCreator on it)";

fn refused(email: &str, words: &str) -> Vec<String> {
    if words.contains("Invalid JWT Signature") {
        return vec![
            format!(
                "The key was deleted or disabled, or is not this account's. See which keys exist: gcloud iam service-accounts keys list --iam-account={email}"
            ),
            format!(
                "Make a new one and store it: gcloud iam service-accounts keys create - --iam-account={email} | jq -c . | gh secret set GCP_SERVICE_ACCOUNT_KEY"
            ),
        ];
    }
    if words.contains("reasonable timeframe") || words.contains("iat and exp") {
        let now = now_text();
        return vec![format!("The clock of this machine is wrong: it says {now} UTC. Set it (NTP) and run again")];
    }
    if words.contains("account not found") || words.contains("Not a valid email") {
        return vec![format!(
            "The service account `{email}` does not exist any more; make a new one, grant its roles (docs/PERMISSIONS.md), and store its key"
        )];
    }
    vec![format!("Check that `{email}` is enabled: gcloud iam service-accounts describe {email}")]
}

fn now_text() -> String {
    let now = time::OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02} {:02}:{:02}", now.year(), u8::from(now.month()), now.day(), now.hour(), now.minute())
}
