//! The inputs of the hosting commands.

use super::{Group, Input, lines, secret, sign_in, spelling, switch, text};

/// Every input of `slipway hosting` and of the action in `actions/hosting`.
pub const HOSTING: &[Input] = &[
    sign_in::KEY,
    sign_in::PROVIDER,
    sign_in::ACCOUNT,
    sign_in::AUDIENCE,
    sign_in::DELEGATES,
    text(
        Group::Target,
        "project_id",
        "the default of .firebaserc, else the account's",
        "Firebase project, by its id or its alias in .firebaserc",
    ),
    text(
        Group::Target,
        "channel",
        "a preview of the pull request",
        "`live`, or the name of a preview channel; outside a pull request it must be said",
    ),
    text(Group::Target, "target", "", "Deploy target of firebase.json; without it every site in it is deployed"),
    text(
        Group::Target,
        "site",
        "what firebase.json says, else the project's default site",
        "Hosting site; with several in firebase.json, the one that is deployed",
    ),
    text(
        Group::Target,
        "expires",
        "7d",
        "How long a preview channel lives from now: 1h to 30d. Each deploy begins it anew",
    ),
    text(
        Group::Target,
        "total_preview_channel_limit",
        "",
        "Preview channels of a site at most: above it, channels that have expired and those of closed pull requests are removed, the oldest first",
    ),
    secret(text(
        Group::Target,
        "github_token",
        "${{ github.token }}",
        "Token for one question to GitHub: whether the pull request of a preview channel is closed",
    )),
    text(
        Group::Target,
        "environment",
        "",
        "GitHub environment in which the deployment is recorded, with its address and how it ended (needs `deployments: write`)",
    ),
    text(Group::What, "entry_point", ".", "Directory of firebase.json, relative to the workspace"),
    text(
        Group::What,
        "public",
        "what firebase.json says",
        "Directory to serve, relative to `entry_point`; with it no firebase.json is needed",
    ),
    lines(
        Group::What,
        "allow_env_files",
        "",
        "Files whose name begins with `.env` and that are meant for everybody, one path a line, relative to the served directory; all others are never uploaded",
    ),
    text(
        Group::What,
        "message",
        "the commit and the run",
        "Message of the release, as the Firebase console shows it; 512 characters at most",
    ),
    text(
        Group::What,
        "cache_directory",
        "",
        "Directory for the hashes of unchanged files, relative to the workspace; it helps where files keep their times between runs",
    ),
    text(Group::Check, "health_path", "", "Path that must answer before the run is green, such as /"),
    text(
        Group::Check,
        "health_status",
        "2xx",
        "Statuses that count as healthy: numbers or classes, separated by commas",
    ),
    text(Group::Check, "health_body", "", "Text the answer must contain"),
    text(Group::Check, "health_timeout", "2m", "How long the checks are tried"),
    text(Group::Check, "health_successes", "1", "Rounds of all checks that must pass in a row"),
    lines(Group::Check, "checks", "", "More checks, one per line: `GET /docs 200`"),
    switch(Group::Run, "dry_run", "false", "Show what would be done, change nothing"),
    secret(text(
        Group::Run,
        "notify_webhook",
        "",
        "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
    )),
    secret(spelling("firebaseServiceAccount", "credentials_json")),
    spelling("projectId", "project_id"),
    spelling("channelId", "channel"),
    spelling("entryPoint", "entry_point"),
    secret(spelling("repoToken", "github_token")),
    spelling("totalPreviewChannelLimit", "total_preview_channel_limit"),
];

/// What going back and promoting have besides; the rollback and promote actions have them too.
pub const HOSTING_MORE: &[Input] = &[
    text(Group::What, "to_version", "the one that served before", "Version of the site to go back to"),
    text(Group::What, "from_channel", "", "Preview channel whose version everybody shall see"),
];

/// Inputs that say where and which, and not what is uploaded.
pub(super) const PLACES: &[&str] = &[
    "credentials_json",
    "workload_identity_provider",
    "service_account",
    "audience",
    "delegates",
    "project_id",
    "site",
    "channel",
    "message",
];
