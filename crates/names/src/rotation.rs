//! Keys of an account, where a secret of GitHub Actions is kept, and what is known of a rotation.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use super::age::age;

/// A key of a service account, without its private part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKey {
    /// Its id, the `private_key_id` of its file.
    pub id: String,
    /// When it was made, where Google says.
    pub created: Option<OffsetDateTime>,
    /// Whether it is switched off.
    pub disabled: bool,
}

impl AccountKey {
    /// How old it is, where Google says when it was made.
    pub fn age(&self) -> Option<Duration> {
        self.created.map(age)
    }
}

/// Whose secret it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A repository's, `owner/name`.
    Repository(String),
    /// An environment's of a repository.
    Environment {
        /// The repository, `owner/name`.
        repository: String,
        /// The environment.
        name: String,
    },
    /// An organisation's.
    Organization(String),
}

/// A secret of GitHub Actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.owner {
            Owner::Repository(repository) => write!(f, "secret `{name}` of `{repository}`"),
            Owner::Environment { repository, name: environment } => {
                write!(f, "secret `{name}` of environment `{environment}` of `{repository}`")
            }
            Owner::Organization(organization) => write!(f, "secret `{name}` of organisation `{organization}`"),
        }
    }
}

/// Which key the secret holds, as far as this run knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretHolds {
    /// The one it held before.
    #[default]
    Old,
    /// One of the two: the write went out, and nothing says whether it arrived.
    Either,
    /// The new one, confirmed by the secret's time.
    New,
}

/// Stands for a key of which nothing is known.
pub const SOME_KEY: &str = "one that is not known";

/// What is known of a rotation.
#[derive(Debug, Clone, Default)]
pub struct RotationFact {
    /// While a request for a key has no answer: the keys that were there before. One beside them and the new one may
    /// be nobody's, and may be listed late.
    pub before: Option<Vec<String>>,
    /// The key that was made, while it is there.
    pub new_key: Option<String>,
    /// Whether a token was got with it.
    pub proven: bool,
    /// What the secret holds.
    pub held: SecretHolds,
    /// When the secret was last written, by GitHub.
    pub updated_at: Option<String>,
    /// Keys that were switched off by this run.
    pub disabled: Vec<String>,
    /// Keys that were deleted by this run, the unstored new one among them.
    pub deleted: Vec<String>,
    /// Keys that were to be switched off or deleted, and that somebody else had deleted.
    pub gone: Vec<String>,
    /// Keys that work or may work and that somebody should look at, each with why.
    pub left: Vec<(String, String)>,
}
