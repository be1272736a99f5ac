//! How old the key is that a run signs in with. A courtesy: what may not be read is passed over.

use super::Context;
use crate::facts::Facts;
use slipway_google::account_keys;
use slipway_names::credentials::SignInMethod;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Warns of a key that is older than it should be.
pub(super) async fn look(context: &Context<'_>, facts: &mut Facts) {
    let longest = context.deploy.key_max_age;
    let SignInMethod::Key(key) = &context.deploy.credentials.way else { return };
    let Some(id) = key.key_id.as_deref().filter(|_| !longest.is_zero()) else { return };
    let Ok(Some(known)) = account_keys::glance(context.http, &key.email, id).await else { return };
    let Some(age) = known.age().filter(|age| *age > longest) else { return };
    let warning = format!(
        "The key `{id}` of `{}` is {} days old, and should be replaced after {} days: `slipway rotate-key` does it (docs/ROTATION.md)",
        key.email,
        age.as_secs() / DAY,
        longest.as_secs() / DAY
    );
    context.console.warning(&warning);
    facts.warnings.push(warning);
}
