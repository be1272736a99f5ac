//! The inputs of the rotate-key command.

use super::{Group, Input, count, joined, lines, secret, sign_in, switch, text};

/// Every input of `slipway rotate-key` and of the action in `actions/rotate-key`.
pub const ROTATE_KEY: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project whose permissions are asked for"),
    text(Group::Target, "account", "the account that signs in", "Service account that gets a new key"),
    secret(text(
        Group::Target,
        "github_token",
        "",
        "Token that may write the secret (required): a fine-grained personal access token or a GitHub App's, with `Secrets: Read and write`. The workflow's own token never may",
    )),
    text(
        Group::What,
        "secret",
        "",
        "GitHub Actions secret that holds the key (required); the one that `credentials_json` is read from",
    ),
    text(Group::What, "repository", "the run's", "Repository of the secret, owner/name"),
    text(Group::What, "environment", "", "Environment of the repository whose secret it is"),
    text(Group::What, "organization", "", "In place of a repository: the organisation whose secret it is"),
    lines(
        Group::What,
        "retire",
        "used",
        "Keys that are disabled once the new one is stored: `used` for the one this run signs in with, `all` for every other key of the account, or ids of keys",
    ),
    lines(
        Group::What,
        "keep_keys",
        "",
        "Ids of keys that other places use: never disabled, never deleted; one per line or separated by commas",
    ),
    text(
        Group::Run,
        "grace",
        "7d",
        "How long a disabled key is kept; it is deleted by the first run after that. Disabled keys can be enabled again, deleted ones are gone",
    ),
    switch(Group::Run, "dry_run", "false", "Show what would be done, change nothing"),
    secret(text(
        Group::Run,
        "notify_webhook",
        "",
        "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
    )),
];
