//! What is never published, whatever the ignore patterns leave in.

use std::fmt;

use slipway_packing::SecretKind;

/// A file or directory that was left out to protect a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its path below the public directory, with a slash in front.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is, or its content is, a credential.
    Secret(SecretKind),
    /// `.env` or `.env.…`, which holds an application's secrets more often than not.
    Environment,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Secret(secret) => secret.fmt(f),
            Reason::Environment => f.write_str("environment variables, which often hold secrets"),
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was left out: {}", self.path, self.reason)
    }
}

/// The secret that a name gives away.
pub(super) fn by_name(name: &str) -> Option<Reason> {
    if name == ".git" {
        Some(Reason::Secret(SecretKind::GitDirectory))
    } else if name.starts_with("gha-creds-") && name.ends_with(".json") {
        Some(Reason::Secret(SecretKind::AuthActionFile))
    } else if name == ".env" || name.starts_with(".env.") {
        Some(Reason::Environment)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_give_a_secret_away() {
        for name in [".git", ".env", ".env.local", "gha-creds-0a1b.json"] {
            assert!(by_name(name).is_some(), "{name}");
        }
        for name in [".github", ".gitignore", "env", ".envrc", "gha-creds-0a1b.js", ".well-known"] {
            assert_eq!(by_name(name), None, "{name}");
        }
    }
}
