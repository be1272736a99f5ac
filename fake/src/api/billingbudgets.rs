//! Cloud Billing Budget: create, get, list, patch, delete. Sentences are by convention.

use super::cloudbilling::denied;
use super::page::{self, Size};
use crate::api::{self, Api};
use crate::call::Call;
use crate::refusal::{self, Family};
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;
use serde_json::{Value, json};

/// The table entry.
pub(crate) const API: Api = Api {
    name: "billingbudgets",
    service: "billingbudgets.googleapis.com",
    title: "Cloud Billing Budget API",
    family: Family::Rpc,
    counts_for_caller: true,
    needs_billing: false,
    descriptions: &[include_str!("../../../tests/schemas/billingbudgets.v1.json")],
    extras: &[],
    answer,
};

/// The most e-mail channels of one budget (description).
const MOST_CHANNELS: usize = 5;

/// The longest name that people see (description).
const LONGEST_NAME: usize = 60;

fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    let verb = call.id.strip_prefix("billingbudgets.billingAccounts.budgets.")?;
    let asked = if verb == "patch" { "update" } else { verb };
    let account = format!("billingAccounts/{}", call.hole("billingAccountsId"));
    let name = format!("{account}/budgets/{}", call.hole("budgetsId"));
    let whole = world.allows_on_billing(&call.account, &format!("billing.budgets.{asked}"), &account);
    if !whole && !allows_alone(world, call, &account, &name) {
        return Some(Err(denied()));
    }
    Some(match verb {
        "create" => create(world, call, &account),
        "list" => list(world, call, &account, whole),
        "get" => found(world, &account, &name).map(|budget| Reply::ok(&view(&budget))),
        "patch" => patch(world, call, &account, &name),
        "delete" => Ok(delete(world, &account, &name)),
        _ => return None,
    })
}

/// Whether the caller may do this to a budget of one project by what it holds there (docs, page on access control).
fn allows_alone(world: &World, call: &Call, account: &str, name: &str) -> bool {
    let kept = world.billing_accounts.get(account).and_then(|account| account.budgets.get(name));
    let writes = call.verb != "GET";
    let one = match (call.verb.as_str(), kept) {
        ("GET", None) => call.query("scope").map(str::to_owned),
        ("POST", _) => only_project(&call.json),
        (_, Some(kept)) if writes && kept["ownershipScope"] == "BILLING_ACCOUNT" => None,
        (_, kept) => kept.and_then(only_project),
    };
    let project = one.as_deref().and_then(|one| world.project(one.strip_prefix("projects/")?));
    let needed = if writes { "billing.resourcebudgets.write" } else { "billing.resourcebudgets.read" };
    project.is_some_and(|project| {
        let all = ["resourcemanager.projects.get", needed];
        all.iter().all(|permission| world.allows(&call.account, permission, &project.id, None))
    })
}

/// The project of a budget that counts no other.
fn only_project(budget: &Value) -> Option<String> {
    match budget.pointer("/budgetFilter/projects")?.as_array()?.as_slice() {
        [one] => one.as_str().map(str::to_owned),
        _ => None,
    }
}

fn found(world: &World, account: &str, name: &str) -> Result<Value, Reply> {
    let budget = world.billing_accounts.get(account).and_then(|account| account.budgets.get(name)).cloned();
    budget.ok_or_else(|| refusal::not_found("Requested entity was not found."))
}

/// As it is written: what holds its default is left out.
fn view(budget: &Value) -> Value {
    let schema = "GoogleCloudBillingBudgetsV1Budget";
    let document = api::document("billingbudgets.googleapis.com", schema);
    document.map_or_else(|| budget.clone(), |document| shape::canonical(document, schema, budget))
}

fn create(world: &mut World, call: &Call, account: &str) -> Answer {
    let mut budget = call.json.clone();
    settle(world, account, &mut budget)?;
    let name = format!("{account}/budgets/{}", world.fresh_uuid("budget"));
    keep(world, account, &name, budget, "budget created")
}

/// Writes it under its name with a new etag.
fn keep(world: &mut World, account: &str, name: &str, mut budget: Value, what: &'static str) -> Answer {
    budget["name"] = json!(name);
    budget["etag"] = json!(world.fresh_hex("etag", 16));
    if let Some(account) = world.billing_accounts.get_mut(account) {
        account.budgets.insert(name.to_owned(), budget.clone());
    }
    world.effect(what, name);
    Ok(Reply::ok(&view(&budget)))
}

fn list(world: &World, call: &Call, account: &str, whole: bool) -> Answer {
    let mut budgets: Vec<Value> = world
        .billing_accounts
        .get(account)
        .map(|account| account.budgets.values().cloned().collect())
        .unwrap_or_default();
    if let Some(scope) = call.query("scope") {
        let project = scope.strip_prefix("projects/").and_then(|name| world.project(name));
        let project = project.ok_or_else(|| refusal::invalid("Request contains an invalid argument."))?;
        let named = format!("projects/{}", project.number);
        budgets.retain(|budget| match whole {
            true => budget
                .pointer("/budgetFilter/projects")
                .and_then(Value::as_array)
                .is_some_and(|all| all.contains(&json!(named))),
            false => only_project(budget).as_ref() == Some(&named),
        });
    }
    let views = budgets.iter().map(view).collect();
    Ok(Reply::ok(&page::of(call, "budgets", Size { usual: 100, most: 100 }, views)))
}

