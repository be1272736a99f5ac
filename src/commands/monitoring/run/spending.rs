//! The project's budget on its billing account: made once, put right, removed.

use serde_json::Value;

use super::{MonitoringContext, MonitoringWork, ROUNDS, name_of};
use crate::commands::monitoring::spending::{MOST_CHANNELS, budget, change, differing, is_ours};
use slipway_failure::{Class, Explain, Failure};
use slipway_google::billing::{self as billing, BudgetScope};
use slipway_google::error::ApiError;
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles::{self as roles, BUDGET_NEEDS, BUDGET_OF_PROJECT, BUDGET_ROLE, Need};
use slipway_names::watch::WatchChange;

/// A word for one.
const WORD: &str = "budget";

/// Where the budget belongs.
pub(super) struct Ground {
    /// The full name of the billing account.
    account: String,
    /// The project's number.
    number: String,
    /// Which budgets may be seen.
    of: BudgetScope,
}

/// Finds out where the budget belongs, before anything is changed, and names what the account lacks there; `None` where
/// no budget is asked for. What may not be looked at is passed over.
pub(super) async fn look_ahead(context: &MonitoringContext<'_>) -> Result<Option<Ground>, Failure> {
    let (http, wanted) = (context.http, context.wanted);
    if wanted.budget.is_none() {
        return Ok(None);
    }
    let project = wanted.project.as_str();
    let failed =
        |error: ApiError| Failure::of(format!("Could not find out where a budget of `{project}` belongs"), error);
    let payer = billing::payer(http).await.map_err(failed)?;
    let Some(account) = payer.account.filter(|_| payer.pays) else {
        let text = format!("Project `{project}` has no open billing account, so there is nothing a budget could watch");
        let link = format!("https://console.cloud.google.com/billing/linkedaccount?project={project}");
        return Err(Failure::plain(Class::Config, text).hint(format!("Link one: {link}; or write `budget: off`")));
    };
    let needed = |need: &&Need| match need.permission.rsplit('.').next() {
        Some("create" | "update") => !wanted.dry_run && !wanted.absent,
        Some("delete") => !wanted.dry_run && wanted.absent,
        _ => true,
    };
    let needs: Vec<&Need> = BUDGET_NEEDS.iter().filter(needed).collect();
    let asked: Vec<&str> = needs.iter().map(|need| need.permission).collect();
    let mut of = BudgetScope::Account;
    match projects::held(http, PermissionTarget::Billing(&account), &asked).await {
        Ok(held) => {
            let lacking: Vec<&Need> =
                needs.into_iter().filter(|need| !held.iter().any(|other| other == need.permission)).collect();
            if !lacking.is_empty() && may_on_project(context).await {
                of = BudgetScope::Project;
            } else if !lacking.is_empty() {
                let caller = http.principal();
                let evidence =
                    lacking.iter().map(|need| format!("`{caller}` lacks `{}`, to {}", need.permission, need.why));
                let text = format!("`{caller}` may not set up a budget on `{account}`; nothing was changed");
                let failure = Failure::plain(Class::Permission, text).evidence(evidence.collect());
                let mapped = caller.mapped().iter().cloned();
                return Err(failure.hint(grant(context, &account)).more_hints(mapped));
            }
        }
        Err(error) if error.class() == Class::Auth => {
            return Err(Failure::of("Google does not accept the account's token", error));
        }
        Err(error) => {
            context.console.line(&format!("Permissions on `{account}` were not looked at beforehand: {error}"))
        }
    }
    let number = projects::number(http).await.map_err(failed)?.unwrap_or_else(|| project.to_owned());
    Ok(Some(Ground { account, number, of }))
}

/// Whether what is held on the project is enough: then Google has the last word.
async fn may_on_project(context: &MonitoringContext<'_>) -> bool {
    let asked = if context.wanted.dry_run { &BUDGET_OF_PROJECT[..1] } else { &BUDGET_OF_PROJECT[..] };
    let held = projects::held(context.http, PermissionTarget::Project, asked).await;
    held.is_ok_and(|held| asked.iter().all(|permission| held.iter().any(|other| other == permission)))
}

