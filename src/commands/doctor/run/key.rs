//! How old the key is that signs in, where there is one.

use std::time::Duration;

use super::{DoctorContext, IAM};
use crate::commands::doctor::plan::{Area, CheckState, Finding};
use slipway_google::account_keys;
use slipway_names::credentials::SignInMethod;

pub(super) async fn look(context: &DoctorContext<'_>) -> Vec<Finding> {
    let SignInMethod::Key(key) = &context.doctor.credentials.way else {
        return vec![Finding::new(Area::Key, CheckState::Ok, "the key", "none is used: the run signs in without one")];
    };
    let longest = context.doctor.key_max_age;
    let what = format!("key of `{}`", key.email);
    let finding = |state, evidence: String| Finding::new(Area::Key, state, what.clone(), evidence);
    let Some(id) = &key.key_id else {
        return vec![finding(CheckState::CannotSee, "the key names no id, so its age cannot be looked up".into())];
    };
    let keys = context.heard(IAM, account_keys::list(context.http, &key.email).await);
    let age = keys.map(|keys| keys.into_iter().find(|one| one.id == *id)?.age());
    let days = |length: Duration| length.as_secs() / 86_400;
    vec![match age {
        Ok(Some(age)) if age > longest && !longest.is_zero() => {
            finding(CheckState::Warning, format!("{} days old, more than {}", days(age), days(longest)))
                .cure("`slipway rotate-key` makes a new one and switches this one off (docs/ROTATION.md); or sign in without a key (docs/CREDENTIALS.md)")
        }
        Ok(Some(age)) => finding(CheckState::Ok, format!("{} days old", days(age))),
        Ok(None) => finding(CheckState::CannotSee, "the account lists no key of that id".into()),
        Err(unseen) => finding(CheckState::CannotSee, unseen.0),
    }]
}
