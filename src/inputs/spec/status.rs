//! The inputs of the status command.

use super::{Group, Input, sign_in, text};

/// Every input of `slipway status` and of the action in `actions/status`.
pub const STATUS: &[Input] = &[
    sign_in::KEY,
    sign_in::PROVIDER,
    sign_in::ACCOUNT,
    sign_in::AUDIENCE,
    sign_in::DELEGATES,
    sign_in::MACHINE,
    sign_in::QUOTA,
    sign_in::CA,
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that runs the service"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service to look at (required)"),
];
