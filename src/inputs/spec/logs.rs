//! The inputs of the logs command.

use super::super::engine::declare::{Group, Input, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway logs` and of the action in `actions/logs`.
pub const LOGS: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    const OWN = [
        ..deploy::PROJECT_ID(Group::Target, "the account's project", "Google Cloud project whose log is shown"),
        ..deploy::REGION(Group::Target, "us-central1", "Cloud Run region of `service` or `job`"),
        SERVICE = text(
            "service",
            Group::Target,
            "",
            "Cloud Run service whose entries in Cloud Logging are shown; this, `job` or `build`",
        ),
        KIND = text("kind", Group::Target, "service", "What `service` is: `service`, or `worker-pool`"),
        JOB = text("job", Group::Target, "", "Cloud Run job whose entries are shown"),
        BUILD = text(
            "build",
            Group::What,
            "",
            "Build of Cloud Build whose log is shown, and followed to the build's end: its id, or `latest` for the last one that a deploy of `service` made",
        ),
        BUILD_REGION = text("build_region", Group::What, "global", "Cloud Build location of `build`"),
        SINCE = text("since", Group::What, "1h", "How far back entries are looked for, such as 15m, 2h or 7d"),
        SEVERITY = text(
            "severity",
            Group::What,
            "",
            "The least severity that is shown: DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL, ALERT or EMERGENCY",
        ),
        REVISION = text("revision", Group::What, "", "Revision of `service` whose entries are shown alone"),
        EXECUTION = text("execution", Group::What, "", "Execution of `job` whose entries are shown alone"),
        TAIL = text("tail", Group::What, "100", "The last entries that are shown, at most so many (1 to 10000)"),
        FOLLOW = switch("follow", Group::What, "false", "Go on with entries as they come"),
        FOLLOW_FOR = text("follow_for", Group::What, "1h", "How long `follow` goes on"),
    ];
}
