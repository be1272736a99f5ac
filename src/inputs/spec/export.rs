//! The inputs of the export command.

use super::{Group, Input, count, joined, sign_in, text};

/// Every input of `slipway export` and of the action in `actions/export`.
pub const EXPORT: &[Input] = &joined::<{ count(TABLES) }>(TABLES);

const TABLES: &[&[Input]] = &[sign_in::WAYS, OWN];

const OWN: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that runs it"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "service", "", "Cloud Run service, or worker pool, that is written; this or `job`"),
    text(Group::Target, "kind", "service", "`service` or `worker-pool`: which of them `service` names"),
    text(Group::Target, "job", "", "Cloud Run job that is written; this or `service`"),
    text(
        Group::What,
        "format",
        "v2",
        "`v2`, in which everything can be said, or `knative`, as gcloud writes it and takes it",
    ),
    text(
        Group::What,
        "to",
        "standard output",
        "File that is written, in the workspace; on the runner it must be given, because plain values of variables stand in it and a log has more readers",
    ),
];
