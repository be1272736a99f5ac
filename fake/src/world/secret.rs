//! Secrets and their versions.

use std::collections::BTreeMap;

use super::World;
use super::policy::IamPolicy;

/// A secret.
#[derive(Debug, Clone, Default)]
pub struct Secret {
    /// Who may read it, besides those whom the project's policy allows.
    pub policy: IamPolicy,
    /// Its versions, number 1 first.
    pub versions: Vec<SecretVersion>,
    /// Names of versions (`secretmanager.v1`, Secret.versionAliases): GetSecretVersion and AccessSecretVersion take them.
    pub aliases: BTreeMap<String, usize>,
}

/// One version of a secret.
#[derive(Debug, Clone)]
pub struct SecretVersion {
    /// Its payload.
    pub payload: Vec<u8>,
    /// `ENABLED`, `DISABLED` or `DESTROYED`.
    pub state: String,
    /// When it was made.
    pub created: String,
    /// Whether its payload came with a checksum.
    pub checked: bool,
    /// Grows with each change of its state; the etag is made of it.
    pub changes: u64,
}

impl SecretVersion {
    /// A version that was just made, enabled, of no payload yet.
    pub(crate) fn new(created: String) -> SecretVersion {
        SecretVersion { payload: Vec::new(), state: "ENABLED".to_owned(), created, checked: false, changes: 0 }
    }

    /// Its etag, in the quotes that Google gives it.
    pub(crate) fn etag(&self) -> String {
        format!("\"{:x}{:04x}\"", crc32c::crc32c(self.created.as_bytes()), self.changes)
    }
}

/// Why a secret cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretTrouble {
    /// The account may not read it, or there is no such secret.
    Denied,
    /// It has no such version.
    NoVersion,
    /// The version is in this state.
    State(String),
}

impl Secret {
    /// The number of the version that is meant: `latest`, a number or an alias; 0 is none.
    pub(crate) fn number(&self, version: &str) -> usize {
        match version {
            "latest" => self.versions.len(),
            text => text.parse().ok().or_else(|| self.aliases.get(text).copied()).unwrap_or(0),
        }
    }
}

impl World {
    /// Adds a version to a secret of the project, which is made if missing; returns its number.
    pub fn add_secret(&mut self, project: &str, name: &str, payload: &str) -> usize {
        let created = self.stamp(6);
        let secret = self.secrets.entry(format!("projects/{project}/secrets/{name}")).or_default();
        secret.versions.push(SecretVersion { payload: payload.as_bytes().to_vec(), ..SecretVersion::new(created) });
        secret.versions.len()
    }

    /// Lets an account read one secret.
    pub fn share_secret(&mut self, project: &str, name: &str, email: &str) {
        self.grant_on_secret(project, name, email, "roles/secretmanager.secretAccessor");
    }

    /// Gives a role on one secret to an account.
    pub fn grant_on_secret(&mut self, project: &str, name: &str, email: &str, role: &str) {
        if let Some(secret) = self.secrets.get_mut(&format!("projects/{project}/secrets/{name}")) {
            secret.policy.grant(role, &format!("serviceAccount:{email}"));
        }
    }

    /// A secret of the seed's project.
    pub fn secret_mut(&mut self, name: &str) -> Option<&mut Secret> {
        self.secrets.get_mut(&format!("projects/{}/secrets/{name}", World::PROJECT))
    }

    /// The number and payload of a version, read as this account; `version` may be `latest`.
    pub(crate) fn read_secret(
        &self,
        account: &str,
        project: &str,
        name: &str,
        version: &str,
    ) -> Result<(usize, &[u8]), SecretTrouble> {
        let secret = self
            .project(project)
            .and_then(|project| self.secrets.get(&format!("projects/{}/secrets/{name}", project.id)));
        let policy = secret.map(|secret| &secret.policy);
        if !self.allows(account, "secretmanager.versions.access", project, policy) {
            return Err(SecretTrouble::Denied);
        }
        let versions = secret.map(|secret| secret.versions.as_slice()).unwrap_or_default();
        let number = secret.map_or(0, |secret| secret.number(version));
        let version = number.checked_sub(1).and_then(|index| versions.get(index)).ok_or(SecretTrouble::NoVersion)?;
        match version.state.as_str() {
            "ENABLED" => Ok((number, &version.payload)),
            state => Err(SecretTrouble::State(state.to_owned())),
        }
    }
}
