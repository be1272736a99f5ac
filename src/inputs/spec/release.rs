//! The inputs of the release command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway release` and of the action in `actions/release`.
pub const RELEASE: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [recurring];

    const OWN = [
        ENVIRONMENT = text(
            "environment",
            InputGroup::Target,
            "",
            "Environment of the manifest: its settings are laid over those of the parts (required when the manifest has any)",
        ),
        GITHUB_TOKEN = text(
            "github_token",
            InputGroup::Target,
            "${{ github.token }}",
            "Token for questions to GitHub: which commits lie between what served and what serves now",
        ).secret(),
        MANIFEST = text("manifest", InputGroup::What, "slipway.yml", "File with the parts, relative to the workspace"),
        ..recurring::VALUES,
        ..recurring::ALLOW_FORKS,
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
