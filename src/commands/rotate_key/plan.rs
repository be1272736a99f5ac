//! Which keys of an account go, and when; what a rotation will do, in words. Pure.

use slipway_names::shown::listed;
use time::OffsetDateTime;

use crate::cloud_run::difference::Difference;
use crate::commands::rotate_key::inputs::{Retire, RotateKey};
use crate::step::PlannedStep;
use crate::step::StepName;
use slipway_names::rotation::{AccountKey, RotationFact};

/// What becomes of the keys that were there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPlan {
    /// Deleted before anything else: switched off for longer than the grace period.
    pub deleted: Vec<String>,
    /// Switched off in the end, the one in use last.
    pub disabled: Vec<String>,
    /// Left as they are although they work: nobody said what they are for.
    pub left: Vec<String>,
}

/// Decides over the keys that are there. `written` is when the secret was last written, `None` where it is not
/// there.
///
/// Google does not say when a key was switched off. But every run that switches one off has written the secret just
/// before, so what is off now has been so since about the secret's last write, or longer.
pub fn fate(rotate: &RotateKey, keys: &[AccountKey], written: Option<OffsetDateTime>, now: OffsetDateTime) -> KeyPlan {
    let kept = |key: &&AccountKey| rotate.keep.contains(&key.id);
    let is_used = |id: &str| rotate.used.as_deref() == Some(id);
    let over = written.is_some_and(|written| now - written > rotate.grace);
    let mut fate = KeyPlan::default();
    for key in keys.iter().filter(|key| !kept(key)) {
        let old = match &rotate.retire {
            Retire::All => true,
            // A secret that is not there yet cannot be where the key in use came from.
            Retire::Used => is_used(&key.id) && written.is_some(),
            Retire::Named(ids) => ids.contains(&key.id),
        };
        match (key.disabled, old) {
            (true, _) if over && !is_used(&key.id) => fate.deleted.push(key.id.clone()),
            (true, _) => {}
            (false, true) => fate.disabled.push(key.id.clone()),
            (false, false) => fate.left.push(key.id.clone()),
        }
    }
    // Whatever is asked for after it, the key in use is needed longest.
    fate.disabled.sort_by_key(|id| is_used(id));
    fate
}

/// The keys that came between two looks, and that the run knows nothing of.
pub fn appeared(before: &[String], known: &RotationFact, after: &[AccountKey]) -> Vec<String> {
    // A list may still show what was deleted.
    let is_known = |id: &String| {
        before.contains(id)
            || known.new_key.as_ref() == Some(id)
            || known.deleted.contains(id)
            || known.left.iter().any(|(other, _)| other == id)
    };
    after.iter().map(|key| key.id.clone()).filter(|id| !is_known(id)).collect()
}

/// The steps of a rotation, in order.
pub fn steps(rotate: &RotateKey) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    let mut add = |name, text: String| steps.push(PlannedStep { name, text });
    add(StepName::SignIn, format!("as `{}`", rotate.credentials.principal));
    add(
        StepName::Preflight,
        format!("permissions on `{}`, its keys, and whether the secret can be written", rotate.account),
    );
    add(StepName::OldKeys, format!("delete what is disabled for longer than {}", days(rotate.grace.as_secs())));
    add(StepName::NewKey, format!("of `{}`", rotate.account));
    add(StepName::Proof, "get a token by the new key".to_owned());
    add(StepName::Secret, format!("store the new key as {}, and read its time back", rotate.place));
    let which = match &rotate.retire {
        Retire::Used => "the key this run signs in with".to_owned(),
        Retire::All => "every other key of the account".to_owned(),
        Retire::Named(ids) => listed(ids),
    };
    add(StepName::Retire, format!("disable {which}"));
    steps
}

/// What a rotation would change.
pub fn changes(rotate: &RotateKey, fate: &KeyPlan, written: Option<&str>) -> Vec<Difference> {
    let key = |id: &String, before: &str, after: Option<&str>| Difference {
        what: format!("key {id}"),
        before: Some(before.to_owned()),
        after: after.map(str::to_owned),
    };
    let deleted = fate.deleted.iter().map(|id| key(id, "disabled", None));
    let secret = Difference {
        what: rotate.place.to_string(),
        before: written.map(|at| format!("written at {at}")),
        after: Some(format!("a new key of {}", rotate.account)),
    };
    let disabled = fate.disabled.iter().map(|id| key(id, "enabled", Some("disabled")));
    deleted.chain([secret]).chain(disabled).collect()
}

/// A time in the largest unit that fits.
pub(crate) fn days(seconds: u64) -> String {
    match seconds {
        seconds if seconds > 0 && seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        seconds if seconds > 0 && seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        seconds => format!("{seconds}s"),
    }
}
