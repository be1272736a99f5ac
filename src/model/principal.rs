//! Who asks Google: the name people know, and the name that policies have.

use std::fmt;

use super::federation::Provider;
use super::ids::AccountEmail;

/// An identity in Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    shown: String,
    member: String,
    email: Option<String>,
}

impl Principal {
    /// A service account, by its key or impersonated.
    pub fn account(email: &AccountEmail) -> Self {
        Self { shown: email.to_string(), member: format!("serviceAccount:{email}"), email: Some(email.to_string()) }
    }

    /// The runs of a repository, by themselves: nothing but their pool knows them.
    pub fn federated(provider: &Provider, repository: &Repository) -> Self {
        let shown = format!("{} in pool {}", repository.name.as_deref().unwrap_or("this workflow"), provider.pool());
        Self { shown, member: provider.members(repository), email: None }
    }

    /// The name for sentences.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The name in a policy, such as `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`.
    pub fn member(&self) -> &str {
        &self.member
    }

    /// The account's address; who is known to a pool alone has none.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The repository a run belongs to, as far as the runner says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// `owner/name`.
    pub name: Option<String>,
    /// Its number, which outlives renamings and is never given to another.
    pub id: Option<String>,
}
