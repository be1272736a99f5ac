//! The filter of `builds.list`: comparisons joined by `AND`.

use crate::clock;
use serde_json::Value;

/// One comparison.
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    field: Field,
    operator: char,
    value: String,
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Field {
    BuildId,
    Status,
    Tags,
    Images,
    SourceObject,
    SourceBucket,
    CreateTime,
}

const FIELDS: [(&str, Field); 7] = [
    ("build_id", Field::BuildId),
    ("status", Field::Status),
    ("tags", Field::Tags),
    ("images", Field::Images),
    ("source.storage_source.object", Field::SourceObject),
    ("source.storage_source.bucket", Field::SourceBucket),
    ("create_time", Field::CreateTime),
];

impl Term {
    /// Whether a build, as the API writes it, fits.
    pub(super) fn fits(&self, build: &Value) -> bool {
        let is = |value: &Value| value.as_str() == Some(self.value.as_str());
        let holds = |list: &Value| list.as_array().is_some_and(|items| items.iter().any(is));
        let equal = match self.field {
            Field::BuildId => is(&build["id"]),
            Field::Status => is(&build["status"]),
            Field::Tags => holds(&build["tags"]),
            Field::Images => holds(&build["images"]),
            Field::SourceObject => is(&build["source"]["storageSource"]["object"]),
            Field::SourceBucket => is(&build["source"]["storageSource"]["bucket"]),
            Field::CreateTime => {
                let created = build["createTime"].as_str().and_then(clock::parse);
                let wanted = clock::parse(&self.value);
                return match self.operator {
                    '>' => created >= wanted,
                    '<' => created <= wanted,
                    _ => created == wanted,
                };
            }
        };
        self.operator == '=' && equal
    }
}

/// Reads a filter; the error is where reading stopped.
pub(super) fn read(filter: &str) -> Result<Vec<Term>, String> {
    let mut rest = filter.trim();
    let mut terms = Vec::new();
    while !rest.is_empty() {
        if !terms.is_empty() {
            rest = rest.strip_prefix("AND ").ok_or_else(|| rest.to_owned())?.trim_start();
        }
        let (field, after) = FIELDS
            .iter()
            .find_map(|(name, field)| {
                let after = rest.strip_prefix(name)?.trim_start();
                after.starts_with(['=', '<', '>']).then_some((*field, after))
            })
            .ok_or_else(|| rest.to_owned())?;
        let operator = after.chars().next().unwrap_or('=');
        let after = after[1..].trim_start_matches('=').trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(|| after.to_owned())?,
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        if value.is_empty() {
            return Err(rest.to_owned());
        }
        terms.push(Term { field, operator, value: value.to_owned() });
        rest = after.trim_start();
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn terms_are_joined_and_compared() {
        let build = json!({"id": "1", "status": "WORKING", "tags": ["a", "req-1"],
            "source": {"storageSource": {"object": "source/x.tar.gz"}}});
        let fits = |filter: &str| read(filter).is_ok_and(|terms| terms.iter().all(|term| term.fits(&build)));
        assert!(fits(""));
        assert!(fits("tags=\"req-1\""));
        assert!(fits("tags=\"req-1\" AND source.storage_source.object=\"source/x.tar.gz\" AND status=WORKING"));
        assert!(!fits("tags=\"req-2\""));
        assert!(!fits("tags=\"req-1\" AND status=\"SUCCESS\""));
    }

    #[test]
    fn what_the_fake_cannot_read_is_refused() {
        for filter in ["tag=\"x\"", "tags=\"x", "tags=", "tags=\"x\" OR tags=\"y\"", "nonsense"] {
            assert!(read(filter).is_err(), "{filter}");
        }
    }
}
