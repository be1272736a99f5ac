//! Who pays for a project, and the budgets of that account. A budget's name is Google's to choose and the shown one is
//! not unique, so a second create makes a second one: whoever creates looks first, and after a lost reply.

use reqwest::Method;
use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::{Body, Http};
use slipway_wire::repeat::Repeat;

/// Who pays for a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payer {
    /// The full name of the billing account, `billingAccounts/X`; `None` where there is none.
    pub account: Option<String>,
    /// Whether it is open and charged. Without it nothing that costs can be used.
    pub pays: bool,
}

/// Reads who pays for the project. `resourcemanager.projects.get` is enough (description of
/// `cloudbilling.projects.getBillingInfo`).
///
/// # Errors
/// When it may not be read, such as where the API is not enabled.
pub async fn payer(http: &Http) -> Result<Payer, ApiError> {
    let path = format!("v1/projects/{}/billingInfo", segment(http.project()));
    let doing = format!("read who pays for project `{}`", http.project());
    let answer = http.json(&http.get(Api::Billing, &path, doing)).await?;
    let account = answer.get("billingAccountName").and_then(Value::as_str).filter(|name| !name.is_empty());
    Ok(Payer {
        account: account.map(str::to_owned),
        pays: answer.get("billingEnabled").and_then(Value::as_bool) == Some(true),
    })
}

/// Which budgets of a billing account are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetScope {
    /// All, which a role on the account lets see.
    Account,
    /// Those of the project, which a role on the project is enough for, where they count no other project
    /// (<https://docs.cloud.google.com/billing/docs/how-to/budget-api-access-control>).
    Project,
}

/// Budgets of a billing account.
///
/// # Errors
/// When they may not be listed.
pub async fn budgets(http: &Http, account: &str, of: BudgetScope) -> Result<Vec<Value>, ApiError> {
    let path = format!("{}/budgets", named(account));
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let mut call = http.get(Api::BillingBudgets, &path, "list the budgets of the billing account");
        // The most there can be on a page (description).
        call.query.push(("pageSize", "100".into()));
        if of == BudgetScope::Project {
            call.query.push(("scope", format!("projects/{}", http.project())));
        }
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        all.extend(answer.get("budgets").and_then(Value::as_array).into_iter().flatten().cloned());
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// Makes a budget. Every call that arrives makes another, so its author looks before repeating it.
///
/// # Errors
/// When Google refuses, such as another currency than the account's, or the reply is lost (`is_ambiguous`).
pub async fn create(http: &Http, account: &str, body: &Value) -> Result<Value, ApiError> {
    let (path, doing) = (format!("{}/budgets", named(account)), format!("make budget `{}`", text(body, "displayName")));
    let body = Body::Json(body.clone());
    http.json(&http.call(Method::POST, Api::BillingBudgets, &path, body, Repeat::WithoutEffect, doing)).await
}

/// Writes these fields of a budget that was read. The etag in the body guards it, so a second call would be refused as
/// a conflict although the first had its effect: its author looks before repeating it.
///
/// # Errors
/// When Google refuses, somebody else was faster (`is_conflict`), or the reply is lost (`is_ambiguous`).
pub async fn update(http: &Http, budget: &Value, body: &Value, fields: &[String]) -> Result<Value, ApiError> {
    let doing = format!("change budget `{}`", text(budget, "displayName"));
    let (path, body) = (named(text(budget, "name")), Body::Json(body.clone()));
    let mut call = http.call(Method::PATCH, Api::BillingBudgets, &path, body, Repeat::WithoutEffect, doing);
    call.query.push(("updateMask", fields.join(",")));
    http.json(&call).await
}

/// Removes a budget. A second time succeeds too (description).
///
/// # Errors
/// When Google keeps it.
pub async fn delete(http: &Http, budget: &Value) -> Result<(), ApiError> {
    let doing = format!("remove budget `{}`", text(budget, "displayName"));
    let path = named(text(budget, "name"));
    let call = http.call(Method::DELETE, Api::BillingBudgets, &path, Body::Empty, Repeat::Always, doing);
    match http.reply(&call, &[]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) => Err(error),
    }
}

fn text<'a>(budget: &'a Value, key: &str) -> &'a str {
    budget.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The path of a full name that Google gave; nothing in a name can lead elsewhere.
fn named(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(segment).collect();
    format!("v1/{}", parts.join("/"))
}
