//! Whether anybody is told of trouble.

use serde_json::Value;

use super::{DoctorContext, MONITORING};
use crate::commands::doctor::plan::status::ALERTS;
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_google::monitoring::{self as monitoring, Collection};

pub(super) async fn look(context: &DoctorContext<'_>) -> Finding {
    let finding = |state, evidence: String| Finding::new(Area::Watch, state, ALERTS, evidence);
    let policies = context.heard(MONITORING, monitoring::list(context.http, Collection::Policies, "").await);
    // One that says nothing about it is enabled.
    let is_enabled = |policy: &Value| policy.get("enabled").and_then(Value::as_bool) != Some(false);
    let enabled = policies.map(|policies| policies.iter().filter(|policy| is_enabled(policy)).count());
    match enabled {
        Ok(0) => finding(CheckState::Warning, "none is enabled: nobody is told when requests fail or are slow".into())
            .cure("`slipway monitoring` makes them for error rate, latency and an uptime check (docs/MONITORING.md)"),
        Ok(count) => finding(CheckState::Ok, format!("{count} enabled")),
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
    }
}
