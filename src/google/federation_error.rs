//! Why a run could not sign in without a key: which link of the chain broke, and how it is mended.

use super::acting::ActAsError;
use super::error::ApiError;
use crate::explain::{Class, Explain};
use crate::model::federation::Provider;
use crate::model::token_file::TokenFileError;

/// Which link of the chain could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// This job has no right to an identity.
    #[error("GitHub gave no OIDC token: this job may not ask for one")]
    NoDoor,
    /// GitHub was asked and gave none.
    #[error("GitHub gave no OIDC token")]
    Subject(#[source] Box<ApiError>),
    /// The file that holds the run's own token is of no use.
    #[error("`{path}` gave no token: {error}")]
    File {
        /// Which file.
        path: String,
        /// The reason.
        error: TokenFileError,
    },
    /// Google does not take the run's own token.
    #[error("STS {} the token", if error.is_refused() { "did not accept" } else { "could not be asked to exchange" })]
    Exchange {
        /// STS's answer.
        #[source]
        error: Box<ApiError>,
        /// Who was to vouch for the run.
        provider: Provider,
        /// What the token says of the run.
        says: Vec<(&'static str, String)>,
    },
    /// The run may not act as the account.
    #[error(transparent)]
    ActAs(#[from] ActAsError),
    /// Nobody's identity can be shown to a private service.
    #[error("a run that acts as no service account has no identity tokens")]
    NoIdentity,
}

impl Explain for FederationError {
    fn class(&self) -> Class {
        match self {
            FederationError::NoDoor | FederationError::File { .. } | FederationError::NoIdentity => Class::Auth,
            FederationError::Subject(error) | FederationError::Exchange { error, .. } => error.sign_in_class(),
            FederationError::ActAs(error) => error.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            FederationError::NoDoor => no_right(),
            FederationError::Subject(error) if matches!(error.status(), Some(401 | 403)) => no_right(),
            FederationError::File { .. } => {
                vec!["Whatever writes this file must have written it before, and again before its token is over".into()]
            }
            FederationError::NoIdentity => vec![no_identity()],
            FederationError::Subject(error) | FederationError::Exchange { error, .. }
                if !error.is_refused() || error.is_api_disabled() =>
            {
                error.hints()
            }
            FederationError::Subject(_) => Vec::new(),
            FederationError::Exchange { error, provider, says } => exchange(error, provider, says),
            FederationError::ActAs(error) => error.hints(),
        }
    }
}

/// What to do where a private service asks for an identity that a run by itself does not have.
pub fn no_identity() -> String {
    "Private services ask for an identity token, which a run that acts as no service account cannot have: give `service_account`, an account with roles/run.invoker".to_owned()
}

fn no_right() -> Vec<String> {
    vec![
        "Add `permissions: id-token: write` to the job, and `contents: read` beside it: what is not named is taken away"
            .into(),
        "A run of a pull request from a fork gets no identity; and outside GitHub Actions there is none".into(),
    ]
}

fn exchange(error: &ApiError, provider: &Provider, says: &[(&str, String)]) -> Vec<String> {
    let words = error.refusal().map(|refusal| refusal.words()).unwrap_or_default();
    let look = format!(
        "gcloud iam workload-identity-pools providers describe {} --workload-identity-pool={} --location=global --project={}",
        provider.id(),
        provider.pool(),
        provider.project_number()
    );
    let mut hints = Vec::new();
    if words.contains("attribute condition") {
        hints.push(format!(
            "The provider's attribute condition does not hold for this run; read it: {look} --format='value(attributeCondition)'"
        ));
    } else if words.starts_with("invalid_grant") && words.contains("audience") {
        hints.push(format!("The provider allows other audiences; read them, and give `audience`: {look}"));
    } else {
        hints.push(format!(
            "Check that the provider exists, is enabled, and trusts the issuer that the token names: {look}"
        ));
        hints.push("What was made or changed in the last five minutes may not be known everywhere yet".into());
    }
    if !says.is_empty() {
        let says: Vec<String> = says.iter().map(|(name, value)| format!("`{name}` is `{value}`")).collect();
        hints.push(format!("What the token says of this run: {}", says.join(", ")));
    }
    hints
}
