//! GitHub, through octocrab: a client for one repository. What is asked and told here makes the report
//! richer; no answer, and any refusal, is worth a line and stops nothing.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::string_slice, reason = "what answers hold may be anything")
)]

mod ask;
pub mod comments;
pub mod commits;
pub mod deployments;
mod error;
mod limit;
mod pulls;
mod runs;
pub mod secrets;

pub use commits::Comparison;
pub use error::GitHubError;
pub use pulls::Pull;

use std::sync::Mutex;
use std::time::Duration;

use octocrab::service::middleware::retry::RetryConfig;

use slipway_names::address::is_loopback;
use slipway_names::secret::Secret;
use slipway_wire::clock::Clock;
use slipway_wire::net::Net;

/// A client for one repository.
#[derive(Debug)]
pub struct GitHub {
    octocrab: octocrab::Octocrab,
    clock: Clock,
    repository: String,
    server: Server,
    /// Whether the token is an app's, as the workflow's own is.
    of_app: bool,
    /// How long was waited for GitHub so far, in all requests.
    waited: Mutex<Duration>,
}

impl GitHub {
    /// A client for `repository` (`owner/name`) at the API's address, which may have a path, as GitHub
    /// Enterprise Server's has.
    ///
    /// # Errors
    /// When the address is not one, the token cannot be sent, or connections cannot be set up.
    pub fn new(net: &Net, clock: Clock, api_url: &str, repository: &str, token: &Secret) -> Result<Self, GitHubError> {
        let address = url::Url::parse(api_url).map_err(|_| GitHubError::Address(api_url.to_owned()))?;
        if address.scheme() != "https" && !is_loopback(&address) {
            return Err(GitHubError::Address(api_url.to_owned()));
        }
        // octocrab panics over a token that is no text for a header.
        if http::HeaderValue::from_str(token.expose()).is_err() {
            return Err(GitHubError::Token);
        }
        let octocrab = octocrab::Octocrab::builder()
            .base_uri(api_url.trim_end_matches('/'))
            .map_err(|_| GitHubError::Address(api_url.to_owned()))?
            .personal_token(token.expose())
            // octocrab would repeat any request, creations too.
            .add_retry_config(RetryConfig::None)
            .build_with_reqwest(net.clients()?.to(&address).clone())
            .map_err(|error| GitHubError::Client(error.to_string()))?;
        let of_app = token.expose().starts_with("ghs_");
        let server = Server::at(&address);
        Ok(Self { octocrab, clock, repository: repository.to_owned(), server, of_app, waited: Mutex::default() })
    }
}

/// Whose software answers, by the path of its API: what one lacks, the other may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// github.com, or a tenant of `ghe.com`.
    GitHub,
    /// GitHub Enterprise Server.
    Enterprise,
    /// Gitea, Forgejo, and what else has taken their paths.
    Gitea,
}

impl Server {
    fn at(address: &url::Url) -> Self {
        match address.path().trim_end_matches('/') {
            path if path.ends_with("/api/v3") => Self::Enterprise,
            path if path.ends_with("/api/v1") => Self::Gitea,
            _ => Self::GitHub,
        }
    }
}
