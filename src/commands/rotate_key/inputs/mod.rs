//! What the inputs about the rotation of a key mean, once every question is answered.

pub mod resolve;

use std::time::Duration;

use slipway_names::credentials::Credentials;
use slipway_names::ids::{AccountEmail, ProjectId};
use slipway_names::rotation::SecretPlace;
use slipway_names::secret::Secret;

/// Everything the rotate-key command needs to know.
#[derive(Debug, Clone)]
pub struct RotateKey {
    /// Who does it.
    pub credentials: Credentials,
    /// The project whose permissions are asked for.
    pub project: ProjectId,
    /// The account that gets a new key.
    pub account: AccountEmail,
    /// The key of that account that this run signs in with.
    pub used: Option<String>,
    /// The secret that holds the key.
    pub place: SecretPlace,
    /// What may write the secret.
    pub token: Secret,
    /// Which keys are switched off in the end.
    pub retire: Retire,
    /// Keys that are never touched.
    pub keep: Vec<String>,
    /// How long a key that was switched off is kept.
    pub grace: Duration,
    /// Show, change nothing.
    pub dry_run: bool,
}

/// Which keys are old once the new one is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retire {
    /// The one that the run signs in with.
    Used,
    /// Every other one.
    All,
    /// These.
    Named(Vec<String>),
}
