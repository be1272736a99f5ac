//! What the inputs of the status command mean.

pub mod resolve;

use slipway_names::credentials::Credentials;
use slipway_names::ids::{ProjectId, Region, ServiceName};

/// Which service is looked at, and by whom.
#[derive(Debug, Clone)]
pub struct StatusInput {
    /// Who looks.
    pub credentials: Credentials,
    /// Where it lives.
    pub project: ProjectId,
    /// Where it runs.
    pub region: Region,
    /// The service.
    pub service: ServiceName,
}
