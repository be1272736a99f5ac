//! The pull request a run is about, by what the runner and the event say.

use serde_json::Value;

use slipway_names::place::Places;
use slipway_runner::env::{Origin, Runner};

/// What to do about another repository's pull request.
pub const OF_FORKS: &str = "leave previews to pull requests of this repository; or write `allow_forks: approved` where a person approves each run, and knows that the code can use whatever the run can";

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
    /// Whether it is closed, merged or not, as the event says.
    pub closed: bool,
    /// Whether it was merged, as the event says.
    pub merged: bool,
    /// After a merge the commit that it became, as the event says.
    pub became: Option<String>,
}

/// Who says which pull request a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullRequestSource {
    /// The event, which is the pull request's own and says where it comes from.
    Event,
    /// Somebody who may start runs by hand, or a schedule that they wrote.
    ByHand,
    /// An input, or a ref, in a run that anybody may have caused.
    Anybody,
}

impl PullRequest {
    /// One of which nothing but the number is known.
    pub fn numbered(number: u64) -> Self {
        Self { number, branch: String::new(), head: None, from: None, closed: false, merged: false, became: None }
    }

    /// Whether the event itself is about it; a ref says a number and no more.
    pub fn is_by_event(&self) -> bool {
        self.head.is_some() || self.from.is_some()
    }

    /// Where it comes from, in words.
    pub fn from_words(&self) -> String {
        repository_words(self.from.as_deref())
    }

    /// Whether it comes from another repository than the one it is for; unknown counts as such.
    pub fn is_from_fork(&self, repository: Option<&str>) -> bool {
        match (&self.from, repository) {
            (Some(from), Some(here)) => !from.eq_ignore_ascii_case(here),
            _ => true,
        }
    }
}

/// A repository in words, which may have been deleted.
pub fn repository_words(name: Option<&str>) -> String {
    name.map_or_else(|| "a repository that is not there any more".to_owned(), |name| format!("`{name}`"))
}

/// The pull request of this run; `None` where there is none.
pub fn of_run(origin: &Origin) -> Option<PullRequest> {
    let event = event(origin).unwrap_or_default();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let is = |pointer: &str, word: &str| event.pointer(pointer).and_then(Value::as_str) == Some(word);
    // `pull_request_target` runs on the base branch; only the event knows the request.
    let by_event = event.pointer("/pull_request/number").and_then(Value::as_u64);
    let number =
        by_event.or_else(|| origin.full_ref.as_deref()?.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok())?;
    Some(PullRequest {
        number,
        branch: origin.head_ref.clone().or_else(|| text("/pull_request/head/ref")).unwrap_or_default(),
        head: text("/pull_request/head/sha"),
        from: text("/pull_request/head/repo/full_name"),
        closed: is("/action", "closed") || is("/pull_request/state", "closed"),
        merged: event.pointer("/pull_request/merged").and_then(Value::as_bool) == Some(true),
        became: text("/pull_request/merge_commit_sha"),
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

/// The head of the pull request that the run's own commit is a merge of.
pub fn head_of_merge(origin: &Origin) -> Option<String> {
    // On `pull_request_target` the run's own commit is the base's.
    let is_merge =
        origin.full_ref.as_deref().is_some_and(|name| name.starts_with("refs/pull/") && name.ends_with("/merge"));
    shown_commit(origin).filter(|head| is_merge && origin.sha.as_ref().is_some_and(|own| own != head))
}

/// Who gave the number of a pull request: the run's own event, where it is about it; else by the kind of the event.
/// Most kinds can be caused by people outside the repository: a comment, a review, a workflow that a fork has started
/// (docs.github.com, "Events that trigger workflows").
pub fn said(runner: &Runner, pull: &PullRequest) -> PullRequestSource {
    let own = of_run(&runner.origin).is_some_and(|own| own.number == pull.number && own.is_by_event());
    match runner.origin.event.as_deref() {
        _ if own => PullRequestSource::Event,
        Some("workflow_dispatch" | "schedule") => PullRequestSource::ByHand,
        // On a terminal there is no event, and a person.
        None if !runner.actions => PullRequestSource::ByHand,
        _ => PullRequestSource::Anybody,
    }
}

/// Of a run that the end of a workflow started (`workflow_run`): the repository of what that one ran on; none when that
/// was deleted meanwhile.
pub fn started_by(origin: &Origin) -> Option<Option<String>> {
    let event = event(origin)?;
    let started = event.get("workflow_run").filter(|started| started.is_object())?;
    Some(started.pointer("/head_repository/full_name").and_then(Value::as_str).map(str::to_owned))
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
            merged: false,
            became: None,
        };
        assert!(!pull(Some("O/r")).is_from_fork(Some("o/R")));
        assert!(pull(Some("evil/r")).is_from_fork(Some("o/r")));
        assert!(pull(None).is_from_fork(Some("o/r")) && pull(Some("o/r")).is_from_fork(None));
    }
}