fn patch(world: &mut World, call: &Call, account: &str, name: &str) -> Answer {
    let mut budget = found(world, account, name)?;
    // An empty etag overwrites the changes of others (description).
    let etag = call.json["etag"].as_str().unwrap_or_default();
    if !etag.is_empty() && budget["etag"] != etag {
        return Err(refusal::rpc(409, "ABORTED", "The budget was changed meanwhile.", Vec::new()));
    }
    let given = call.json.as_object().cloned().unwrap_or_default();
    match call.query("updateMask") {
        Some(mask) => {
            for field in mask.split(',') {
                budget[field] = given.get(field).cloned().unwrap_or(Value::Null);
            }
        }
        None => given.into_iter().for_each(|(field, value)| budget[field] = value),
    }
    settle(world, account, &mut budget)?;
    keep(world, account, name, budget, "budget changed")
}

/// One that is gone already is as good (description).
fn delete(world: &mut World, account: &str, name: &str) -> Reply {
    let gone = world.billing_accounts.get_mut(account).and_then(|account| account.budgets.remove(name));
    if gone.is_some() {
        world.effect("budget deleted", name);
    }
    Reply::ok(&json!({}))
}

/// Refuses what Google would refuse, and fills in what it adds.
fn settle(world: &World, account: &str, budget: &mut Value) -> Result<(), Reply> {
    if let Some(fields) = budget.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    if budget["displayName"].as_str().unwrap_or_default().chars().count() > LONGEST_NAME {
        return Err(refusal::invalid("The display name is longer than 60 characters."));
    }
    let currency = world.billing_accounts.get(account).map(|account| account.currency.as_str()).unwrap_or_default();
    let amount = &mut budget["amount"];
    match (amount["specifiedAmount"].is_object(), amount["lastPeriodAmount"].is_object()) {
        (true, false) => {}
        (false, true) => return shape(world, budget),
        _ => return Err(refusal::invalid("A budget has one kind of amount.")),
    }
    let money = &mut amount["specifiedAmount"];
    if money["currencyCode"].as_str().is_some_and(|given| given != currency) {
        // No more is said (report).
        return Err(refusal::invalid("Request contains an invalid argument."));
    }
    money["currencyCode"] = json!(currency);
    if money["nanos"] == json!(0) {
        money.as_object_mut().map(|fields| fields.remove("nanos"));
    }
    shape(world, budget)
}

fn shape(world: &World, budget: &mut Value) -> Result<(), Reply> {
    for rule in budget["thresholdRules"].as_array_mut().into_iter().flatten() {
        if rule["thresholdPercent"].as_f64().is_none_or(|percent| percent < 0.0) {
            return Err(refusal::invalid("A threshold is a number that is not negative."));
        }
        if rule["spendBasis"].is_null() {
            rule["spendBasis"] = json!("CURRENT_SPEND");
        }
    }
    let rules = budget["thresholdRules"].as_array().map_or(0, Vec::len);
    let channels = budget.pointer("/notificationsRule/monitoringNotificationChannels").and_then(Value::as_array);
    let channels = channels.cloned().unwrap_or_default();
    let is_email = |name: &Value| {
        name.as_str().is_some_and(|name| world.monitoring.get(name).is_some_and(|channel| channel["type"] == "email"))
    };
    if channels.len() > MOST_CHANNELS || !channels.iter().all(is_email) || (!channels.is_empty() && rules == 0) {
        return Err(refusal::invalid("At most 5 e-mail channels that are there, and thresholds to tell of."));
    }
    let filter = &mut budget["budgetFilter"];
    for project in filter["projects"].as_array_mut().into_iter().flatten() {
        // Ids are taken too, and numbers are given back (report).
        let named = project.as_str().and_then(|name| name.strip_prefix("projects/")).unwrap_or_default();
        let known = world.project(named).ok_or_else(|| refusal::invalid(format!("There is no project {project}.")))?;
        *project = json!(format!("projects/{}", known.number));
    }
    for list in ["projects", "services", "resourceAncestors", "subaccounts"] {
        if filter[list].as_array().is_none_or(Vec::is_empty) {
            filter.as_object_mut().map(|fields| fields.remove(list));
        }
    }
    for (field, usual) in [("creditTypesTreatment", "INCLUDE_ALL_CREDITS"), ("calendarPeriod", "MONTH")] {
        if filter[field].is_null() && filter["customPeriod"].is_null() {
            filter[field] = json!(usual);
        }
    }
    Ok(())
}
