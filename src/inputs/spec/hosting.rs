//! The inputs of the hosting commands.

use super::{Group, Input, count, joined, lines, map, recurring, secret, sign_in, spelling, switch, text};

/// Every input of `slipway hosting` and of the action in `actions/hosting`.
pub const HOSTING: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
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
        "pull_request",
        "the event's",
        "Number of the pull request that the preview is for, where the event does not say it",
    ),
    text(
        Group::Target,
        "state",
        "present; absent when the pull request was closed",
        "`absent` removes the preview channel, by its name or by its pull request, and uploads nothing",
    ),
    switch(
        Group::Target,
        "auth_domains",
        "false",
        "Put the preview's address among the authorised domains of Firebase Authentication, and take those of channels that are gone out (needs `roles/firebaseauth.admin`)",
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
        "Token for questions to GitHub: whether the pull request of a preview channel is closed, and whose one is that an input names",
    )),
    recurring::ENVIRONMENT,
    text(Group::What, "entry_point", ".", "Directory of firebase.json, relative to the workspace"),
    text(
        Group::What,
        "firebase_json",
        "firebase.json",
        "The file itself, where it has another name or place, relative to `entry_point`; what it names lies beside it",
    ),
    map(
        Group::What,
        "values",
        "Texts that firebase.json names as `${values.NAME}`, such as the region of an environment",
    ),
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
        "Directory for the hashes of the last run, relative to the workspace; files that are what they were are not compressed again",
    ),
    recurring::FORKS,
    text(Group::Check, "health_path", "", "Path that must answer before the run is green, such as /"),
    recurring::HEALTH_STATUS,
    recurring::HEALTH_BODY,
    recurring::HEALTH_TIMEOUT,
    recurring::HEALTH_SUCCESSES,
    recurring::CHECKS,
    text(
        Group::Run,
        "keep_releases",
        "what the site has, usually 10",
        "Releases that the channel keeps to go back to, 1 to 100; Hosting removes the files of older ones",
    ),
    switch(
        Group::Run,
        "allow_empty",
        "false",
        "Release live although nothing would answer at `/`, where something does now",
    ),
    switch(
        Group::Run,
        "allow_private_rewrites",
        "false",
        "In a release: let a live site lead to a service of the same manifest that its visitors cannot reach",
    ),
    recurring::DRY_RUN,
    recurring::NOTIFY,
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
