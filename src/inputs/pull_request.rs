//! The pull request a run is about, by what the runner and the event say.

use serde_json::Value;

use super::runner::Origin;
use crate::model::place::Places;

/// An event above this size is none of GitHub's.
const LARGEST_EVENT: u64 = 25 << 20;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The branch it comes from; empty where nobody says it.
    pub branch: String,
    /// The commit at its head, where the event says it: a run's own commit is a merge of it.
    pub head: Option<String>,
    /// The repository it comes from (`owner/name`), where the event says it.
    pub from: Option<String>,
    /// Whether the event says that it was closed.
    pub closed: bool,
}

impl PullRequest {
    /// One of which nothing but the number is known.
    pub fn numbered(number: u64) -> Self {
        Self { number, branch: String::new(), head: None, from: None, closed: false }
    }

    /// Whether it comes from another repository than the one it is for; unknown counts as such.
    pub fn is_from_fork(&self, repository: Option<&str>) -> bool {
        match (&self.from, repository) {
            (Some(from), Some(here)) => !from.eq_ignore_ascii_case(here),
            _ => true,
        }
    }
}

/// The pull request of this run; `None` where there is none.
pub fn of_run(origin: &Origin) -> Option<PullRequest> {
    let event = event(origin).unwrap_or_default();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    // `pull_request_target` runs on the base branch; only the event knows the request.
    let by_event = event.pointer("/pull_request/number").and_then(Value::as_u64);
    let number =
        by_event.or_else(|| origin.full_ref.as_deref()?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok())?;
    Some(PullRequest {
        number,
        branch: origin.head_ref.clone().or_else(|| text("/pull_request/head/ref")).unwrap_or_default(),
        head: text("/pull_request/head/sha"),
        from: text("/pull_request/head/repo/full_name"),
        closed: text("/action").as_deref() == Some("closed"),
    })
}

/// The commit that GitHub shows a run's work at. The run of a pull request has a merge of it that nobody sees, so there
/// it is the head, as the event says it; once that is merged, and everywhere else, it is the run's own.
pub fn shown_commit(origin: &Origin) -> Option<String> {
    let event = event(origin).unwrap_or_default();
    let is_merged = event.pointer("/pull_request/merged").and_then(Value::as_bool) == Some(true);
    let head = event.pointer("/pull_request/head/sha").and_then(Value::as_str);
    head.filter(|_| !is_merged).map(str::to_owned).or_else(|| origin.sha.clone())
}

fn event(origin: &Origin) -> Option<Value> {
    let path = origin.event_file.as_deref()?;
    serde_json::from_slice(&Places::anywhere().bytes(path, LARGEST_EVENT).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ref_alone_says_the_number() {
        let origin = |text: &str| Origin { full_ref: Some(text.to_owned()), ..Origin::default() };
        assert_eq!(of_run(&origin("refs/pull/7/merge")).map(|pull| pull.number), Some(7));
        for text in ["refs/heads/main", "refs/pull/x/merge", "refs/tags/pull/7"] {
            assert_eq!(of_run(&origin(text)), None, "{text}");
        }
    }

    #[test]
    fn where_it_comes_from_is_never_taken_for_granted() {
        let pull = |from: Option<&str>| PullRequest {
            number: 1,
            branch: String::new(),
            head: None,
            from: from.map(str::to_owned),
            closed: false,
        };
        assert!(!pull(Some("O/r")).is_from_fork(Some("o/R")));
        assert!(pull(Some("evil/r")).is_from_fork(Some("o/r")));
        assert!(pull(None).is_from_fork(Some("o/r")) && pull(Some("o/r")).is_from_fork(None));
    }
}
