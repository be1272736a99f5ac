//! The inputs of the preview command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway preview` and of the action in `actions/preview`.
pub const PREVIEW: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [release, recurring];

    const OWN = [
        ..release::ENVIRONMENT(InputGroup::Target, "", "Environment of the manifest that previews are made from"),
        ..release::GITHUB_TOKEN(
            InputGroup::Target,
            "${{ github.token }}",
            "Token for questions about the pull request, the comment and the deployment (`pull-requests: write`, `deployments: write`)",
        ),
        ..release::MANIFEST,
        ..recurring::VALUES,
        ..recurring::ALLOW_FORKS,
        MODE = text(
            "mode",
            InputGroup::Run,
            "cleanup when the pull request was closed, else deploy",
            "`deploy` makes or renews the preview, `cleanup` removes it",
        ),
        PULL_REQUEST = text(
            "pull_request",
            InputGroup::Run,
            "the event's",
            "Number of the pull request; where the event is not about it, GitHub is asked whose it is",
        ),
        PREVIEW_SERVICE = switch(
            "preview_service",
            InputGroup::Run,
            "true",
            "Each service of the preview is a service of its own, `NAME-pr-N`, scaled to zero; `false`: a candidate with a tag on the service that is there",
        ),
        EXPIRES = text("expires", InputGroup::Run, "7d", "How long the preview of a site lives from now: 1h to 30d"),
        COMMENT = switch(
            "comment",
            InputGroup::Run,
            "true",
            "Tell the addresses in one comment on the pull request, kept up to date",
        ),
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
