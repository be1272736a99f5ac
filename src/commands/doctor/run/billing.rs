//! Who pays for the project, and whether a budget watches what is spent.

use super::{BILLING, BUDGETS, DoctorContext, Scene, Unseen};
use crate::commands::doctor::plan::billing::judge;
use crate::commands::doctor::plan::fix::line;
use crate::commands::doctor::plan::status::BUDGET;
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_failure::Class;
use slipway_google::billing::{self as billing, BudgetScope};
use slipway_google::error::ApiError;

/// Where a person looks who may.
const ELSEWHERE: &str = "they belong to the billing account: https://console.cloud.google.com/billing/budgets";

pub(super) async fn look(context: &DoctorContext<'_>, scene: &Scene) -> Vec<Finding> {
    let project = context.doctor.project.as_str();
    let payer = billing::payer(context.http).await;
    let plain = payer.as_ref().is_err_and(is_plain);
    let payer = match context.heard(BILLING, payer) {
        Ok(payer) => payer,
        Err(unseen) => return vec![hidden(unseen, plain)],
    };
    let paid = |state, evidence: &str| Finding::new(Area::Apis, state, "billing", evidence);
    let account = match payer.account {
        Some(account) if payer.pays => account,
        account => {
            let why = match account {
                Some(_) => "the project's billing account is closed: nothing can be built or served",
                None => "the project has no billing account: nothing can be built or served",
            };
            // As the APIs refuse it: 403 `BILLING_DISABLED`.
            let link = format!("https://console.cloud.google.com/billing/linkedaccount?project={project}");
            let finding = paid(CheckState::Blocking(Class::Permission), why);
            let unknown = budget(CheckState::CannotSee, "there is no open billing account that could have one".into());
            return vec![finding.cure(format!("Link an open billing account: {link}")), unknown];
        }
    };
    let paid = paid(CheckState::Ok, "an open billing account pays for the project");
    let budgets = billing::budgets(context.http, &account, BudgetScope::Account).await;
    let plain = budgets.as_ref().is_err_and(is_plain);
    let budgets = match context.heard(BUDGETS, budgets) {
        Ok(budgets) => budgets,
        Err(unseen) => {
            let own = if plain { own(context, scene, &account).await } else { None };
            return vec![paid, own.unwrap_or_else(|| hidden(unseen, plain))];
        }
    };
    let (state, evidence) = judge(&budgets, project, scene.number.as_deref());
    let found = budget(state, evidence);
    let found = match state {
        CheckState::Warning => {
            found.cure(format!("Make one, in the currency of the billing account: {}", command(project, &account)))
        }
        _ => found,
    };
    vec![paid, found]
}

/// What a role on the project shows: budgets of it alone. That there is none proves nothing.
async fn own(context: &DoctorContext<'_>, scene: &Scene, account: &str) -> Option<Finding> {
    let own = context.heard(BUDGETS, billing::budgets(context.http, account, BudgetScope::Project).await).ok()?;
    Some(match judge(&own, context.doctor.project.as_str(), scene.number.as_deref()) {
        (CheckState::Ok, evidence) => budget(CheckState::Ok, evidence),
        _ => budget(CheckState::CannotSee, format!("none is seen that is this project's alone; {ELSEWHERE}")),
    })
}

fn budget(state: CheckState, evidence: String) -> Finding {
    Finding::new(Area::Watch, state, BUDGET, evidence)
}

/// That they are not seen: where that is only right for a deploying account, no reason is given.
fn hidden(unseen: Unseen, plain: bool) -> Finding {
    let text = if plain { ELSEWHERE.to_owned() } else { format!("{}; {ELSEWHERE}", unseen.0) };
    budget(CheckState::CannotSee, text)
}

/// A plain no. Budgets belong to the billing account, where a deploying account has no business.
fn is_plain(error: &ApiError) -> bool {
    error.is_forbidden() && !error.is_api_disabled()
}

/// The command that makes a budget. A second time makes a second one, so it is for a person and not for the script.
fn command(project: &str, account: &str) -> String {
    let id = account.strip_prefix("billingAccounts/").unwrap_or(account);
    let words = [
        "gcloud".to_owned(),
        "billing".to_owned(),
        "budgets".to_owned(),
        "create".to_owned(),
        format!("--billing-account={id}"),
        format!("--display-name=slipway: {project}"),
        format!("--filter-projects=projects/{project}"),
        "--budget-amount=50USD".to_owned(),
        "--threshold-rule=percent=0.5".to_owned(),
        "--threshold-rule=percent=0.9".to_owned(),
        "--threshold-rule=percent=1.0".to_owned(),
    ];
    line(&words)
}
