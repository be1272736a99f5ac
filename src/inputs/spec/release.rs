//! The inputs of the release command.

use super::{Group, Input, map, secret, sign_in, switch, text};

/// Every input of `slipway release` and of the action in `actions/release`.
pub const RELEASE: &[Input] = &[
    sign_in::KEY,
    sign_in::PROVIDER,
    sign_in::ACCOUNT,
    sign_in::AUDIENCE,
    sign_in::DELEGATES,
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
    text(Group::What, "manifest", "slipway.yml", "File with the parts, relative to the workspace"),
    map(Group::What, "values", "Texts that the manifest names as `${values.NAME}`, such as secrets"),
    switch(Group::Run, "dry_run", "false", "Show what would be done, change nothing"),
    secret(text(
        Group::Run,
        "notify_webhook",
        "",
        "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
    )),
];
