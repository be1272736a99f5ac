//! The template of a service as it was, with its references to one secret moved.

use serde_json::{Map, Value};

use slipway_names::secret_version::SecretName;

/// A service's template as it was, with references to one secret moved.
#[derive(Debug, Clone)]
pub struct Repoint {
    /// The template that stands on the service; another one means that somebody deployed meanwhile.
    pub seen: Value,
    /// The template to write: that of what serves.
    pub template: Map<String, Value>,
    /// The secret.
    pub secret: SecretName,
    /// Id of the service's project.
    pub home: String,
    /// Where the references go; `None` leaves them.
    pub to: Option<To>,
    /// What the service notes about replaced versions; `None` leaves the note.
    pub note: Option<String>,
}

/// Where references go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct To {
    /// The version's number.
    pub number: u64,
    /// Whether only those go there that follow the newest version.
    pub only_latest: bool,
}
