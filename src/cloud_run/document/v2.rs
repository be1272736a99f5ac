//! What a service in Cloud Run's v2 form may hold: every field of the published description (`run.v2`,
//! GoogleCloudRunV2Service and everything below), which the test holds it against.

use super::shape::FieldKind::{Duration, Flag, Fraction, List, Mode, Number, Object, Text, Texts, Words, Written};
use super::shape::{FieldKind, Fields};

/// A service.
pub(super) const SERVICE: Fields = &[
    ("annotations", Texts),
    ("binaryAuthorization", Object(BINARY_AUTHORIZATION)),
    ("buildConfig", Object(BUILD_CONFIG)),
    ("client", Written),
    ("clientVersion", Written),
    ("conditions", Written),
    ("createTime", Written),
    ("creator", Written),
    ("customAudiences", List(&Text)),
    ("defaultUriDisabled", Flag),
    ("deleteTime", Written),
    ("description", Text),
    ("etag", Written),
    ("expireTime", Written),
    ("functionalType", FUNCTIONAL_TYPE),
    ("generation", Written),
    ("iapEnabled", Flag),
    (
        "ingress",
        Words(&[
            "INGRESS_TRAFFIC_UNSPECIFIED",
            "INGRESS_TRAFFIC_ALL",
            "INGRESS_TRAFFIC_INTERNAL_ONLY",
            "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            "INGRESS_TRAFFIC_NONE",
        ]),
    ),
    ("invokerIamDisabled", Flag),
    ("labels", Texts),
    ("lastModifier", Written),
    ("latestCreatedRevision", Written),
    ("latestReadyRevision", Written),
    ("launchStage", LAUNCH_STAGE),
    ("multiRegionSettings", Object(MULTI_REGION_SETTINGS)),
    ("name", Text),
    ("observedGeneration", Written),
    ("reconciling", Written),
    ("satisfiesPzs", Written),
    ("scaling", Object(SERVICE_SCALING)),
    ("sshEnabled", Flag),
    ("template", Object(REVISION_TEMPLATE)),
    ("terminalCondition", Written),
    ("threatDetectionEnabled", Written),
    ("traffic", List(&Object(TRAFFIC_TARGET))),
    ("trafficStatuses", Written),
    ("uid", Written),
    ("updateTime", Written),
    ("uri", Written),
    ("urls", Written),
];

pub(super) const FUNCTIONAL_TYPE: FieldKind =
    Words(&["FUNCTIONAL_TYPE_UNSPECIFIED", "FUNCTIONAL_TYPE_AGENT", "FUNCTIONAL_TYPE_MCP_SERVER"]);

pub(super) const LAUNCH_STAGE: FieldKind = Words(&[
    "LAUNCH_STAGE_UNSPECIFIED",
    "UNIMPLEMENTED",
    "PRELAUNCH",
    "EARLY_ACCESS",
    "ALPHA",
    "BETA",
    "GA",
    "DEPRECATED",
]);

pub(super) const REVOCATION_ACTION: FieldKind =
    Words(&["ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED", "PREVENT_NEW", "SHUTDOWN"]);

pub(super) const EXECUTION_ENVIRONMENT: FieldKind =
    Words(&["EXECUTION_ENVIRONMENT_UNSPECIFIED", "EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2"]);

pub(super) const BINARY_AUTHORIZATION: Fields =
    &[("breakglassJustification", Text), ("policy", Text), ("useDefault", Flag)];

const BUILD_CONFIG: Fields = &[
    ("baseImage", Text),
    ("enableAutomaticUpdates", Flag),
    ("environmentVariables", Texts),
    ("functionTarget", Text),
    ("imageUri", Text),
    ("name", Written),
    ("serviceAccount", Text),
    ("sourceLocation", Text),
    ("workerPool", Text),
];

const MULTI_REGION_SETTINGS: Fields = &[("multiRegionId", Text), ("regions", List(&Text))];

const SERVICE_SCALING: Fields = &[
    ("manualInstanceCount", Number),
    ("maxInstanceCount", Number),
    ("minInstanceCount", Number),
    ("scalingMode", Words(&["SCALING_MODE_UNSPECIFIED", "AUTOMATIC", "MANUAL"])),
];

