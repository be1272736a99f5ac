//! The inputs of the hosting commands.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined, spelling};
use super::sign_in;

/// Every input of `slipway hosting` and of the action in `actions/hosting`.
pub const HOSTING: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    also [recurring];

    const OWN = [
        PROJECT_ID = text(
            "project_id",
            InputGroup::Target,
            "the default of .firebaserc, else the account's",
            "Firebase project, by its id or its alias in .firebaserc",
        ),
        CHANNEL = text(
            "channel",
            InputGroup::Target,
            "a preview of the pull request",
            "`live`, or the name of a preview channel; outside a pull request it must be said",
        ),
        TARGET = text(
            "target",
            InputGroup::Target,
            "",
            "Deploy target of firebase.json; without it every site in it is deployed",
        ),
        SITE = text(
            "site",
            InputGroup::Target,
            "what firebase.json says, else the project's default site",
            "Hosting site; with several in firebase.json, the one that is deployed",
        ),
        EXPIRES = text(
            "expires",
            InputGroup::Target,
            "7d",
            "How long a preview channel lives from now: 1h to 30d. Each deploy begins it anew",
        ),
        PULL_REQUEST = text(
            "pull_request",
            InputGroup::Target,
            "the event's",
            "Number of the pull request that the preview is for, where the event does not say it",
        ),
        STATE = text(
            "state",
            InputGroup::Target,
            "present; absent when the pull request was closed",
            "`absent` removes the preview channel, by its name or by its pull request, and uploads nothing",
        ),
        AUTH_DOMAINS = switch(
            "auth_domains",
            InputGroup::Target,
            "false",
            "Put the preview's address among the authorised domains of Firebase Authentication, and take those of channels that are gone out (needs `roles/firebaseauth.admin`)",
        ),
        TOTAL_PREVIEW_CHANNEL_LIMIT = text(
            "total_preview_channel_limit",
            InputGroup::Target,
            "",
            "Preview channels of a site at most: above it, channels that have expired and those of closed pull requests are removed, the oldest first",
        ),
        GITHUB_TOKEN = text(
            "github_token",
            InputGroup::Target,
            "${{ github.token }}",
            "Token for questions to GitHub: whether the pull request of a preview channel is closed, and whose one is that an input names",
        ).secret(),
        ..recurring::ENVIRONMENT,
        ENTRY_POINT = text("entry_point", InputGroup::What, ".", "Directory of firebase.json, relative to the workspace"),
        FIREBASE_JSON = text(
            "firebase_json",
            InputGroup::What,
            "firebase.json",
            "The file itself, where it has another name or place, relative to `entry_point`; what it names lies beside it",
        ),
        VALUES = map(
            "values",
            InputGroup::What,
            "Texts that firebase.json names as `${values.NAME}`, such as the region of an environment",
        ),
        PUBLIC = text(
            "public",
            InputGroup::What,
            "what firebase.json says",
            "Directory to serve, relative to `entry_point`; with it no firebase.json is needed",
        ),
        ALLOW_ENV_FILES = lines(
            "allow_env_files",
            InputGroup::What,
            "",
            "Files whose name begins with `.env` and that are meant for everybody, one path a line, relative to the served directory; all others are never uploaded",
        ),
        MESSAGE = text(
            "message",
            InputGroup::What,
            "the commit and the run",
            "Message of the release, as the Firebase console shows it; 512 characters at most",
        ),
        CACHE_DIRECTORY = text(
            "cache_directory",
            InputGroup::What,
            "",
            "Directory for the hashes of the last run, relative to the workspace; files that are what they were are not compressed again",
        ),
        ..recurring::ALLOW_FORKS,
        ..deploy::HEALTH_PATH(InputGroup::Check, "", "Path that must answer before the run is green, such as /"),
        ..recurring::HEALTH_STATUS,
        ..recurring::HEALTH_BODY,
        ..recurring::HEALTH_TIMEOUT,
        ..recurring::HEALTH_SUCCESSES,
        ..recurring::CHECKS,
        KEEP_RELEASES = text(
            "keep_releases",
            InputGroup::Run,
            "what the site has, usually 10",
            "Releases that the channel keeps to go back to, 1 to 100; Hosting removes the files of older ones",
        ),
        ALLOW_EMPTY = switch(
            "allow_empty",
            InputGroup::Run,
            "false",
            "Release live although nothing would answer at `/`, where something does now",
        ),
        ALLOW_PRIVATE_REWRITES = switch(
            "allow_private_rewrites",
            InputGroup::Run,
            "false",
            "In a release: let a live site lead to a service of the same manifest that its visitors cannot reach",
        ),
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
        + spelling("firebaseServiceAccount", &super::sign_in::row::CREDENTIALS_JSON).secret(),
        + spelling("projectId", &row::PROJECT_ID),
        + spelling("channelId", &row::CHANNEL),
        + spelling("entryPoint", &row::ENTRY_POINT),
        + spelling("repoToken", &row::GITHUB_TOKEN).secret(),
        + spelling("totalPreviewChannelLimit", &row::TOTAL_PREVIEW_CHANNEL_LIMIT),
    ];

    /// What going back and promoting have besides; the rollback and promote actions have them too.
    pub const HOSTING_MORE = [
        TO_VERSION = text("to_version", InputGroup::What, "the one that served before", "Version of the site to go back to"),
        FROM_CHANNEL = text("from_channel", InputGroup::What, "", "Preview channel whose version everybody shall see"),
    ];
}

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
