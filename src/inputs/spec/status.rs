//! The inputs of the status command.

use super::{Group, Input, count, joined, sign_in, text};

/// Every input of `slipway status` and of the action in `actions/status`.
pub const STATUS: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that runs the service"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service to look at (required)"),
];
