//! The account that something runs as, and whether the deployer may let it run as that one.
//!
//! Google advises granting Service Account User on the service identity alone (docs run/deploying), which the project
//! does not show: the account is asked. One that nobody can name is asked by Cloud Run itself, and then says so.

use serde_json::Value;

use slipway_google::http::Http;
use slipway_google::projects::{self as projects, PermissionTarget};
use slipway_google::roles;
use slipway_names::ids::AccountEmail;
use slipway_names::principal::Principal;

/// The permission that letting something run as an account takes.
pub(crate) const ACT_AS: &str = "iam.serviceAccounts.actAs";

/// The account that a template names.
pub(crate) fn of_template(template: Option<&Value>) -> Option<AccountEmail> {
    AccountEmail::parse(template?.get("serviceAccount")?.as_str()?).ok()
}

/// The account of whatever names none.
pub(crate) fn default_of(project_number: &str) -> Option<AccountEmail> {
    AccountEmail::parse(&format!("{project_number}-compute@developer.gserviceaccount.com")).ok()
}

/// Whether the caller may act as an account; nothing where that cannot be asked.
pub(crate) async fn may(http: &Http, account: &AccountEmail) -> Option<bool> {
    let held = projects::held(http, PermissionTarget::Account(account.as_str()), &[ACT_AS]).await.ok()?;
    Some(held.iter().any(|one| one.eq_ignore_ascii_case(ACT_AS)))
}

/// What is missing, in words.
pub(crate) fn lacks(who: &Principal, account: &AccountEmail) -> String {
    format!("`{who}` may not act as `{account}` (`{ACT_AS}`)")
}

/// What mends it.
pub(crate) fn cure(project: &str, account: &str, who: &Principal) -> String {
    let grant = roles::grant_on_account(project, account, who.member(), "roles/iam.serviceAccountUser");
    format!("Grant it on that account: {grant}")
}

/// What to do about an account that is not there.
pub(crate) fn another_account(input: &str) -> String {
    format!(
        "Name an account that exists in `{input}`; one that was deleted can be brought back for 30 days (`gcloud beta iam service-accounts undelete`)"
    )
}
