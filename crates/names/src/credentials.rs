//! How a run signs in, and as whom.

use super::federation::{Federation, SubjectToken};
use super::ids::ProjectId;
use super::key::ServiceAccountKey;
use super::own::{Acting, Own, TokenSource};
use super::principal::Principal;
use super::token_file::TokenFile;

/// One way of signing in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// As whom.
    pub principal: Principal,
    /// How.
    pub way: SignInMethod,
    /// The project that every request counts for, where an input names one.
    pub quota_project: Option<ProjectId>,
}

/// The ways there are.
#[derive(Debug, Clone)]
pub enum SignInMethod {
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
        Self { principal: Principal::account(&key.email), way: SignInMethod::Key(Box::new(key)), quota_project: None }
    }

    /// Signs in without one.
    pub fn of_federation(federation: Federation) -> Self {
        let principal = match &federation.acting {
            Some(acting) => Principal::account(&acting.account),
            None => Principal::federated(&federation.provider, &federation.repository),
        };
        Self { principal, way: SignInMethod::Federation(Box::new(federation)), quota_project: None }
    }

    /// Signs in by what a person or a machine has.
    pub fn of_own(own: Own) -> Self {
        let principal = match (&own.acting, &own.source) {
            (Some(acting), _) => Principal::account(&acting.account),
            (None, TokenSource::Person(_)) => Principal::person(),
            (None, TokenSource::Token { variable, .. }) => Principal::bearer(variable),
            (None, TokenSource::Machine(_)) => Principal::machine(),
        };
        Self { principal, way: SignInMethod::Own(Box::new(own)), quota_project: None }
    }

    /// The account that is acted as, where the way leads to one.
    pub fn acting(&self) -> Option<&Acting> {
        match &self.way {
            SignInMethod::Key(_) => None,
            SignInMethod::Federation(federation) => federation.acting.as_ref(),
            SignInMethod::Own(own) => own.acting.as_ref(),
        }
    }

    /// The project of the account, where there is an account and its name says so.
    pub fn project(&self) -> Option<ProjectId> {
        match &self.way {
            SignInMethod::Key(key) => key.project.clone(),
            SignInMethod::Federation(_) | SignInMethod::Own(_) => {
                ProjectId::parse(self.acting()?.account.project()?).ok()
            }
        }
    }

    /// What must never be printed.
    pub fn secrets(&self) -> Vec<&str> {
        match &self.way {
            SignInMethod::Key(key) => vec![key.private_key.expose()],
            SignInMethod::Federation(federation) => match &federation.subject {
                SubjectToken::GitHub { door: Some(door), .. } => vec![door.token.expose()],
                _ => Vec::new(),
            },
            SignInMethod::Own(own) => match &own.source {
                TokenSource::Person(person) => vec![person.client_secret.expose(), person.refresh_token.expose()],
                TokenSource::Token { token, .. } => vec![token.expose()],
                TokenSource::Machine(_) => Vec::new(),
            },
        }
    }

    /// The file that the run's own token is read from, where it is.
    pub fn token_file(&self) -> Option<&TokenFile> {
        match &self.way {
            SignInMethod::Federation(federation) => match &federation.subject {
                SubjectToken::File(file) => Some(file),
                SubjectToken::GitHub { .. } => None,
            },
            SignInMethod::Key(_) | SignInMethod::Own(_) => None,
        }
    }

    /// Whether an identity for private services can be had: the runs of a pool have none of their own, and an access
    /// token alone cannot get one.
    pub fn has_identity(&self) -> bool {
        match &self.way {
            SignInMethod::Key(_) => true,
            SignInMethod::Federation(federation) => federation.acting.is_some(),
            SignInMethod::Own(own) => own.acting.is_some() || !matches!(own.source, TokenSource::Token { .. }),
        }
    }

    /// Whether requests of the one are like those of the other.
    pub fn same(&self, other: &Self) -> bool {
        if self.quota_project != other.quota_project {
            return false;
        }
        match (&self.way, &other.way) {
            (SignInMethod::Key(one), SignInMethod::Key(other)) => {
                one.email == other.email && one.key_id == other.key_id
            }
            (SignInMethod::Federation(one), SignInMethod::Federation(other)) => one == other,
            (SignInMethod::Own(one), SignInMethod::Own(other)) => one == other,
            _ => false,
        }
    }
}
