//! How old the key is that signs in, where there is one.

use super::{DoctorContext, IAM};
use crate::google::key_age;
use crate::model::credentials::Way;
use crate::plan::doctor::{Area, Finding, State};

pub(super) async fn look(context: &DoctorContext<'_>) -> Vec<Finding> {
    let Way::Key(key) = &context.doctor.credentials.way else {
        return vec![Finding::new(Area::Key, State::Ok, "the key", "none is used: the run signs in without one")];
    };
    let most = context.doctor.key_days;
    let what = format!("key of `{}`", key.email);
    let finding = |state, evidence: String| Finding::new(Area::Key, state, what.clone(), evidence);
    let Some(id) = &key.key_id else {
        return vec![finding(State::CannotSee, "the key names no id, so its age cannot be looked up".into())];
    };
    let days = context.heard(IAM, key_age::days(context.http, key.email.as_str(), id).await);
    vec![match days {
        Ok(Some(days)) if days > i64::from(most) => {
            finding(State::Warning, format!("{days} days old, more than {most}"))
                .cure("Make a new one and delete this one, or sign in without a key: docs/CREDENTIALS.md")
        }
        Ok(Some(days)) => finding(State::Ok, format!("{days} days old")),
        Ok(None) => finding(State::CannotSee, "the account lists no key of that id".into()),
        Err(unseen) => finding(State::CannotSee, unseen.0),
    }]
}
