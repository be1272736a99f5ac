//! The end of old keys: switched off once the new one is stored, deleted by a later run.

use super::RotateContext;
use crate::commands::rotate_key::plan::KeyPlan;
use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::account_keys::{self as account_keys, KeyEnded};
use slipway_names::shown::listed;

/// Deletes keys that were switched off long ago. One that stays is named, and stops nothing.
pub(super) async fn delete(context: &RotateContext<'_>, facts: &mut Facts, old: &[String]) -> String {
    for id in old {
        match account_keys::delete(context.http, &context.rotate.account, id).await {
            Ok(KeyEnded::Here) => facts.rotation.deleted.push(id.clone()),
            Ok(KeyEnded::NotFound) => facts.rotation.gone.push(id.clone()),
            Err(error) => {
                let warning = format!("Key `{id}` is disabled and could not be deleted: {error}");
                context.console.warning(&warning);
                facts.warnings.push(warning);
                facts.rotation.left.push((id.clone(), "it is disabled, and could not be deleted".to_owned()));
            }
        }
    }
    match facts.rotation.deleted.as_slice() {
        [] => "none to delete".to_owned(),
        deleted => format!("deleted {}", listed(deleted)),
    }
}

/// Switches the old keys off, the one in use last. The first that stays on ends the run as failed: it is what a
/// rotation is for.
pub(super) async fn disable(context: &RotateContext<'_>, facts: &mut Facts, fate: &KeyPlan) -> Result<String, Failure> {
    for id in &fate.left {
        let disable = context.gcloud("disable", id);
        let is_used = context.rotate.used.as_deref() == Some(id);
        let (warning, why) = match is_used {
            true => (
                format!(
                    "Key `{id}`, which this run signs in with, stays on, and is not what the secret holds. Once nothing signs in with it: {disable}"
                ),
                "it works, and this run signs in with it",
            ),
            false => (
                format!(
                    "Key `{id}` of the account works as well, and is not what this run signs in with. Name it in `keep_keys`, or if nothing uses it: {disable}"
                ),
                "it works, and nobody said what it is for",
            ),
        };
        context.console.warning(&warning);
        facts.warnings.push(warning);
        facts.rotation.left.push((id.clone(), why.to_owned()));
    }
    let mut failed: Option<Failure> = None;
    for id in &fate.disabled {
        match account_keys::disable(context.http, &context.rotate.account, id).await {
            Ok(()) => facts.rotation.disabled.push(id.clone()),
            Err(error) if error.is_missing() && is_gone(context, id).await => facts.rotation.gone.push(id.clone()),
            Err(error) => {
                facts.rotation.left.push((id.clone(), "it still works, and could not be disabled".to_owned()));
                let failure =
                    Failure::of(format!("The new key is stored, but key `{id}` could not be disabled"), error)
                        .hint(format!("Disable it: {}", context.gcloud("disable", id)));
                failed = failed.or(Some(failure));
            }
        }
    }
    match (failed, facts.rotation.disabled.as_slice()) {
        (Some(failure), _) => Err(failure),
        (None, []) => Ok("none to disable".to_owned()),
        (None, disabled) => Ok(format!("disabled {}", listed(disabled))),
    }
}

/// Whether the account lists no such key any more. That it could not be switched off for not being found proves nothing.
async fn is_gone(context: &RotateContext<'_>, id: &str) -> bool {
    let listed = account_keys::list(context.http, &context.rotate.account).await;
    listed.is_ok_and(|keys| !keys.is_empty() && keys.iter().all(|key| key.id != id))
}
