//! What a service in Knative's form may hold: every field of the published description (`run.v1`, Service and
//! everything below). What it says Cloud Run does not have is a mistake here; leaving it out would be silent.

use super::super::shape::FieldKind::{Flag, List, Mode, Notes, Number, Object, Refused, Text, Texts, Written};
use super::super::shape::Fields;

const NOT_THERE: &str = "Cloud Run has no such thing";
const NO_REFERENCE: &str = "Cloud Run names secrets by `name` alone";

/// A service.
pub(crate) const SERVICE: Fields = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Object(METADATA)),
    ("spec", Object(SPEC)),
    ("status", Written),
];

pub(super) const METADATA: Fields = &[
    ("annotations", Notes),
    ("clusterName", Refused(NOT_THERE)),
    ("creationTimestamp", Written),
    ("deletionGracePeriodSeconds", Refused(NOT_THERE)),
    ("deletionTimestamp", Written),
    ("finalizers", Refused(NOT_THERE)),
    ("generateName", Refused("a name that is made up cannot be deployed to again; write `name`")),
    ("generation", Written),
    ("labels", Texts),
    ("name", Text),
    // The project's id or number, which the inputs say.
    ("namespace", Written),
    ("ownerReferences", Refused(NOT_THERE)),
    ("resourceVersion", Written),
    ("selfLink", Written),
    ("uid", Written),
];

const SPEC: Fields = &[("template", Object(TEMPLATE)), ("traffic", List(&Object(TARGET)))];

const TARGET: Fields = &[
    ("configurationName", Refused(NOT_THERE)),
    ("latestRevision", Flag),
    ("percent", Number),
    ("revisionName", Text),
    ("tag", Text),
    ("url", Written),
];

const TEMPLATE: Fields = &[("metadata", Object(METADATA)), ("spec", Object(REVISION))];

const REVISION: Fields = &[
    ("containerConcurrency", Number),
    ("containers", List(&Object(CONTAINER))),
    ("enableServiceLinks", Refused(NOT_THERE)),
    ("imagePullSecrets", Refused(NOT_THERE)),
    ("nodeSelector", Texts),
    ("runtimeClassName", Text),
    ("sandboxes", Object(SANDBOXES)),
    ("serviceAccountName", Text),
    ("timeoutSeconds", Number),
    ("volumes", List(&Object(VOLUME))),
];

pub(super) const CONTAINER: Fields = &[
    ("args", List(&Text)),
    ("command", List(&Text)),
    ("env", List(&Object(VARIABLE))),
    ("envFrom", Refused(NOT_THERE)),
    ("image", Text),
    ("imagePullPolicy", Refused("Cloud Run pulls an image once for each revision, by its digest")),
    ("livenessProbe", Object(PROBE)),
    ("name", Text),
    ("ports", List(&Object(PORT))),
    ("readinessProbe", Object(PROBE)),
    ("resources", Object(RESOURCES)),
    ("sandboxLauncher", Flag),
    ("securityContext", Refused(NOT_THERE)),
    ("startupProbe", Object(PROBE)),
    ("terminationMessagePath", Refused(NOT_THERE)),
    ("terminationMessagePolicy", Refused(NOT_THERE)),
    ("volumeMounts", List(&Object(MOUNT))),
    ("workingDir", Text),
];

const VARIABLE: Fields = &[("name", Text), ("value", Text), ("valueFrom", Object(SOURCE))];

const SOURCE: Fields = &[
    ("configMapKeyRef", Refused("Cloud Run has no config maps; a secret or a value can stand there")),
    ("secretKeyRef", Object(SECRET_KEY)),
];

const SECRET_KEY: Fields =
    &[("key", Text), ("localObjectReference", Refused(NO_REFERENCE)), ("name", Text), ("optional", Flag)];

const PROBE: Fields = &[
    ("exec", Refused("Cloud Run has no probes that run a command")),
    ("failureThreshold", Number),
    ("grpc", Object(GRPC)),
    ("httpGet", Object(HTTP_GET)),
    ("initialDelaySeconds", Number),
    ("periodSeconds", Number),
    ("successThreshold", Number),
    ("tcpSocket", Object(TCP_SOCKET)),
    ("timeoutSeconds", Number),
];

const GRPC: Fields = &[("port", Number), ("service", Text)];

const HTTP_GET: Fields = &[
    ("host", Refused("a probe of Cloud Run asks its own container")),
    ("httpHeaders", List(&Object(HTTP_HEADER))),
    ("path", Text),
    ("port", Number),
    ("scheme", Refused("a probe of Cloud Run speaks plain HTTP to its own container")),
];

const HTTP_HEADER: Fields = &[("name", Text), ("value", Text)];

const TCP_SOCKET: Fields = &[("host", Refused("a probe of Cloud Run asks its own container")), ("port", Number)];

const PORT: Fields = &[("containerPort", Number), ("name", Text), ("protocol", Text)];

const RESOURCES: Fields = &[("limits", Texts), ("requests", Texts)];

const MOUNT: Fields = &[("mountPath", Text), ("name", Text), ("readOnly", Flag), ("subPath", Text)];

pub(super) const SANDBOXES: Fields = &[("templates", List(&Object(SANDBOX)))];

const SANDBOX: Fields = &[
    ("args", List(&Text)),
    ("command", List(&Text)),
    ("env", List(&Object(VARIABLE))),
    ("image", Text),
    ("name", Text),
    ("volumeMounts", List(&Object(MOUNT))),
    ("workingDir", Text),
];

pub(super) const VOLUME: Fields = &[
    ("configMap", Refused("Cloud Run has no config maps; a secret can be mounted")),
    ("csi", Object(CSI)),
    ("emptyDir", Object(EMPTY_DIR)),
    ("filestore", Object(FILESTORE)),
    ("name", Text),
    ("nfs", Object(NFS)),
    ("secret", Object(SECRET)),
];

const CSI: Fields = &[("driver", Text), ("readOnly", Flag), ("volumeAttributes", Texts)];

const EMPTY_DIR: Fields = &[("medium", Text), ("sizeLimit", Text)];

const FILESTORE: Fields = &[("volume", Text)];

const NFS: Fields = &[("path", Text), ("readOnly", Flag), ("server", Text)];

const SECRET: Fields =
    &[("defaultMode", Mode), ("items", List(&Object(ITEM))), ("optional", Flag), ("secretName", Text)];

const ITEM: Fields = &[("key", Text), ("mode", Mode), ("path", Text)];

#[cfg(test)]
mod tests {
    use super::super::super::described::compare;
    use super::*;

    /// Fields that Google writes without saying so in the description, or that the inputs say.
    const OURS: [&str; 8] = [
        "ObjectMeta.creationTimestamp",
        "ObjectMeta.deletionTimestamp",
        "ObjectMeta.generation",
        "ObjectMeta.namespace",
        "ObjectMeta.resourceVersion",
        "ObjectMeta.selfLink",
        "ObjectMeta.uid",
        "Service.status",
    ];

    #[test]
    fn every_field_of_the_description_is_in_the_table() {
        let document = include_str!("../../../../tests/schemas/run.v1.json");
        assert_eq!(compare(document, "Service", SERVICE, &OURS), 98, "fields that are read");
    }
}
