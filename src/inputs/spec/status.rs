//! The inputs of the status command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway status` and of the action in `actions/status`.
pub const STATUS: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    const OWN = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project that runs the service"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        SERVICE = text("service", InputGroup::Target, "", "Cloud Run service to look at (required)"),
    ];
}
