//! Versions of secrets in Secret Manager, and what is known of the rotation of one.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use super::age::age;

/// A secret of Secret Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    /// Id of its project.
    pub project: String,
    /// Number of its project, once Google has told it: references may name either.
    pub number: Option<String>,
    /// Its name.
    pub name: String,
}

impl SecretName {
    /// Parses `NAME` of a project, or `projects/P/secrets/NAME`.
    ///
    /// # Errors
    /// What to write.
    pub fn parse(text: &str, project: &str) -> Result<Self, &'static str> {
        const CURE: &str = "write its name, such as `db-password`, or `projects/PROJECT/secrets/NAME`";
        let (project, name) = match text.split('/').collect::<Vec<_>>().as_slice() {
            [name] => (project.to_owned(), (*name).to_owned()),
            ["projects", project, "secrets", name] if !project.is_empty() => {
                ((*project).to_owned(), (*name).to_owned())
            }
            _ => return Err(CURE),
        };
        let lawful = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let fits = !name.is_empty() && name.len() <= 255 && name.bytes().all(lawful);
        if fits { Ok(Self { project, number: None, name }) } else { Err(CURE) }
    }

    /// Whether a reference of something in `home`, a project's id, means this secret.
    pub fn is_meant_by(&self, reference: &str, home: &str) -> bool {
        match reference.split('/').collect::<Vec<_>>().as_slice() {
            [name] => *name == self.name && home == self.project,
            ["projects", project, "secrets", name] => {
                *name == self.name && (*project == self.project || Some(*project) == self.number.as_deref())
            }
            _ => false,
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Which version a reference asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedVersion {
    /// Whatever is the newest when an instance starts.
    Latest,
    /// This one.
    Number(u64),
    /// The one that the secret gives this name, when an instance starts.
    Alias(String),
}

impl WantedVersion {
    /// What a reference says: `latest`, a number or an alias (`run.v2`, SecretKeySelector.version). Nothing is `latest`.
    pub fn of(text: &str) -> Self {
        match (text, text.parse()) {
            ("" | "latest", _) => WantedVersion::Latest,
            (_, Ok(number)) => WantedVersion::Number(number),
            (alias, Err(_)) => WantedVersion::Alias(alias.to_owned()),
        }
    }
}

impl fmt::Display for WantedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WantedVersion::Latest => f.write_str("latest"),
            WantedVersion::Number(number) => write!(f, "{number}"),
            WantedVersion::Alias(alias) => f.write_str(alias),
        }
    }
}

/// A version, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFact {
    /// Its number.
    pub number: u64,
    /// Whether it can be read.
    pub enabled: bool,
    /// When it was made, where Google says.
    pub created: Option<OffsetDateTime>,
    /// What guards a change of its state.
    pub etag: String,
}

impl VersionFact {
    /// How old it is, where Google says when it was made.
    pub fn age(&self) -> Option<Duration> {
        self.created.map(age)
    }
}

/// What is known of the rotation of a secret.
#[derive(Debug, Clone, Default)]
pub struct SecretFact {
    /// The versions that the service read before.
    pub previous: Vec<u64>,
    /// While a request for a version is out: the versions that were there before. One beside them is the new one,
    /// answered or not.
    pub before: Option<Vec<u64>>,
    /// The version that was made, and has not been taken back.
    pub new: Option<u64>,
    /// Whether the service reads it, verified.
    pub moved: bool,
    /// The version that references to `latest` were pinned to.
    pub pinned: Option<u64>,
    /// Why nothing was due, where that is so.
    pub not_due: Option<String>,
    /// Versions that this run disabled, a new one that nothing reads among them.
    pub disabled: Vec<u64>,
    /// Versions that a later run disables, each with the day from which it does.
    pub waiting: Vec<(u64, String)>,
    /// Versions that somebody should look at, each with why.
    pub left: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_means_a_secret_by_any_of_its_names() {
        let secret = SecretName { number: Some("12".into()), ..SecretName::parse("db", "p").expect("a name") };
        assert!(secret.is_meant_by("db", "p") && secret.is_meant_by("projects/p/secrets/db", "other"));
        assert!(secret.is_meant_by("projects/12/secrets/db", "other"));
        assert!(!secret.is_meant_by("db", "other") && !secret.is_meant_by("db2", "p"));
        assert!(!secret.is_meant_by("projects/13/secrets/db", "p"));
        for wrong in ["", "a b", "projects/p/db", "a/b"] {
            assert!(SecretName::parse(wrong, "p").is_err(), "{wrong}");
        }
    }
}
