//! How the traffic of a service moves to a new revision.

use std::time::Duration;

/// How the traffic moves to what is deployed.
#[derive(Debug, Clone)]
pub struct RolloutSettings {
    /// In which way.
    pub way: RolloutStrategy,
    /// Percents of a canary, rising, the last one 100.
    pub steps: Vec<u8>,
    /// Pause between its steps, in which the gates must hold.
    pub interval: Duration,
    /// Stop when the candidate is verified.
    pub no_traffic: bool,
    /// A traffic tag of the user's.
    pub tag: Option<String>,
    /// What the metrics must say.
    pub gates: Gates,
    /// Whether a failure puts the traffic back.
    pub restore: bool,
    /// Whether an older commit may replace a newer one.
    pub force: bool,
    /// Revisions to keep besides those that are needed; `None` deletes none.
    pub prune: Option<u32>,
}

/// In which way the traffic moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutStrategy {
    /// Nobody, then everybody.
    Candidate,
    /// Step by step.
    Canary,
    /// As the service sends it.
    Direct,
}

/// What the new revision's metrics must say between the steps of a canary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gates {
    /// Most failed requests (5xx), as a part of all.
    pub error_rate: Option<f64>,
    /// Longest 95th percentile of the latency.
    pub latency_p95: Option<Duration>,
    /// Fewer requests than this say nothing.
    pub least_requests: u64,
    /// What happens when the metrics say nothing.
    pub on_unknown: OnUnknown,
}

/// What happens when the metrics say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnknown {
    /// Leave the traffic at the step that was reached.
    #[default]
    Hold,
    /// Go on.
    Continue,
    /// Go back.
    Rollback,
}
