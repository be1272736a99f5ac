//! Pull requests: whether they are over, and where they come from.

use serde::Deserialize;

use super::GitHub;
use super::ask::GitHubCall;
use super::error::GitHubError;

const PERMISSION: &str = "pull-requests: read";

/// A pull request, as far as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Whether it is closed, merged or not.
    pub closed: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// The branch it comes from.
    pub head_ref: String,
    /// Its newest commit.
    pub head_sha: String,
    /// The repository it comes from, `owner/name`; none when that was deleted.
    pub head_repository: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PullState {
    state: String,
}

#[derive(Debug, Deserialize)]
struct PullAnswer {
    state: String,
    merged: bool,
    head: BranchEnd,
}

#[derive(Debug, Deserialize)]
struct BranchEnd {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<HeadPlace>,
}

#[derive(Debug, Deserialize)]
struct HeadPlace {
    full_name: String,
}

impl GitHub {
    /// A pull request.
    ///
    /// # Errors
    /// When GitHub does not know it, or the token may not read it.
    pub async fn pull(&self, number: u64) -> Result<Pull, GitHubError> {
        let answer: PullAnswer = self.ask(&read(number)).await?;
        Ok(Pull {
            number,
            closed: answer.state == "closed",
            merged: answer.merged,
            head_ref: answer.head.name,
            head_sha: answer.head.sha,
            head_repository: answer.head.repo.map(|place| place.full_name),
        })
    }

    /// Whether a pull request is closed, merged or not.
    ///
    /// # Errors
    /// When GitHub does not know it, or the token may not read it.
    pub async fn is_closed(&self, number: u64) -> Result<bool, GitHubError> {
        let answer: PullState = self.ask(&read(number)).await?;
        Ok(answer.state == "closed")
    }
}

fn read(number: u64) -> GitHubCall {
    GitHubCall::get(format!("/pulls/{number}"), PERMISSION, format!("read pull request #{number}"))
}
