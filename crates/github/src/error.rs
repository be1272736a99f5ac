//! What went wrong with a request to GitHub: one sentence with GitHub's own words, and the cure.

use std::time::Duration;

use super::Server;
use slipway_failure::{Class, Explain};
use slipway_wire::net::NetError;
use slipway_wire::repeat::{Failed, is_open};

/// The permission of deployments, which not every server has.
pub(super) const DEPLOYMENTS: &str = "deployments: write";

/// What may go wrong; all of it is only worth a line.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The API's address is neither https nor on this machine.
    #[error("`{0}` is no address of a GitHub API")]
    Address(String),
    /// The token cannot stand in a header.
    #[error("the token for GitHub holds characters that no token has")]
    Token,
    /// Connections cannot be set up.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The client cannot be set up.
    #[error("the client for GitHub cannot be set up: {0}")]
    Client(String),
    /// GitHub said no.
    #[error("could not {doing}: GitHub answered {status} `{message}`")]
    Refused {
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// GitHub's own message, on one line.
        message: String,
        /// The permission the request needs, as a workflow writes it.
        permission: &'static str,
        /// Whose software refused.
        server: Server,
    },
    /// GitHub wants fewer requests for a while, and waiting was not enough or would take too long.
    #[error("could not {doing}: GitHub takes no more requests for {} s (`{message}`)", after.as_secs())]
    Limited {
        /// What was being done.
        doing: String,
        /// For how long.
        after: Duration,
        /// GitHub's own message, on one line.
        message: String,
    },
    /// The request certainly never arrived.
    #[error("could not {doing}: GitHub cannot be reached ({why})")]
    NotSent {
        /// What was being done.
        doing: String,
        /// The reason.
        why: String,
    },
    /// No whole answer came; whether the request had its effect is unknown.
    #[error("could not {doing}: GitHub gave no whole answer ({why})")]
    NoAnswer {
        /// What was being done.
        doing: String,
        /// The reason.
        why: String,
    },
    /// The answer made no sense.
    #[error("could not {doing}: GitHub's answer makes no sense ({why})")]
    Unreadable {
        /// What was being done.
        doing: String,
        /// The reason.
        why: String,
    },
}

impl GitHubError {
    /// The thing does not exist (or must not be seen).
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the server has no deployments at all, which no permission changes (go-gitea/gitea#30079).
    pub fn is_lacking(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 405 | 501, server: Server::Gitea, permission: DEPLOYMENTS, .. })
    }

    /// The token may not do this; not a limit.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { status: 403, .. })
    }

    /// Whether the request may have had its effect all the same.
    pub fn is_open(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Unreadable { .. } => true,
            Self::Refused { status, .. } => is_open(*status),
            _ => false,
        }
    }

    /// How it failed, as far as repeating it goes.
    pub(super) fn failed(&self) -> Failed {
        match self {
            Self::Limited { after, .. } => Failed::TurnedAway(Some(*after)),
            Self::NotSent { .. } => Failed::NotSent,
            error if error.is_open() => Failed::Open,
            _ => Failed::ForGood,
        }
    }
}

impl Explain for GitHubError {
    fn class(&self) -> Class {
        match self {
            Self::Address(_) | Self::Token | Self::Client(_) | Self::Net(_) => Class::Config,
            Self::Refused { status: 401, .. } => Class::Auth,
            Self::Refused { status: 403, .. } => Class::Permission,
            Self::Refused { status: 500.., .. } => Class::Infrastructure,
            Self::Refused { .. } => Class::Config,
            Self::Limited { .. } => Class::Quota,
            Self::NotSent { .. } | Self::NoAnswer { .. } | Self::Unreadable { .. } => Class::Infrastructure,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Token => vec!["Give `github_token` the value `${{ github.token }}`".into()],
            Self::Refused { status: 401, .. } => vec![
                "GitHub does not accept the token: a workflow's own is `${{ github.token }}` and ends with its job".into(),
            ],
            Self::Refused { status: 403, permission, .. } => vec![
                format!("Write `{permission}` below `permissions:` of the job; what is not written there is not allowed"),
                "In a run for a pull request from a fork the token may only read, whatever the workflow says".into(),
            ],
            _ if self.is_lacking() => {
                vec!["Gitea and Forgejo have no deployments API; where `environment` is only for that, leave it out".into()]
            }
            Self::Refused { status: 404, server: Server::Enterprise, permission: permission @ DEPLOYMENTS, .. } => {
                vec![format!(
                    "If this server has no deployments API, leave `environment` out; if it has, the token may not see it: write `{permission}` below `permissions:` of the job"
                )]
            }
            Self::Refused { status: 404 | 405 | 501, server: Server::Gitea, .. } => {
                vec!["Gitea and Forgejo do not have all of GitHub's API; if this part is there, the token may not see it".into()]
            }
            // What may not be seen is not there, says GitHub.
            Self::Refused { status: 404, permission, .. } => {
                vec![format!("If it is there, the token may not see it: write `{permission}` below `permissions:` of the job")]
            }
            Self::Limited { .. } => vec![
                "GitHub counts 1000 requests an hour for the tokens of a repository, and 80 writes a minute; spread the runs"
                    .into(),
            ],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_permission_to_write() {
        let error = GitHubError::Refused {
            doing: "write a comment".into(),
            status: 403,
            message: "Resource not accessible by integration".into(),
            permission: "pull-requests: write",
            server: Server::GitHub,
        };
        assert_eq!(
            error.to_string(),
            "could not write a comment: GitHub answered 403 `Resource not accessible by integration`"
        );
        assert!(error.hints()[0].starts_with("Write `pull-requests: write` below `permissions:`"));
        assert_eq!(error.class(), Class::Permission);
    }
}
