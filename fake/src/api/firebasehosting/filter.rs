//! The filter of `versions.list`: equality of status and labels, joined by AND or by OR.

use crate::world::HostingVersion;

/// A filter that was read.
pub(super) struct Filter(Vec<Vec<Test>>);

enum Test {
    Status(String),
    Label(String, String),
}

impl Filter {
    /// Whether a version passes; the empty filter lets all pass.
    pub(super) fn admits(&self, version: &HostingVersion) -> bool {
        let holds = |test: &Test| match test {
            Test::Status(word) => version.status.word() == word,
            Test::Label(name, value) => version.labels.get(name) == Some(value),
        };
        self.0.is_empty() || self.0.iter().any(|all| all.iter().all(holds))
    }
}

/// Reads a filter: alternatives joined by OR, each of comparisons joined by AND.
pub(super) fn read(text: &str) -> Result<Filter, String> {
    if text.trim().is_empty() {
        return Ok(Filter(Vec::new()));
    }
    let all = |part: &str| part.split(" AND ").map(|test| comparison(test.trim(), text)).collect();
    text.split(" OR ").map(all).collect::<Result<_, _>>().map(Filter)
}

fn comparison(test: &str, whole: &str) -> Result<Test, String> {
    let unknown = || format!("the filter «{whole}» is not understood here");
    let (field, value) = test.split_once('=').ok_or_else(unknown)?;
    let value = value.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(unknown)?;
    if value.contains('"') {
        return Err(unknown());
    }
    match field.trim() {
        "status" => Ok(Test::Status(value.to_owned())),
        field => match field.strip_prefix("labels.") {
            Some(name) if !name.is_empty() => Ok(Test::Label(name.to_owned(), value.to_owned())),
            _ => Err(unknown()),
        },
    }
}
