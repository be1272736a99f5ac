//! Laws of names: services, revisions, labels and annotations.

use crate::refusal;
use crate::reply::Reply;
use serde_json::{Map, Value};

/// Namespaces that belong to Cloud Run itself.
const RESERVED: [&str; 4] =
    ["run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/"];

/// Lower-case letters, digits and dashes; begins with a letter, does not end with a dash.
pub(super) fn is_name(name: &str, longest: usize) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=longest).contains(&name.len())
        && name.bytes().all(legal)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
}

/// A revision's name: begins with the service's.
pub(super) fn check_revision(name: &str, service: &str) -> Result<(), Reply> {
    let own = name.strip_prefix(service).and_then(|rest| rest.strip_prefix('-')).is_some_and(|rest| !rest.is_empty());
    match own && is_name(name, 63) {
        true => Ok(()),
        false => Err(refusal::bad_field(
            "template.revision",
            &format!(
                "Revision name '{name}' must be prefixed by the name of the enclosing service '{service}-', have at most 63 \
                 characters and contain only lower-case letters, digits and '-'."
            ),
        )),
    }
}

/// Labels and annotations of the service and of its template.
pub(super) fn check(config: &Map<String, Value>) -> Result<(), Reply> {
    let template = config.get("template").and_then(Value::as_object);
    let places = [
        ("labels", config.get("labels")),
        ("annotations", config.get("annotations")),
        ("template.labels", template.and_then(|template| template.get("labels"))),
        ("template.annotations", template.and_then(|template| template.get("annotations"))),
    ];
    for (place, map) in places {
        for (key, value) in map.and_then(Value::as_object).into_iter().flatten() {
            if let Some(namespace) = RESERVED.iter().find(|namespace| key.starts_with(**namespace)) {
                let text = format!("Cloud Run API v2 does not support the namespace {namespace} of '{key}'.");
                return Err(refusal::bad_field(place, &text));
            }
            if place.ends_with("labels") && !(is_label_key(key) && is_label_value(value.as_str().unwrap_or_default())) {
                let text = format!(
                    "Label '{key}' is not valid. Only hyphens (-), underscores (_), lower-case characters and numbers are \
                     allowed, and at most 63 of them."
                );
                return Err(refusal::bad_field(place, &text));
            }
        }
    }
    Ok(())
}

fn is_label_key(key: &str) -> bool {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    name.starts_with(char::is_lowercase) && is_label_value(name)
}

fn is_label_value(value: &str) -> bool {
    value.chars().count() <= 63 && value.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revision_names_belong_to_their_service() {
        for good in ["web-1", "web-1a2b3c4-7"] {
            assert!(check_revision(good, "web").is_ok(), "{good}");
        }
        for bad in ["web", "web-", "api-1", "web-A", &format!("web-{}", "x".repeat(60))] {
            assert!(check_revision(bad, "web").is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_follow_the_billing_rules() {
        assert!(is_label_key("client.knative.dev/nonce") && is_label_value("1a2b3c4") && is_label_value(""));
        assert!(!is_label_key("Commit") && !is_label_value("feature/x") && !is_label_value(&"x".repeat(64)));
    }
}
