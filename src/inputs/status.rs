//! What the inputs of the status command mean.

use crate::model::credentials::Credentials;
use crate::model::ids::{ProjectId, Region, ServiceName};

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
