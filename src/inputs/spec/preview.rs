//! The inputs of the preview command.

use super::{Group, Input, count, joined, recurring, secret, sign_in, switch, text};

/// Every input of `slipway preview` and of the action in `actions/preview`.
pub const PREVIEW: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "environment", "", "Environment of the manifest that previews are made from"),
    secret(text(
        Group::Target,
        "github_token",
        "${{ github.token }}",
        "Token for questions about the pull request, the comment and the deployment (`pull-requests: write`, `deployments: write`)",
    )),
    recurring::MANIFEST,
    recurring::VALUES,
    recurring::FORKS,
    text(
        Group::Run,
        "mode",
        "cleanup when the pull request was closed, else deploy",
        "`deploy` makes or renews the preview, `cleanup` removes it",
    ),
    text(
        Group::Run,
        "pull_request",
        "the event's",
        "Number of the pull request; where the event is not about it, GitHub is asked whose it is",
    ),
    switch(
        Group::Run,
        "preview_service",
        "true",
        "Each service of the preview is a service of its own, `NAME-pr-N`, scaled to zero; `false`: a candidate with a tag on the service that is there",
    ),
    text(Group::Run, "expires", "7d", "How long the preview of a site lives from now: 1h to 30d"),
    switch(Group::Run, "comment", "true", "Tell the addresses in one comment on the pull request, kept up to date"),
    recurring::DRY_RUN,
    recurring::NOTIFY,
];
