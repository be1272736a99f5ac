//! How a run signs in, and as whom.

use super::federation::{Federation, Subject};
use super::ids::ProjectId;
use super::key::ServiceAccountKey;
use super::principal::Principal;
use super::token_file::TokenFile;

/// One way of signing in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// As whom.
    pub principal: Principal,
    /// How.
    pub way: Way,
}

/// The ways there are.
#[derive(Debug, Clone)]
pub enum Way {
    /// By the key of a service account.
    Key(Box<ServiceAccountKey>),
    /// Without a key.
    Federation(Box<Federation>),
}

impl Credentials {
    /// Signs in by a key.
    pub fn of_key(key: ServiceAccountKey) -> Self {
        Self { principal: Principal::account(&key.email), way: Way::Key(Box::new(key)) }
    }

    /// Signs in without one.
    pub fn of_federation(federation: Federation) -> Self {
        let principal = match &federation.account {
            Some(account) => Principal::account(account),
            None => Principal::federated(&federation.provider, &federation.repository),
        };
        Self { principal, way: Way::Federation(Box::new(federation)) }
    }

    /// The project of the account, where there is an account and its name says so.
    pub fn project(&self) -> Option<ProjectId> {
        match &self.way {
            Way::Key(key) => key.project.clone(),
            Way::Federation(federation) => ProjectId::parse(federation.account.as_ref()?.project()?).ok(),
        }
    }

    /// What must never be printed.
    pub fn secrets(&self) -> Vec<&str> {
        match &self.way {
            Way::Key(key) => vec![key.private_key.expose()],
            Way::Federation(federation) => match &federation.subject {
                Subject::GitHub { door: Some(door), .. } => vec![door.token.expose()],
                _ => Vec::new(),
            },
        }
    }

    /// The file that the run's own token is read from, where it is.
    pub fn token_file(&self) -> Option<&TokenFile> {
        match &self.way {
            Way::Federation(federation) => match &federation.subject {
                Subject::File(file) => Some(file),
                Subject::GitHub { .. } => None,
            },
            Way::Key(_) => None,
        }
    }

    /// Whether an identity for private services can be had: the runs of a pool have none of their own.
    pub fn has_identity(&self) -> bool {
        self.principal.email().is_some()
    }

    /// Whether tokens of the one serve for the other.
    pub fn same(&self, other: &Self) -> bool {
        match (&self.way, &other.way) {
            (Way::Key(one), Way::Key(other)) => one.email == other.email && one.key_id == other.key_id,
            (Way::Federation(one), Way::Federation(other)) => one == other,
            _ => false,
        }
    }
}
