//! GitHub: repositories, tokens, and what is kept for them.

mod commits;
mod deployments;
mod scene;

pub(crate) use commits::Compared;
pub use commits::{ChangedFile, GitHubCommit};
pub use deployments::{DeploymentStatus, GitHubDeployment};

use std::collections::{BTreeMap, BTreeSet};

/// GitHub as far as one host of it goes.
#[derive(Debug, Default)]
pub struct GitHub {
    /// Repositories by `owner/name` in lower case, for GitHub does not tell cases apart.
    pub repositories: BTreeMap<String, GitHubRepository>,
    /// Secrets of organisations by `ORGANISATION/NAME`, the former in lower case.
    pub organization_secrets: BTreeMap<String, OrganizationSecret>,
    /// Tokens by their text.
    pub tokens: BTreeMap<String, GitHubToken>,
    pub(crate) last_id: u64,
}

/// A token, and what it opens.
#[derive(Debug, Clone)]
pub struct GitHubToken {
    /// Who acts with it, such as `github-actions[bot]`.
    pub login: String,
    /// Repositories it belongs to, `owner/name` in lower case. It may read public ones besides.
    pub repositories: BTreeSet<String>,
    /// Permissions by GitHub's names, such as `pull_requests`.
    pub permissions: BTreeMap<String, Access>,
    /// Calls it may make in an hour.
    pub limit: u32,
    /// Calls it made in this hour.
    pub used: u32,
    /// When the hour ends, in seconds since 1970 by the world's clock; 0 before the first call.
    pub resets: i64,
}

/// How far a permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

/// A repository.
#[derive(Debug, Clone)]
pub struct GitHubRepository {
    /// `owner/name`, as its owner writes it.
    pub name: String,
    /// Its id.
    pub id: u64,
    /// Whether strangers must not know that it exists.
    pub private: bool,
    /// The default branch.
    pub default_branch: String,
    /// Branches and tags, with the commits they point to.
    pub refs: BTreeMap<String, String>,
    /// Commits by their hash.
    pub commits: BTreeMap<String, GitHubCommit>,
    /// Pull requests by number.
    pub pulls: BTreeMap<u64, PullRequest>,
    /// Numbers of issues that are no pull requests.
    pub issues: BTreeSet<u64>,
    /// Comments on issues and pull requests, oldest first.
    pub comments: Vec<IssueComment>,
    /// Deployments, oldest first.
    pub deployments: Vec<GitHubDeployment>,
    /// Commit statuses that are not green, by commit: names of their contexts.
    pub failing: BTreeMap<String, Vec<String>>,
    /// Secrets by name; those of an environment under `ENVIRONMENT/NAME`.
    pub secrets: BTreeMap<String, ActionsSecret>,
    /// Workflow runs by their id.
    pub runs: BTreeMap<u64, WorkflowRun>,
}

/// A workflow run, in its newest attempt.
#[derive(Debug, Clone)]
pub struct WorkflowRun {
    /// `queued`, `in_progress`, `completed`, …
    pub status: String,
    /// Which attempt it is.
    pub attempt: u32,
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// Whether it is closed, merged or not.
    pub closed: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// The branch it comes from.
    pub head_ref: String,
    /// Its newest commit.
    pub head_sha: String,
    /// The repository it comes from; none when that was deleted.
    pub head_repository: Option<String>,
    /// The branch it goes to.
    pub base_ref: String,
    /// Who opened it.
    pub author: String,
}

/// A comment on an issue or a pull request.
#[derive(Debug, Clone)]
pub struct IssueComment {
    /// Its id.
    pub id: u64,
    /// Number of the issue or pull request.
    pub number: u64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created: String,
    /// When it was last changed.
    pub updated: String,
}

/// A secret of Actions.
#[derive(Debug, Clone)]
pub struct ActionsSecret {
    /// The sealed value in base64.
    pub sealed: String,
    /// What a job would find in it; none where it cannot be opened with GitHub's key.
    pub opened: Option<String>,
    /// When it was first written.
    pub created: String,
    /// When it was last written.
    pub updated: String,
}

/// A secret of an organisation, and who may use it.
#[derive(Debug, Clone)]
pub struct OrganizationSecret {
    /// The secret.
    pub secret: ActionsSecret,
    /// `all`, `private` or `selected`.
    pub visibility: String,
    /// Ids of the repositories, where they are selected.
    pub repositories: Vec<u64>,
}

impl GitHub {
    /// A fresh id, greater than all before it.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        // The size real ids have: they do not fit into 32 bits for long.
        self.last_id = self.last_id.max(3_000_000_000) + 7;
        self.last_id
    }

    /// A repository, however its name's letters are written.
    pub(crate) fn find(&self, name: &str) -> Option<&GitHubRepository> {
        self.repositories.get(&name.to_lowercase())
    }
}

/// Whether an account is an app's.
pub(crate) fn is_bot(login: &str) -> bool {
    login.ends_with("[bot]")
}
