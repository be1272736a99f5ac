//! The inputs of the export command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined};
use super::sign_in;

/// Every input of `slipway export` and of the action in `actions/export`.
pub const EXPORT: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

inputs! {
    const OWN = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project that runs it"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        SERVICE = text(
            "service",
            InputGroup::Target,
            "",
            "Cloud Run service, or worker pool, that is written; this or `job`",
        ),
        KIND = text("kind", InputGroup::Target, "service", "`service` or `worker-pool`: which of them `service` names"),
        JOB = text("job", InputGroup::Target, "", "Cloud Run job that is written; this or `service`"),
        FORMAT = text(
            "format",
            InputGroup::What,
            "v2",
            "`v2`, in which everything can be said, or `knative`, as gcloud writes it and takes it",
        ),
        TO = text(
            "to",
            InputGroup::What,
            "standard output",
            "File that is written, in the workspace; on the runner it must be given, because plain values of variables stand in it and a log has more readers",
        ),
    ];
}
