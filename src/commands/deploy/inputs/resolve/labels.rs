//! Labels: those that are given, those of the run, and those that go.

use super::Give;
use crate::cloud_run::wanted::names::ByName;
use crate::inputs::spec::deploy::name;
use slipway_names::shown::{QuotedName, QuotedText};
use slipway_runner::env::Runner;

/// Whether every label goes that is there.
pub(super) fn all_labels_go(give: &Give<'_>) -> bool {
    matches!(give.raw.get(name::LABELS), Some("default" | "none"))
}

fn label_rule(key: &str, value: &str) -> Result<(), (String, String)> {
    let part = |text: &str| {
        text.len() <= 63 && text.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == '_' || c == '-')
    };
    if !part(key) || !key.starts_with(char::is_lowercase) {
        return Err((
            format!("{} is not a label", QuotedName(key)),
            "lowercase letters, digits, `_`, `-`, at most 63, starting with a letter".into(),
        ));
    }
    if !part(value) {
        return Err((
            format!("{} is not a label's value", QuotedText(value)),
            "lowercase letters, digits, `_`, `-`, at most 63".into(),
        ));
    }
    Ok(())
}

/// The labels to give, and those that go.
pub(super) fn labels(give: &mut Give<'_>, runner: &Runner) -> (Vec<(String, String)>, Vec<String>) {
    let skip = give.switch(name::SKIP_DEFAULT_LABELS).unwrap_or(false);
    let changes = if all_labels_go(give) { None } else { give.changes(name::LABELS, label_rule) };
    let mut labels: Vec<(String, String)> = Vec::new();
    if !skip {
        labels.push(("managed-by".into(), "slipway".into()));
        labels.extend(runner.origin.sha.clone().map(|sha| ("commit-sha".into(), sha)));
    }
    if changes.as_ref().is_some_and(|changes| !changes.says_anything())
        && give.findings.mistakes.iter().all(|mistake| mistake.input != "labels")
    {
        give.findings.wrong(name::LABELS, "it names none, and changes nothing", "name one, or leave it out");
    }
    let ByName { put: given, gone, .. } = changes.unwrap_or_default();
    labels.retain(|(key, _)| !given.iter().any(|(other, _)| other == key) && !gone.contains(key));
    labels.extend(given);
    (labels, gone)
}
