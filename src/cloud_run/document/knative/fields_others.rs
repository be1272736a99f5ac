//! What jobs and worker pools in Knative's form may hold: every field that `run.v1` and gcloud 528 have (Job, WorkerPool and
//! everything below, `run_v1_messages.py`).

use super::super::shape::FieldKind::{Flag, List, Number, Object, Refused, Text, Texts, Written};
use super::super::shape::Fields;
use super::fields::{CONTAINER, METADATA, SANDBOXES, VOLUME};

const NO_REQUESTS: &str = "a worker pool gets no requests";

/// A job.
pub(crate) const JOB: Fields = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Object(METADATA)),
    ("spec", Object(JOB_SPEC)),
    ("status", Written),
];

const JOB_SPEC: Fields = &[
    // They start an execution with the write that brings them: the inputs say whether the job runs.
    ("runExecutionToken", Written),
    ("startExecutionToken", Written),
    ("template", Object(EXECUTION_TEMPLATE)),
];

const EXECUTION_TEMPLATE: Fields = &[("metadata", Object(METADATA)), ("spec", Object(EXECUTION))];

const EXECUTION: Fields = &[("parallelism", Number), ("taskCount", Number), ("template", Object(TASK_TEMPLATE))];

const TASK_TEMPLATE: Fields = &[("spec", Object(TASK))];

const TASK: Fields = &[
    ("containers", List(&Object(CONTAINER))),
    ("maxRetries", Number),
    ("nodeSelector", Texts),
    ("serviceAccountName", Text),
    ("timeoutSeconds", Number),
    ("volumes", List(&Object(VOLUME))),
];

/// A worker pool.
pub(crate) const WORKER_POOL: Fields = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Object(METADATA)),
    ("spec", Object(POOL_SPEC)),
    ("status", Written),
];

const POOL_SPEC: Fields = &[("instanceSplits", List(&Object(SPLIT))), ("template", Object(TEMPLATE))];

const SPLIT: Fields = &[("latestRevision", Flag), ("percent", Number), ("revisionName", Text)];

const TEMPLATE: Fields = &[("metadata", Object(METADATA)), ("spec", Object(REVISION))];

const REVISION: Fields = &[
    ("containerConcurrency", Refused(NO_REQUESTS)),
    ("containers", List(&Object(CONTAINER))),
    ("enableServiceLinks", Refused("Cloud Run has no such thing")),
    ("imagePullSecrets", Refused("Cloud Run has no such thing")),
    ("nodeSelector", Texts),
    ("runtimeClassName", Text),
    ("sandboxes", Object(SANDBOXES)),
    ("serviceAccountName", Text),
    ("timeoutSeconds", Refused(NO_REQUESTS)),
    ("volumes", List(&Object(VOLUME))),
];
