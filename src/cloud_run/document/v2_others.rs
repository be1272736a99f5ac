//! What jobs and worker pools in Cloud Run's v2 form may hold: every field of the published description (`run.v2`,
//! GoogleCloudRunV2Job, GoogleCloudRunV2WorkerPool and everything below), which the tests hold them against.

use super::shape::FieldKind::{Duration, Flag, List, Number, Object, Text, Texts, Words, Written};
use super::shape::Fields;
use super::v2::{
    BINARY_AUTHORIZATION, CONTAINER, EXECUTION_ENVIRONMENT, FUNCTIONAL_TYPE, LAUNCH_STAGE, NODE_SELECTOR,
    REVOCATION_ACTION, SANDBOX_CONFIGURATION, SERVICE_MESH, VOLUME, VPC_ACCESS, WORKLOAD_IDENTITY_CONFIG,
};

/// A job.
pub(super) const JOB: Fields = &[
    ("annotations", Texts),
    ("binaryAuthorization", Object(BINARY_AUTHORIZATION)),
    ("client", Written),
    ("clientVersion", Written),
    ("conditions", Written),
    ("createTime", Written),
    ("creator", Written),
    ("deleteTime", Written),
    ("etag", Written),
    ("executionCount", Written),
    ("expireTime", Written),
    ("functionalType", FUNCTIONAL_TYPE),
    ("generation", Written),
    ("labels", Texts),
    ("lastModifier", Written),
    ("latestCreatedExecution", Written),
    ("launchStage", LAUNCH_STAGE),
    ("name", Text),
    ("observedGeneration", Written),
    ("reconciling", Written),
    // The two tokens start an execution with the write that brings them, and stay in the job: a manifest says what a job
    // is, and the inputs whether it runs.
    ("runExecutionToken", Written),
    ("satisfiesPzs", Written),
    ("startExecutionToken", Written),
    ("template", Object(EXECUTION_TEMPLATE)),
    ("terminalCondition", Written),
    ("uid", Written),
    ("updateTime", Written),
];

/// What its executions are made from.
pub(super) const EXECUTION_TEMPLATE: Fields = &[
    ("annotations", Texts),
    ("client", Written),
    ("clientVersion", Written),
    ("delayExecution", Flag),
    ("labels", Texts),
    ("parallelism", Number),
    ("taskCount", Number),
    ("template", Object(TASK_TEMPLATE)),
];

/// What their tasks are made from.
pub(super) const TASK_TEMPLATE: Fields = &[
    ("containers", List(&Object(CONTAINER))),
    ("encryptionKey", Text),
    ("executionEnvironment", EXECUTION_ENVIRONMENT),
    ("gpuZonalRedundancyDisabled", Flag),
    ("maxRetries", Number),
    ("nodeSelector", Object(NODE_SELECTOR)),
    ("sandboxes", Object(SANDBOX_CONFIGURATION)),
    ("serviceAccount", Text),
    ("timeout", Duration),
    ("volumes", List(&Object(VOLUME))),
    ("vpcAccess", Object(VPC_ACCESS)),
    ("workloadIdentityConfig", Object(WORKLOAD_IDENTITY_CONFIG)),
];

/// A worker pool.
pub(super) const WORKER_POOL: Fields = &[
    ("annotations", Texts),
    ("binaryAuthorization", Object(BINARY_AUTHORIZATION)),
    ("client", Written),
    ("clientVersion", Written),
    ("conditions", Written),
    ("createTime", Written),
    ("creator", Written),
    ("customAudiences", List(&Text)),
    ("deleteTime", Written),
    ("description", Text),
    ("etag", Written),
    ("expireTime", Written),
    ("generation", Written),
    ("instanceSplitStatuses", Written),
    ("instanceSplits", List(&Object(INSTANCE_SPLIT))),
    ("labels", Texts),
    ("lastModifier", Written),
    ("latestCreatedRevision", Written),
    ("latestReadyRevision", Written),
    ("launchStage", LAUNCH_STAGE),
    ("name", Text),
    ("observedGeneration", Written),
    ("reconciling", Written),
    ("satisfiesPzs", Written),
    ("scaling", Object(WORKER_POOL_SCALING)),
    ("template", Object(WORKER_POOL_TEMPLATE)),
    ("terminalCondition", Written),
    ("threatDetectionEnabled", Written),
    ("uid", Written),
    ("updateTime", Written),
];

const WORKER_POOL_SCALING: Fields = &[("manualInstanceCount", Number)];

const INSTANCE_SPLIT: Fields = &[
    ("percent", Number),
    ("revision", Text),
    (
        "type",
        Words(&[
            "INSTANCE_SPLIT_ALLOCATION_TYPE_UNSPECIFIED",
            "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST",
            "INSTANCE_SPLIT_ALLOCATION_TYPE_REVISION",
        ]),
    ),
];

/// What its revisions are made from.
pub(super) const WORKER_POOL_TEMPLATE: Fields = &[
    ("annotations", Texts),
    ("client", Written),
    ("clientVersion", Written),
    ("containers", List(&Object(CONTAINER))),
    ("encryptionKey", Text),
    ("encryptionKeyRevocationAction", REVOCATION_ACTION),
    ("encryptionKeyShutdownDuration", Duration),
    ("gpuZonalRedundancyDisabled", Flag),
    ("labels", Texts),
    ("nodeSelector", Object(NODE_SELECTOR)),
    ("revision", Text),
    ("sandboxes", Object(SANDBOX_CONFIGURATION)),
    ("serviceAccount", Text),
    ("serviceMesh", Object(SERVICE_MESH)),
    ("volumes", List(&Object(VOLUME))),
    ("vpcAccess", Object(VPC_ACCESS)),
];

#[cfg(test)]
mod tests {
    use super::super::described::compare;
    use super::*;

    /// Fields that may be written, and are this program's or the moment's to write.
    fn ours<'a>(of: &'a [&'a str]) -> Vec<&'a str> {
        [&["client", "clientVersion"], of].concat()
    }

    #[test]
    fn every_field_of_the_descriptions_is_in_the_tables() {
        let document = include_str!("../../../tests/schemas/run.v2.json");
        for (name, template, fields, more, count) in [
            ("Job", "ExecutionTemplate", JOB, &["etag", "runExecutionToken", "startExecutionToken"][..], 135),
            ("WorkerPool", "WorkerPoolRevisionTemplate", WORKER_POOL, &["etag"][..], 136),
        ] {
            let full = |of: &str, names: &[&str]| {
                names.iter().map(|name| format!("GoogleCloudRunV2{of}.{name}")).collect::<Vec<_>>()
            };
            let ours = [full(name, &ours(more)), full(template, &ours(&[]))].concat();
            let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
            let read = compare(document, &format!("GoogleCloudRunV2{name}"), fields, &ours);
            assert_eq!(read, count, "fields of a {name} that may be written");
        }
    }
}
