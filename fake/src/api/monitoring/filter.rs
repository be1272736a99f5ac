//! The filter of a question: comparisons for equality, joined by `AND`.

use std::collections::BTreeMap;

/// What a filter asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Filter {
    /// The metric's type.
    pub(super) metric: String,
    /// Labels of the monitored resource.
    pub(super) resource: BTreeMap<String, String>,
    /// The class of response.
    pub(super) class: Option<String>,
}

impl Filter {
    /// Whether responses of that class are asked about.
    pub(super) fn lets_through(&self, class: &str) -> bool {
        self.class.as_ref().is_none_or(|wanted| wanted == class)
    }
}

/// The one type of resource whose metrics are known.
const RESOURCE: &str = "cloud_run_revision";

/// Labels that resource has.
pub(super) const LABELS: [&str; 5] = ["project_id", "location", "service_name", "revision_name", "configuration_name"];

/// Reads a filter; the error says what it cannot read.
pub(super) fn read(text: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    for (index, term) in cut(text).iter().enumerate() {
        let unreadable = || format!("the fake cloud cannot read term {} of the filter: «{}»", index + 1, term.trim());
        let (field, value) = term.split_once('=').ok_or_else(unreadable)?;
        let value = value.trim().strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or_else(unreadable)?;
        if value.contains(['"', '\\']) {
            return Err(unreadable());
        }
        match field.trim() {
            "metric.type" if filter.metric.is_empty() => filter.metric = value.to_owned(),
            "resource.type" if value == RESOURCE => {}
            "metric.labels.response_code_class" if filter.class.is_none() => filter.class = Some(value.to_owned()),
            field => {
                let label = field.strip_prefix("resource.labels.").filter(|label| LABELS.contains(label));
                let label = label.ok_or_else(unreadable)?;
                if filter.resource.insert(label.to_owned(), value.to_owned()).is_some() {
                    return Err(unreadable());
                }
            }
        }
    }
    Ok(filter)
}

/// Cuts at ` AND ` outside quotes.
fn cut(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut quoted = false;
    for word in text.split_inclusive(char::is_whitespace) {
        if !quoted && word.trim_end() == "AND" {
            terms.push(String::new());
            continue;
        }
        quoted ^= word.matches('"').count() % 2 == 1;
        if let Some(last) = terms.last_mut() {
            last.push_str(word);
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_terms_are_read() {
        let read = read(
            "metric.type=\"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND \
             resource.labels.service_name=\"web\" AND metric.labels.response_code_class=\"5xx\"",
        );
        let wanted = Filter {
            metric: "run.googleapis.com/request_count".to_owned(),
            resource: BTreeMap::from([("service_name".to_owned(), "web".to_owned())]),
            class: Some("5xx".to_owned()),
        };
        assert_eq!(read, Ok(wanted));
    }

    #[test]
    fn others_are_not() {
        for bad in [
            "",
            "metric.type",
            "metric.type=run",
            "metric.type=\"a\" OR resource.type=\"cloud_run_revision\"",
            "resource.type=\"cloud_run_job\"",
            "resource.labels.service=\"web\"",
            "resource.label.service_name=\"web\"",
            "metric.type!=\"a\"",
            "metric.type=\"a\" resource.labels.service_name=\"web\"",
            "resource.labels.service_name=\"a\" AND resource.labels.service_name=\"b\"",
            "resource.labels.service_name=starts_with(\"a\")",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
