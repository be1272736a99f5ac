//! The inputs of the rotate-key command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway rotate-key` and of the action in `actions/rotate-key`.
pub const ROTATE_KEY: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    const OWN = [
        ..deploy::PROJECT_ID(
            InputGroup::Target,
            "the account's project",
            "Google Cloud project whose permissions are asked for",
        ),
        ACCOUNT = text("account", InputGroup::Target, "the account that signs in", "Service account that gets a new key"),
        GITHUB_TOKEN = text(
            "github_token",
            InputGroup::Target,
            "",
            "Token that may write the secret (required): a fine-grained personal access token or a GitHub App's, with `Secrets: Read and write`. The workflow's own token never may",
        ).secret(),
        SECRET = text(
            "secret",
            InputGroup::What,
            "",
            "GitHub Actions secret that holds the key (required); the one that `credentials_json` is read from",
        ),
        REPOSITORY = text("repository", InputGroup::What, "the run's", "Repository of the secret, owner/name"),
        ENVIRONMENT = text("environment", InputGroup::What, "", "Environment of the repository whose secret it is"),
        ORGANIZATION = text(
            "organization",
            InputGroup::What,
            "",
            "In place of a repository: the organisation whose secret it is",
        ),
        RETIRE = lines(
            "retire",
            InputGroup::What,
            "used",
            "Keys that are disabled once the new one is stored: `used` for the one this run signs in with, `all` for every other key of the account, or ids of keys",
        ),
        KEEP_KEYS = lines(
            "keep_keys",
            InputGroup::What,
            "",
            "Ids of keys that other places use: never disabled, never deleted; one per line or separated by commas",
        ),
        GRACE = text(
            "grace",
            InputGroup::Run,
            "7d",
            "How long a disabled key is kept; it is deleted by the first run after that. Disabled keys can be enabled again, deleted ones are gone",
        ),
        DRY_RUN = switch("dry_run", InputGroup::Run, "false", "Show what would be done, change nothing"),
        ..recurring::NOTIFY_WEBHOOK(
            InputGroup::Run,
            "",
            "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
        ),
    ];
}
