//! Whether anybody is told of trouble and of costs.

use super::{DoctorContext, MONITORING};
use crate::google::alerts;
use crate::plan::doctor::status::{ALERTS, BUDGET};
use crate::plan::doctor::{Area, Finding, State};

pub(super) async fn look(context: &DoctorContext<'_>) -> Vec<Finding> {
    let finding = |state, evidence: String| Finding::new(Area::Watch, state, ALERTS, evidence);
    let alerts = match context.heard(MONITORING, alerts::enabled(context.http).await) {
        Ok(0) => finding(State::Warning, "none is enabled: nobody is told when requests fail or are slow".into())
            .cure("Make alert policies for error rate and latency"),
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
