//! Who pays for a project, and the budgets of that account. A budget's name is Google's to choose and the shown one is
//! not unique, so a second create makes a second one: whoever creates looks first, and after a lost reply.

use serde_json::Value;

use super::endpoints::{Api, segment};
use super::error::ApiError;
use super::http::Http;

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

/// Every budget of a billing account.
///
/// # Errors
/// When they may not be listed: no role of a project lets anybody.
pub async fn budgets(http: &Http, account: &str) -> Result<Vec<Value>, ApiError> {
    let path = format!("{}/budgets", named(account));
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let mut call = http.get(Api::BillingBudgets, &path, "list the budgets of the billing account");
        // The most there can be on a page (description).
        call.query.push(("pageSize", "100".into()));
        call.query.extend(page.take().map(|token| ("pageToken", token)));
        let answer = http.json(&call).await?;
        all.extend(answer.get("budgets").and_then(Value::as_array).into_iter().flatten().cloned());
        match answer.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => page = Some(token.to_owned()),
            None => return Ok(all),
        }
    }
}

/// The path of a full name that Google gave; nothing in a name can lead elsewhere.
fn named(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(segment).collect();
    format!("v1/{}", parts.join("/"))
}
