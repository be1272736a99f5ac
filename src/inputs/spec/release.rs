//! The inputs of the release command.

use super::{Group, Input, recurring, secret, sign_in, text};

/// Every input of `slipway release` and of the action in `actions/release`.
pub const RELEASE: &[Input] = &[
    sign_in::KEY,
    sign_in::PROVIDER,
    sign_in::ACCOUNT,
    sign_in::AUDIENCE,
    sign_in::DELEGATES,
    sign_in::MACHINE,
    sign_in::QUOTA,
    sign_in::CA,
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
