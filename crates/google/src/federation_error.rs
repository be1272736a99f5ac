//! Why a run could not sign in without a key: which link of the chain broke, and how it is mended.

use super::acting::ActAsError;
use super::error::ApiError;
use slipway_failure::{Class, Explain};
use slipway_names::federation::Provider;
use slipway_names::token_file::TokenFileError;

/// What attribute conditions compare (docs: actions/reference/openid-connect-reference): of a called workflow
/// `job_workflow_ref` names the file that runs, and `workflow_ref` the one that called it.
pub(super) const CLAIMS: [&str; 22] = [
    "iss",
    "aud",
    "sub",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "ref",
    "ref_type",
    "ref_protected",
    "base_ref",
    "head_ref",
    "environment",
    "event_name",
    "workflow",
    "workflow_ref",
    "job_workflow_ref",
    "actor",
    "actor_id",
    "runner_environment",
    "enterprise",
];

/// Those that say which run it is.
const USUAL: [&str; 7] = ["iss", "sub", "repository_id", "repository_owner_id", "ref", "environment", "aud"];

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
        /// What the token says of the run; `None` for what it does not say.
        says: Vec<(&'static str, Option<String>)>,
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

fn exchange(error: &ApiError, provider: &Provider, says: &[(&str, Option<String>)]) -> Vec<String> {
    let words = error.refusal().map(|refusal| refusal.words()).unwrap_or_default();
    if words.contains("127 bytes") {
        return too_long(provider, &words, says);
    }
    if words.contains("attribute condition") {
        let mut hints = vec![format!(
            "The provider's attribute condition does not hold for this run; read it: {}",
            provider.describe("attributeCondition")
        )];
        if !says.is_empty() {
            hints.push(format!("What the token says of this run: {}", shown(says, |_| true)));
            hints.push(format!("What it does not say, so that no comparison with it holds: {}", absent(says)));
        }
        return hints;
    }
    let mut hints = Vec::new();
    if words.contains("mapped attribute") || words.contains("Mapped attribute") {
        hints.push(format!(
            "The provider makes an attribute of something that this token does not say; read what it maps: {}",
            provider.describe("attributeMapping")
        ));
    } else if words.starts_with("invalid_grant") && words.contains("audience") {
        hints.push(format!(
            "The provider allows other audiences; read them, and give `audience`: {}",
            provider.describe("oidc.allowedAudiences")
        ));
    } else {
        hints.push(format!(
            "Check that the provider exists, is enabled, and trusts the issuer that the token names: {}",
            provider.command("describe")
        ));
        hints.push("What was made or changed in the last minutes may not be known everywhere yet".into());
    }
    let usual = shown(says, |name| USUAL.contains(&name));
    if !usual.is_empty() {
        hints.push(format!("What the token says of this run: {usual}"));
    }
    hints
}

/// Google takes 127 bytes for `google.subject` and no more (docs: iam/docs/troubleshooting-workload-identity-federation).
/// A long branch or repository in `sub` is more than that.
fn too_long(provider: &Provider, words: &str, says: &[(&str, Option<String>)]) -> Vec<String> {
    let attribute = words.split("mapped attribute ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let attribute = attribute.filter(|name| name.contains('.')).unwrap_or("google.subject");
    let long =
        says.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).filter(|(_, value)| value.len() > 127);
    let long: Vec<String> = long.map(|(name, value)| format!("`{name}` has {} bytes", value.len())).collect();
    let why = if long.is_empty() { String::new() } else { format!(" ({})", long.join(", ")) };
    vec![
        format!(
            "The provider makes `{attribute}` of something that is longer than 127 bytes in this run{why}; read what it maps: {}",
            provider.describe("attributeMapping")
        ),
        format!(
            "Make it of something short, and name again what else it maps, because this writes the whole mapping: {} --attribute-mapping={attribute}=assertion.repository_id,attribute.repository_id=assertion.repository_id,attribute.ref=assertion.ref",
            provider.command("update-oidc")
        ),
        "Members that name a subject (`principal://…/subject/…`) must then name the new one; those that name an attribute (`principalSet://…`) stay as they are".into(),
    ]
}

fn shown(says: &[(&str, Option<String>)], which: impl Fn(&str) -> bool) -> String {
    let said = says.iter().filter(|(name, _)| which(name));
    let said = said.filter_map(|(name, value)| Some(format!("`{name}` is `{}`", value.as_ref()?)));
    said.collect::<Vec<_>>().join(", ")
}

fn absent(says: &[(&str, Option<String>)]) -> String {
    let absent = says.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| match *name {
        "environment" => "`environment` (the job names none)".to_owned(),
        "base_ref" | "head_ref" => format!("`{name}` (it is a pull request's)"),
        name => format!("`{name}`"),
    });
    absent.collect::<Vec<_>>().join(", ")
}
