//! How a run signs in, and as whom.

use super::federation::{Federation, Subject};
use super::ids::ProjectId;
use super::key::ServiceAccountKey;
use super::own::{Acting, Own, Source};
use super::principal::Principal;
use super::token_file::TokenFile;

/// One way of signing in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// As whom.
    pub principal: Principal,
    /// How.
    pub way: Way,
    /// The project that every request counts for, where an input names one.
    pub quota_project: Option<ProjectId>,
}

/// The ways there are.
#[derive(Debug, Clone)]
pub enum Way {
    /// By the key of a service account.
    Key(Box<ServiceAccountKey>),
    /// Without a key.
    Federation(Box<Federation>),
    /// By what a person or a machine has.
    Own(Box<Own>),
}

impl Credentials {
    /// Signs in by a key.
    pub fn of_key(key: ServiceAccountKey) -> Self {
        Self { principal: Principal::account(&key.email), way: Way::Key(Box::new(key)), quota_project: None }
    }

    /// Signs in without one.
    pub fn of_federation(federation: Federation) -> Self {
        let principal = match &federation.acting {
            Some(acting) => Principal::account(&acting.account),
            None => Principal::federated(&federation.provider, &federation.repository),
        };
        Self { principal, way: Way::Federation(Box::new(federation)), quota_project: None }
    }

    /// Signs in by what a person or a machine has.
    pub fn of_own(own: Own) -> Self {
        let principal = match (&own.acting, &own.source) {
            (Some(acting), _) => Principal::account(&acting.account),
            (None, Source::Person(_)) => Principal::person(),
            (None, Source::Token { variable, .. }) => Principal::bearer(variable),
            (None, Source::Machine(_)) => Principal::machine(),
        };
        Self { principal, way: Way::Own(Box::new(own)), quota_project: None }
    }

    /// The account that is acted as, where the way leads to one.
    pub fn acting(&self) -> Option<&Acting> {
        match &self.way {
            Way::Key(_) => None,
            Way::Federation(federation) => federation.acting.as_ref(),
            Way::Own(own) => own.acting.as_ref(),
        }
    }

    /// The project of the account, where there is an account and its name says so.
    pub fn project(&self) -> Option<ProjectId> {
        match &self.way {
            Way::Key(key) => key.project.clone(),
            Way::Federation(_) | Way::Own(_) => ProjectId::parse(self.acting()?.account.project()?).ok(),
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
            Way::Own(own) => match &own.source {
                Source::Person(person) => vec![person.client_secret.expose(), person.refresh_token.expose()],
                Source::Token { token, .. } => vec![token.expose()],
                Source::Machine(_) => Vec::new(),
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
            Way::Key(_) | Way::Own(_) => None,
        }
    }

    /// Whether an identity for private services can be had: the runs of a pool have none of their own, and an access
    /// token alone cannot get one.
    pub fn has_identity(&self) -> bool {
        match &self.way {
            Way::Key(_) => true,
            Way::Federation(federation) => federation.acting.is_some(),
            Way::Own(own) => own.acting.is_some() || !matches!(own.source, Source::Token { .. }),
        }
    }

    /// Whether requests of the one are like those of the other.
    pub fn same(&self, other: &Self) -> bool {
        if self.quota_project != other.quota_project {
            return false;
        }
        match (&self.way, &other.way) {
            (Way::Key(one), Way::Key(other)) => one.email == other.email && one.key_id == other.key_id,
            (Way::Federation(one), Way::Federation(other)) => one == other,
            (Way::Own(one), Way::Own(other)) => one == other,
            _ => false,
        }
    }
}
