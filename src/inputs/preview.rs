//! What the inputs of the preview command mean: a release that nobody but its reviewers sees.

use super::pull_request::PullRequest;
use super::release::Release;

/// Everything a preview needs to know.
#[derive(Debug)]
pub struct Preview {
    /// The pull request.
    pub pull: PullRequest,
    /// Whether it is made or removed.
    pub mode: Mode,
    /// Whether each service gets a service of its own.
    pub own_services: bool,
    /// Whether the pull request is told.
    pub comment: bool,
    /// The manifest as it was given.
    pub manifest: String,
    /// Its parts: candidates and channels of this pull request alone.
    pub release: Release,
}

/// What is done with a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is made, or renewed.
    Deploy,
    /// It is removed.
    Cleanup,
}

impl Preview {
    /// What everything of this preview is called: its tag, its channel, its images, its GitHub environment.
    pub fn name(&self) -> String {
        name(self.pull.number)
    }
}

/// The name of a pull request's preview.
pub fn name(number: u64) -> String {
    format!("pr-{number}")
}
