//! Whether a workflow run is over.

use serde::Deserialize;

use super::GitHub;
use super::ask::{GitHubCall, segment};
use super::error::GitHubError;

/// A run, as far as it is asked about.
#[derive(Debug, Deserialize)]
struct WorkflowRun {
    status: Option<String>,
    #[serde(default)]
    run_attempt: u32,
}

impl GitHub {
    /// Whether an attempt of a workflow run of this repository is over: it is completed, or a later attempt has begun,
    /// which begins only then (docs.github.com, "Get a workflow run").
    ///
    /// # Errors
    /// When there is no such run, or the token may not read it (`actions: read`).
    pub async fn is_run_over(&self, id: &str, attempt: u32) -> Result<bool, GitHubError> {
        let path = format!("/actions/runs/{}", segment(id));
        let run: WorkflowRun = self.ask(&GitHubCall::get(path, "actions: read", format!("read run `{id}`"))).await?;
        Ok(run.status.as_deref() == Some("completed") || run.run_attempt > attempt)
    }
}
