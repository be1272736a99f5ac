//! What the inputs about the rotation of a secret mean, once every question is answered.

pub mod resolve;

use std::time::Duration;

pub use crate::cloud_run::wanted::repoint::{Repoint, To};
use crate::commands::deploy::inputs::Deploy;
use slipway_names::secret::Secret;
use slipway_names::secret_version::SecretName;

/// Everything the rotate-secret command needs to know.
#[derive(Debug, Clone)]
pub struct RotateSecret {
    /// Who does it, on which service, and how a change of it is rolled out: the very image that serves.
    pub deploy: Deploy,
    /// The secret.
    pub secret: SecretName,
    /// Where the new value comes from.
    pub value: NewValue,
    /// How long a replaced version stays enabled.
    pub grace: Duration,
    /// The age from which a version is due; zero makes every one due.
    pub max_age: Duration,
    /// Whether a version that is not due stays.
    pub only_when_due: bool,
}

/// Where a new value comes from.
#[derive(Debug, Clone)]
pub enum NewValue {
    /// It was given.
    Given(Secret),
    /// It is made of random characters.
    Generated {
        /// How many.
        length: usize,
        /// Out of which: each once, ASCII.
        alphabet: Vec<u8>,
    },
}