/// What its revisions are made from.
pub(super) const REVISION_TEMPLATE: Fields = &[
    ("ambientNetworking", Object(AMBIENT_NETWORKING)),
    ("annotations", Texts),
    ("client", Written),
    ("clientVersion", Written),
    ("containers", List(&Object(CONTAINER))),
    ("encryptionKey", Text),
    ("encryptionKeyRevocationAction", REVOCATION_ACTION),
    ("encryptionKeyShutdownDuration", Duration),
    ("executionEnvironment", EXECUTION_ENVIRONMENT),
    ("gpuZonalRedundancyDisabled", Flag),
    ("healthCheckDisabled", Flag),
    ("labels", Texts),
    ("maxInstanceRequestConcurrency", Number),
    ("nodeSelector", Object(NODE_SELECTOR)),
    ("revision", Text),
    ("sandboxes", Object(SANDBOX_CONFIGURATION)),
    ("scaling", Object(REVISION_SCALING)),
    ("serviceAccount", Text),
    ("serviceMesh", Object(SERVICE_MESH)),
    ("sessionAffinity", Flag),
    ("timeout", Duration),
    ("volumes", List(&Object(VOLUME))),
    ("vpcAccess", Object(VPC_ACCESS)),
    ("workloadIdentityConfig", Object(WORKLOAD_IDENTITY_CONFIG)),
];

const AMBIENT_NETWORKING: Fields = &[
    ("ambientScope", Words(&["AMBIENT_SCOPE_UNSPECIFIED", "AMBIENT_SCOPE_REGIONAL", "AMBIENT_SCOPE_GLOBAL"])),
    ("enabled", Flag),
];

pub(super) const CONTAINER: Fields = &[
    ("args", List(&Text)),
    ("baseImageUri", Text),
    ("buildConfig", Object(BUILD_CONFIGURATION)),
    ("buildInfo", Written),
    ("command", List(&Text)),
    ("dependsOn", List(&Text)),
    ("env", List(&Object(ENV_VAR))),
    ("image", Text),
    ("livenessProbe", Object(PROBE)),
    ("name", Text),
    ("ports", List(&Object(CONTAINER_PORT))),
    ("readinessProbe", Object(PROBE)),
    ("resources", Object(RESOURCE_REQUIREMENTS)),
    ("sandboxLauncher", Flag),
    ("sourceCode", Object(SOURCE_CODE)),
    ("startupProbe", Object(PROBE)),
    ("volumeMounts", List(&Object(VOLUME_MOUNT))),
    ("workingDir", Text),
];

pub(super) const BUILD_CONFIGURATION: Fields = &[
    ("buildpacksBuild", Object(BUILD_CONFIGURATION_BUILDPACKS_BUILD)),
    ("dockerBuild", Object(BUILD_CONFIGURATION_DOCKER_BUILD)),
    ("imageRepositoryUri", Text),
    ("serviceAccount", Text),
    ("tags", List(&Text)),
    ("workerConfiguration", Object(WORKER_CONFIGURATION)),
];

const BUILD_CONFIGURATION_BUILDPACKS_BUILD: Fields =
    &[("buildBaseImageUri", Text), ("cacheImageUri", Text), ("environmentVariables", Texts)];

const BUILD_CONFIGURATION_DOCKER_BUILD: Fields = &[];

const WORKER_CONFIGURATION: Fields = &[("cloudBuildWorkerConfiguration", Object(CLOUD_BUILD_WORKER_CONFIGURATION))];

const CLOUD_BUILD_WORKER_CONFIGURATION: Fields = &[("machineType", Text), ("workerPool", Text)];

const ENV_VAR: Fields = &[("name", Text), ("value", Text), ("valueSource", Object(ENV_VAR_SOURCE))];

const ENV_VAR_SOURCE: Fields = &[("secretKeyRef", Object(SECRET_KEY_SELECTOR))];

const SECRET_KEY_SELECTOR: Fields = &[("secret", Text), ("version", Text)];

const PROBE: Fields = &[
    ("failureThreshold", Number),
    ("grpc", Object(GRPC_ACTION)),
    ("httpGet", Object(HTTP_GET_ACTION)),
    ("initialDelaySeconds", Number),
    ("periodSeconds", Number),
    ("tcpSocket", Object(TCP_SOCKET_ACTION)),
    ("timeoutSeconds", Number),
];

const GRPC_ACTION: Fields = &[("port", Number), ("service", Text)];

const HTTP_GET_ACTION: Fields = &[("httpHeaders", List(&Object(HTTP_HEADER))), ("path", Text), ("port", Number)];

const HTTP_HEADER: Fields = &[("name", Text), ("value", Text)];

const TCP_SOCKET_ACTION: Fields = &[("port", Number)];

const CONTAINER_PORT: Fields = &[("containerPort", Number), ("name", Text)];

const RESOURCE_REQUIREMENTS: Fields = &[("cpuIdle", Flag), ("limits", Texts), ("startupCpuBoost", Flag)];

const SOURCE_CODE: Fields =
    &[("cloudStorageSource", Object(CLOUD_STORAGE_SOURCE)), ("inlinedSource", Object(INLINED_SOURCE))];

