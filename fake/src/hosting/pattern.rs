//! The pattern of a rule: a glob or a regular expression, and what it captures.

use super::glob::Glob;
use regex::Regex;
use serde_json::Value;

/// What a rule is about.
pub(super) enum Pattern {
    /// A glob.
    Glob(Glob),
    /// A regular expression, which fits wherever it is found in the path.
    Regex(Regex),
}

impl Pattern {
    /// The pattern of a rule; a rule without a legal one fits nothing.
    pub(super) fn of(rule: &Value) -> Option<Pattern> {
        Pattern::read(rule, Glob::read)
    }

    /// The same, `:name` in a glob being a capture.
    pub(super) fn with_captures(rule: &Value) -> Option<Pattern> {
        Pattern::read(rule, Glob::with_captures)
    }

    fn read(rule: &Value, glob: fn(&str) -> Glob) -> Option<Pattern> {
        let text = |field: &str| rule[field].as_str().filter(|text| !text.is_empty());
        match text("glob") {
            Some(text) => Some(Pattern::Glob(glob(text))),
            None => Regex::new(text("regex")?).ok().map(Pattern::Regex),
        }
    }

    /// Whether it fits the path.
    pub(super) fn fits(&self, path: &str) -> bool {
        match self {
            Pattern::Glob(glob) => glob.captures(path).is_some(),
            Pattern::Regex(regex) => regex.is_match(path),
        }
    }

    /// What it captures of a path it fits: by name and, in regular expressions, by number.
    pub(super) fn captures(&self, path: &str) -> Option<Vec<(String, String)>> {
        let regex = match self {
            Pattern::Glob(glob) => return glob.captures(path),
            Pattern::Regex(regex) => regex,
        };
        let found = regex.captures(path)?;
        let text = |group: Option<regex::Match<'_>>| group.map_or(String::new(), |group| group.as_str().to_owned());
        let named = regex.capture_names().flatten().map(|name| (name.to_owned(), text(found.name(name))));
        let numbered = (0..found.len()).map(|number| (number.to_string(), text(found.get(number))));
        Some(named.chain(numbered).collect())
    }
}
