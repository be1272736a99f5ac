//! Laws of the name in the URL: its letters, its region, and what the body says it is.

use super::labels;
use crate::call::Call;
use crate::refusal;
use crate::reply::Reply;

/// What is named.
pub(super) struct Kind {
    /// As sentences begin with it.
    pub(super) title: &'static str,
    /// The field that holds the name.
    pub(super) field: &'static str,
    /// The most letters.
    pub(super) longest: usize,
}

/// Refuses a name that this kind of thing cannot have.
pub(super) fn check(call: &Call, kind: &Kind, name: &str, short: &str) -> Result<(), Reply> {
    if !labels::is_name(short, kind.longest) {
        let text = format!(
            "{} name '{short}' must use only lower-case alphanumeric characters and dashes, begin with a letter, not \
             end with a dash and have at most {} characters.",
            kind.title, kind.longest
        );
        return Err(refusal::bad_field(kind.field, &text));
    }
    let given = call.json["name"].as_str().filter(|given| !given.is_empty());
    match given.filter(|given| given.rsplit('/').next() != Some(short)) {
        None => Ok(()),
        Some(given) => Err(refusal::bad_field(kind.field, &format!("'{given}' is not the name in the URL, '{name}'."))),
    }
}
