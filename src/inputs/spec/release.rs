//! The inputs of the release command.

use super::{Group, Input, count, joined, recurring, secret, sign_in, text};

/// Every input of `slipway release` and of the action in `actions/release`.
pub const RELEASE: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(
        Group::Target,
        "environment",
        "",
        "Environment of the manifest: its settings are laid over those of the parts (required when the manifest has any)",
    ),
    secret(text(
        Group::Target,
        "github_token",
        "${{ github.token }}",
        "Token for questions to GitHub: which commits lie between what served and what serves now",
    )),
    recurring::MANIFEST,
    recurring::VALUES,
    recurring::FORKS,
    recurring::DRY_RUN,
    recurring::NOTIFY,
];
