//! Whether anybody is told of trouble and of costs.

use serde_json::Value;

use super::{DoctorContext, MONITORING};
use crate::google::monitoring::{self, Collection};
use crate::plan::doctor::status::{ALERTS, BUDGET};
use crate::plan::doctor::{Area, Finding, State};

pub(super) async fn look(context: &DoctorContext<'_>) -> Vec<Finding> {
    let finding = |state, evidence: String| Finding::new(Area::Watch, state, ALERTS, evidence);
    let policies = context.heard(MONITORING, monitoring::list(context.http, Collection::Policies, "").await);
    // One that says nothing about it is enabled.
    let is_enabled = |policy: &Value| policy.get("enabled").and_then(Value::as_bool) != Some(false);
    let enabled = policies.map(|policies| policies.iter().filter(|policy| is_enabled(policy)).count());
    let alerts = match enabled {
        Ok(0) => finding(State::Warning, "none is enabled: nobody is told when requests fail or are slow".into())
            .cure("`slipway monitoring` makes them for error rate, latency and an uptime check (docs/MONITORING.md)"),
        Ok(count) => finding(State::Ok, format!("{count} enabled")),
        Err(unseen) => finding(State::CannotSee, unseen.0),
    };
    // Budgets belong to the billing account, where a deploying account has no business.
    let budget = Finding::new(
        Area::Watch,
        State::CannotSee,
        BUDGET,
        "they belong to the billing account: https://console.cloud.google.com/billing/budgets",
    );
    vec![alerts, budget]
}
