//! The template of what serves, with its references to one secret moved, in place of the service's own. Pure.

use serde_json::{Value, json};

use super::change_error::ChangeError;
use super::own_names::REPLACED;
use super::secret_refs::repoint;
use super::wanted::repoint::Repoint;
use slipway_names::json::object;

/// Puts the template of what serves in place of the service's own, moves the references, and notes what they replace.
///
/// # Errors
/// When the service has another template than the one that was looked at.
pub(super) fn apply(service: &mut Value, current: Option<&Value>, wish: &Repoint) -> Result<(), ChangeError> {
    let there = current.and_then(|current| current.get("template"));
    if there != Some(&wish.seen) {
        return Err(ChangeError::Overtaken);
    }
    let mut template = wish.template.clone();
    if let Some(to) = wish.to {
        repoint(&mut template, &wish.secret, &wish.home, to.only_latest, to.number);
    }
    object(service).insert("template".into(), template.into());
    if let Some(note) = &wish.note {
        let notes = object(service).entry("annotations").or_insert_with(|| json!({}));
        object(notes).insert(REPLACED.to_owned(), note.as_str().into());
    }
    Ok(())
}