fn grant(context: &MonitoringContext<'_>, account: &str) -> String {
    let command = roles::grant_on_billing(account, context.http.principal().member(), BUDGET_ROLE);
    format!("Whoever manages the billing account grants {BUDGET_ROLE} there: {command}; or write `budget: off`")
}

/// Makes the budget what it shall be, or removes it.
pub(super) async fn run(work: &mut MonitoringWork<'_>, ground: &Ground) -> Result<(), Failure> {
    let context = work.context;
    let (http, wanted) = (context.http, context.wanted);
    if wanted.absent {
        for one in ours(context, ground).await? {
            if !wanted.dry_run {
                billing::delete(http, &one).await.map_err(|error| failed(context, ground, error))?;
            }
            work.tell(WORD, &one, WatchChange::Removed, Vec::new());
        }
        return Ok(());
    }
    let Some(money) = &wanted.budget else { return Ok(()) };
    if work.emails.len() > MOST_CHANNELS {
        context
            .console
            .line(&format!("A budget tells at most {MOST_CHANNELS} e-mail channels: the first ones are told"));
    }
    let asked = budget(wanted.project.as_str(), &ground.number, money, &work.emails);
    let (mut round, mut lost) = (1, None);
    loop {
        let current = ours(context, ground).await?.into_iter().next();
        let fields = current.as_ref().map(|current| differing(current, &asked)).unwrap_or_default();
        let (answer, made) = match &current {
            Some(current) if fields.is_empty() => {
                // What a lost reply was about is there.
                let (change, fields) = lost.unwrap_or((WatchChange::Unchanged, Vec::new()));
                work.tell(WORD, current, change, fields);
                return Ok(());
            }
            Some(current) if wanted.dry_run => (Ok(current.clone()), WatchChange::Updated),
            None if wanted.dry_run => (Ok(asked.clone()), WatchChange::Created),
            Some(current) => {
                let body = change(current, &asked, &fields);
                (billing::update(http, current, &body, &fields).await, WatchChange::Updated)
            }
            None => (billing::create(http, &ground.account, &asked).await, WatchChange::Created),
        };
        match answer {
            Ok(one) => {
                work.tell(WORD, &one, made, fields);
                return Ok(());
            }
            // Whether it was done is looked at before it is asked again; so is what another did meanwhile.
            Err(error) if (error.is_ambiguous() || error.is_conflict()) && round < ROUNDS => {
                context.console.line(&format!("Looking whether it was made: {error}"));
                lost = error.is_ambiguous().then_some((made, fields));
                round += 1;
            }
            Err(error) => return Err(failed(context, ground, error)),
        }
    }
}

/// The budgets made for this project; there should be one.
async fn ours(context: &MonitoringContext<'_>, ground: &Ground) -> Result<Vec<Value>, Failure> {
    let all = billing::budgets(context.http, &ground.account, ground.of).await;
    let all = all.map_err(|error| failed(context, ground, error))?;
    let mut ours: Vec<Value> = all.into_iter().filter(|one| is_ours(one, context.wanted.project.as_str())).collect();
    ours.sort_by_key(name_of);
    Ok(ours)
}

fn failed(context: &MonitoringContext<'_>, ground: &Ground, error: ApiError) -> Failure {
    let mut hints = Vec::new();
    // Google says of either no more than that it refuses.
    if error.is_forbidden() && !error.is_api_disabled() {
        hints.push(grant(context, &ground.account));
    }
    if error.status() == Some(400) {
        let id = ground.account.strip_prefix("billingAccounts/").unwrap_or(&ground.account);
        hints.push(format!("The currency must be that of the billing account, which this shows: gcloud billing accounts describe {id} --format='value(currencyCode)'"));
    }
    let text = format!("Could not set up the budget of project `{}`", context.wanted.project);
    Failure::of(text, error).more_hints(hints)
}
