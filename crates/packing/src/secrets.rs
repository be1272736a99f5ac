//! What is never packed, whatever the ignore rules say, and what is packed with a warning.

use std::fmt;
use std::path::PathBuf;

use super::disk::{Identity, identities};
use super::path::TreePath;
use super::path::file_name;
use super::tree::SourceChild;

/// A file that was left out to protect a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithheldFile {
    /// The file.
    pub path: TreePath,
    /// The secret it holds.
    pub secret: SecretKind,
}

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// `gha-creds-*.json`, which google-github-actions/auth writes into the workspace.
    AuthActionFile,
    /// One of the credential files the caller named, or a hard link to it.
    CredentialFile,
    /// `.git`: its configuration may hold the checkout's token, and no build needs it.
    GitDirectory,
    /// The content is a service-account key.
    ServiceAccountKey,
    /// The content is a user's `gcloud auth application-default login`.
    UserCredentials,
    /// The content is a federation configuration with the job's request token.
    FederationToken,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecretKind::AuthActionFile => "credentials written by google-github-actions/auth",
            SecretKind::CredentialFile => "the credentials of this run",
            SecretKind::GitDirectory => "git's own directory, which may hold a token",
            SecretKind::ServiceAccountKey => "a service-account key",
            SecretKind::UserCredentials => "a user's Google credentials",
            SecretKind::FederationToken => "a workload identity configuration with a token",
        })
    }
}

impl fmt::Display for WithheldFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was left out: {}", self.path, self.secret)
    }
}

/// The credential files of this run, known by what they are on disk and not by what they are called.
#[derive(Debug)]
pub struct CredentialFiles(Vec<Identity>);

impl CredentialFiles {
    /// Those that are there.
    pub fn find(paths: &[PathBuf]) -> Self {
        Self(identities(paths.iter().map(PathBuf::as_path)))
    }

    /// Whether a file is one of them, by whatever name it was found.
    pub fn holds(&self, identity: Identity) -> bool {
        self.0.contains(&identity)
    }
}

/// The secret that the name or the identity of something gives away.
pub(super) fn known(child: &SourceChild, credentials: &CredentialFiles) -> Option<SecretKind> {
    let name = child.path.name();
    if name == b".git" {
        Some(SecretKind::GitDirectory)
    } else if name.starts_with(b"gha-creds-") && name.ends_with(b".json") {
        Some(SecretKind::AuthActionFile)
    } else if credentials.holds(child.identity) {
        Some(SecretKind::CredentialFile)
    } else {
        None
    }
}

/// Whether files of this name often hold secrets that are the application's own business.
pub(super) fn is_private_name(path: &[u8]) -> bool {
    let name = file_name(path);
    name == b".env"
        || name.starts_with(b".env.")
        || [b".pem".as_slice(), b".p12", b".key"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names() {
        for name in [".env", "a/.env.local", "b/tls.key", "ca.pem", "x.p12"] {
            assert!(is_private_name(name.as_bytes()), "{name}");
        }
        for name in ["env", ".envrc", "key", "keys.json", "a.pem/b", ".env/x"] {
            assert!(!is_private_name(name.as_bytes()), "{name}");
        }
    }
}
