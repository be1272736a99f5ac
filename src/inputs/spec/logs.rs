//! The inputs of the logs command.

use super::{Group, Input, count, joined, sign_in, switch, text};

/// Every input of `slipway logs` and of the action in `actions/logs`.
pub const LOGS: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project whose log is shown"),
    text(Group::Target, "region", "us-central1", "Cloud Run region of `service` or `job`"),
    text(
        Group::Target,
        "service",
        "",
        "Cloud Run service whose entries in Cloud Logging are shown; this, `job` or `build`",
    ),
    text(Group::Target, "kind", "service", "What `service` is: `service`, or `worker-pool`"),
    text(Group::Target, "job", "", "Cloud Run job whose entries are shown"),
    text(
        Group::What,
        "build",
        "",
        "Build of Cloud Build whose log is shown, and followed to the build's end: its id, or `latest` for the last one that a deploy of `service` made",
    ),
    text(Group::What, "build_region", "global", "Cloud Build location of `build`"),
    text(Group::What, "since", "1h", "How far back entries are looked for, such as 15m, 2h or 7d"),
    text(
        Group::What,
        "severity",
        "",
        "The least severity that is shown: DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL, ALERT or EMERGENCY",
    ),
    text(Group::What, "revision", "", "Revision of `service` whose entries are shown alone"),
    text(Group::What, "execution", "", "Execution of `job` whose entries are shown alone"),
    text(Group::What, "tail", "100", "The last entries that are shown, at most so many (1 to 10000)"),
    switch(Group::What, "follow", "false", "Go on with entries as they come"),
    text(Group::What, "follow_for", "1h", "How long `follow` goes on"),
];
