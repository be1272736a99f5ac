//! A service somewhere.

use slipway_names::ids::{ProjectId, Region, ServiceName};

/// A service somewhere.
#[derive(Debug, Clone)]
pub struct ServicePlace {
    /// Its project.
    pub project: ProjectId,
    /// Its region.
    pub region: Region,
    /// Its name.
    pub service: ServiceName,
}
