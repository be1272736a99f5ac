//! The inputs of the logs command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway logs` and of the action in `actions/logs`.
pub const LOGS: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    const OWN = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project whose log is shown"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region of `service` or `job`"),
        SERVICE = text(
            "service",
            InputGroup::Target,
            "",
            "Cloud Run service whose entries in Cloud Logging are shown; this, `job` or `build`",
        ),
        KIND = text("kind", InputGroup::Target, "service", "What `service` is: `service`, or `worker-pool`"),
        JOB = text("job", InputGroup::Target, "", "Cloud Run job whose entries are shown"),
        BUILD = text(
            "build",
            InputGroup::What,
            "",
            "Build of Cloud Build whose log is shown, and followed to the build's end: its id, or `latest` for the last one that a deploy of `service` made",
        ),
        BUILD_REGION = text("build_region", InputGroup::What, "global", "Cloud Build location of `build`"),
        SINCE = text("since", InputGroup::What, "1h", "How far back entries are looked for, such as 15m, 2h or 7d"),
        SEVERITY = text(
            "severity",
            InputGroup::What,
            "",
            "The least severity that is shown: DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL, ALERT or EMERGENCY",
        ),
        REVISION = text("revision", InputGroup::What, "", "Revision of `service` whose entries are shown alone"),
        EXECUTION = text("execution", InputGroup::What, "", "Execution of `job` whose entries are shown alone"),
        TAIL = text("tail", InputGroup::What, "100", "The last entries that are shown, at most so many (1 to 10000)"),
        FOLLOW = switch("follow", InputGroup::What, "false", "Go on with entries as they come"),
        FOLLOW_FOR = text("follow_for", InputGroup::What, "1h", "How long `follow` goes on"),
    ];
}