const CLOUD_STORAGE_SOURCE: Fields = &[("bucket", Text), ("generation", Text), ("object", Text)];

const INLINED_SOURCE: Fields = &[("sources", List(&Object(SOURCE_FILE)))];

const SOURCE_FILE: Fields = &[("content", Text), ("filename", Text)];

const VOLUME_MOUNT: Fields = &[("mountPath", Text), ("name", Text), ("subPath", Text)];

pub(super) const NODE_SELECTOR: Fields = &[("accelerator", Text)];

pub(super) const SANDBOX_CONFIGURATION: Fields = &[("templates", List(&Object(SANDBOX_TEMPLATE)))];

const SANDBOX_TEMPLATE: Fields = &[
    ("args", List(&Text)),
    ("command", List(&Text)),
    ("env", List(&Object(ENV_VAR))),
    ("image", Text),
    ("name", Text),
    ("volumeMounts", List(&Object(VOLUME_MOUNT))),
    ("workingDir", Text),
];

const REVISION_SCALING: Fields = &[
    ("concurrencyUtilization", Fraction),
    ("cpuUtilization", Fraction),
    ("maxInstanceCount", Number),
    ("minInstanceCount", Number),
];

pub(super) const SERVICE_MESH: Fields = &[("mesh", Text)];

pub(super) const VOLUME: Fields = &[
    ("cloudSqlInstance", Object(CLOUD_SQL_INSTANCE)),
    ("emptyDir", Object(EMPTY_DIR_VOLUME_SOURCE)),
    ("filestore", Object(FILESTORE_VOLUME_SOURCE)),
    ("gcs", Object(GCS_VOLUME_SOURCE)),
    ("name", Text),
    ("nfs", Object(NFS_VOLUME_SOURCE)),
    ("secret", Object(SECRET_VOLUME_SOURCE)),
];

const CLOUD_SQL_INSTANCE: Fields = &[("instances", List(&Text))];

const EMPTY_DIR_VOLUME_SOURCE: Fields =
    &[("medium", Words(&["MEDIUM_UNSPECIFIED", "MEMORY", "DISK"])), ("sizeLimit", Text)];

const FILESTORE_VOLUME_SOURCE: Fields = &[("volume", Text)];

const GCS_VOLUME_SOURCE: Fields = &[("bucket", Text), ("mountOptions", List(&Text)), ("readOnly", Flag)];

const NFS_VOLUME_SOURCE: Fields = &[("path", Text), ("readOnly", Flag), ("server", Text)];

const SECRET_VOLUME_SOURCE: Fields =
    &[("defaultMode", Mode), ("items", List(&Object(VERSION_TO_PATH))), ("secret", Text)];

const VERSION_TO_PATH: Fields = &[("mode", Mode), ("path", Text), ("version", Text)];

pub(super) const VPC_ACCESS: Fields = &[
    ("connector", Text),
    ("egress", Words(&["VPC_EGRESS_UNSPECIFIED", "ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"])),
    ("networkInterfaces", List(&Object(NETWORK_INTERFACE))),
];

pub(super) const NETWORK_INTERFACE: Fields = &[("network", Text), ("subnetwork", Text), ("tags", List(&Text))];

pub(super) const WORKLOAD_IDENTITY_CONFIG: Fields = &[
    ("identity", Text),
    ("identityCertificateEnabled", Flag),
    (
        "identityType",
        Words(&["IDENTITY_TYPE_UNSPECIFIED", "IDENTITY_TYPE_SERVICE_ACCOUNT", "IDENTITY_TYPE_AGENT_IDENTITY"]),
    ),
];

const TRAFFIC_TARGET: Fields = &[
    ("percent", Number),
    ("revision", Text),
    ("tag", Text),
    (
        "type",
        Words(&[
            "TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED",
            "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
            "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
        ]),
    ),
];

#[cfg(test)]
mod tests {
    use super::super::described::compare;
    use super::*;

    /// Fields that may be written, and are this program's or the moment's to write.
    const OURS: [&str; 5] = [
        "GoogleCloudRunV2Service.client",
        "GoogleCloudRunV2Service.clientVersion",
        "GoogleCloudRunV2Service.etag",
        "GoogleCloudRunV2RevisionTemplate.client",
        "GoogleCloudRunV2RevisionTemplate.clientVersion",
    ];

    #[test]
    fn every_field_of_the_description_is_in_the_table() {
        let document = include_str!("../../../tests/schemas/run.v2.json");
        let read = compare(document, "GoogleCloudRunV2Service", SERVICE, &OURS);
        assert_eq!(read, 175, "fields that may be written");
    }
}
