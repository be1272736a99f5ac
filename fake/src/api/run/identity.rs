//! Whom containers run as, and who may let them.

use crate::call::Call;
use crate::refusal;
use crate::reply::Reply;
use crate::world::{Project, World};

/// Refuses a caller who may not act as the account the containers run as.
pub(super) fn check_act_as(world: &World, call: &Call, email: &str, project: &Project) -> Result<(), Reply> {
    let account = world.accounts.get(email);
    let home = account.map_or(project.id.as_str(), |account| account.project.as_str());
    let may = world.allows(&call.account, "iam.serviceAccounts.actAs", home, account.map(|account| &account.policy));
    if may && account.is_some() {
        return Ok(());
    }
    let message =
        format!("Permission 'iam.serviceaccounts.actAs' denied on service account {email} (or it may not exist).");
    Err(refusal::rpc(403, "PERMISSION_DENIED", message, Vec::new()))
}
