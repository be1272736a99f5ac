//! What the inputs of the monitoring command mean.

pub mod resolve;

use std::time::Duration;

use slipway_names::credentials::Credentials;
use slipway_names::ids::{ProjectId, Region, ServiceName};

/// What is watched, and who is told.
#[derive(Debug, Clone)]
pub struct Monitoring {
    /// Who sets it up.
    pub credentials: Credentials,
    /// Where the service lives.
    pub project: ProjectId,
    /// Where it runs.
    pub region: Region,
    /// The service.
    pub service: ServiceName,
    /// Whether everything is removed.
    pub absent: bool,
    /// Share of failed requests (0 to 1) above which there is an alert.
    pub error_rate: Option<f64>,
    /// 95th percentile of the latency above which there is an alert.
    pub latency: Option<Duration>,
    /// Instances above which there is an alert.
    pub instances: Option<u32>,
    /// Path of the uptime check.
    pub uptime_path: Option<String>,
    /// What the project may cost in a month before somebody is told.
    pub budget: Option<Money>,
    /// Who is told.
    pub channels: Vec<NotificationChannel>,
    /// Show, change nothing.
    pub dry_run: bool,
}

/// An amount of money, in the parts of `google.type.Money`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Whole units of the currency.
    pub units: u64,
    /// Billionths of a unit beside them.
    pub nanos: u32,
    /// The currency's three letters (ISO 4217).
    pub currency: String,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationChannel {
    /// The channel of that address; it is made when there is none.
    Email(String),
    /// A channel that is there, by the name it is shown with, or by its full name.
    Named(String),
}
