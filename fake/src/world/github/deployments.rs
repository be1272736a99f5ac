//! Deployments and their statuses, and which of them a success ends.

use super::GitHubRepository;
use serde_json::Value;

/// A deployment.
#[derive(Debug, Clone)]
pub struct GitHubDeployment {
    /// Its id.
    pub id: u64,
    /// The commit.
    pub sha: String,
    /// What was asked for: a branch, a tag or a commit.
    pub reference: String,
    /// What is done, usually `deploy`.
    pub task: String,
    /// The environment it is shown under.
    pub environment: String,
    /// The environment it was created for.
    pub original_environment: String,
    /// What was said about it.
    pub description: Option<String>,
    /// Whether its environment will go.
    pub transient: bool,
    /// Whether users meet its environment.
    pub production: bool,
    /// Whatever the caller gave.
    pub payload: Value,
    /// Who created it.
    pub creator: String,
    /// When it was created.
    pub created: String,
    /// When it was last changed.
    pub updated: String,
    /// Its statuses, oldest first.
    pub statuses: Vec<DeploymentStatus>,
}

/// A status of a deployment.
#[derive(Debug, Clone)]
pub struct DeploymentStatus {
    /// Its id.
    pub id: u64,
    /// Such as `in_progress`.
    pub state: String,
    /// What was said about it.
    pub description: String,
    /// Where the environment is.
    pub environment_url: String,
    /// Where the log is.
    pub log_url: String,
    /// Who wrote it.
    pub creator: String,
    /// When.
    pub created: String,
}

impl GitHubDeployment {
    /// The state it is in; none before its first status.
    pub fn state(&self) -> Option<&str> {
        self.statuses.last().map(|status| status.state.as_str())
    }
}

impl GitHubRepository {
    /// The earlier deployments that a success of this one makes inactive: of the same environment,
    /// neither transient nor production, and successful themselves.
    pub(crate) fn superseded_by(&self, id: u64) -> Vec<u64> {
        let Some(newest) = self.deployments.iter().find(|known| known.id == id) else { return Vec::new() };
        let ended = self.deployments.iter().filter(|known| {
            known.id < id
                && known.environment == newest.environment
                && !known.transient
                && !known.production
                && known.state() == Some("success")
        });
        ended.map(|known| known.id).collect()
    }
}
