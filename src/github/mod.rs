//! GitHub, through octocrab. What is asked here only makes the report richer: no answer, and any
//! refusal, leaves it as it is.

use serde::Deserialize;

use crate::model::secret::Secret;
use crate::net::{Net, NetError};

/// What may go wrong; all of it is only worth a line.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The API's address is neither https nor on this machine.
    #[error("`{0}` is no address of a GitHub API")]
    Address(String),
    /// Connections cannot be set up.
    #[error(transparent)]
    Net(#[from] NetError),
    /// GitHub said no, or nothing.
    #[error("GitHub does not answer: {0}")]
    Api(String),
}

/// A client for one repository.
#[derive(Debug)]
pub struct GitHub {
    octocrab: octocrab::Octocrab,
    repository: String,
}

/// How two commits lie to each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    /// `ahead`, `behind`, `diverged` or `identical`.
    pub status: String,
    /// Commits that are in the second and not in the first.
    pub ahead_by: u64,
    /// Commits that are in the first and not in the second.
    pub behind_by: u64,
}

impl GitHub {
    /// A client for `repository` (`owner/name`) at the API's address.
    ///
    /// # Errors
    /// When the address is not one, or connections cannot be set up.
    pub fn new(net: &Net, api_url: &str, repository: &str, token: &Secret) -> Result<Self, GitHubError> {
        let address = url::Url::parse(api_url).map_err(|_| GitHubError::Address(api_url.to_owned()))?;
        if address.scheme() != "https" && !crate::model::key::is_loopback(&address) {
            return Err(GitHubError::Address(api_url.to_owned()));
        }
        let octocrab = octocrab::Octocrab::builder()
            .base_uri(api_url.trim_end_matches('/'))
            .map_err(|_| GitHubError::Address(api_url.to_owned()))?
            .personal_token(token.expose())
            .build_with_reqwest(net.http_client()?)
            .map_err(|error| GitHubError::Api(reason(&error)))?;
        Ok(Self { octocrab, repository: repository.to_owned() })
    }

    /// How commit `head` lies to commit `base`.
    ///
    /// # Errors
    /// When GitHub does not know one of them, or the token may not read.
    pub async fn compare(&self, base: &str, head: &str) -> Result<Comparison, GitHubError> {
        let route = format!("/repos/{}/compare/{base}...{head}", self.repository);
        // The typed model holds every commit and file; three fields are needed, so one commit a page.
        self.octocrab.get(route, Some(&[("per_page", "1")])).await.map_err(|error| GitHubError::Api(reason(&error)))
    }
}

/// A pull request, as far as it is asked for.
#[derive(Debug, Deserialize)]
struct PullRequest {
    state: String,
}

impl GitHub {
    /// Whether a pull request is closed, merged or not.
    ///
    /// # Errors
    /// When GitHub does not know it, or the token may not read it.
    pub async fn is_closed(&self, number: u64) -> Result<bool, GitHubError> {
        let route = format!("/repos/{}/pulls/{number}", self.repository);
        let found: Result<PullRequest, _> = self.octocrab.get(route, None::<&()>).await;
        found.map(|found| found.state == "closed").map_err(|error| GitHubError::Api(reason(&error)))
    }
}

/// GitHub's own sentence, or the last cause of what kept it from speaking.
fn reason(error: &octocrab::Error) -> String {
    if let octocrab::Error::GitHub { source, .. } = error {
        return format!("{} {}", source.status_code, source.message);
    }
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = cause.to_string();
        next = cause.source();
    }
    text
}
