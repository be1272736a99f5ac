//! GitHub's client against the embedded GitHub: what is done once stays done once, whatever answers are lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod comments;
mod commits;
mod deployments;
mod limits;
mod support;
