//! Inputs of settings that services, worker pools and jobs have in common, and of what holds for a service as a whole.

use super::super::engine::declare::{Input, InputGroup, inputs};

inputs! {
    /// What holds for all revisions of a service at once, and for a worker pool or a job where they have it.
    pub(super) const OF_SERVICES = [
        INVOKERS = lines(
            "invokers",
            InputGroup::Service,
            "",
            "Who may call the service besides those who may already, `user:`, `serviceAccount:`, `group:` or `domain:` before each, one per line or separated by commas",
        ),
        IAP = switch(
            "iap",
            InputGroup::Service,
            "",
            "Identity-Aware Proxy in front of the service: it signs people in and says who gets through",
        ),
        DEFAULT_URL = switch(
            "default_url",
            InputGroup::Service,
            "true on a new service",
            "`false` takes the run.app address away, and with it the addresses of candidates",
        ),
        CUSTOM_AUDIENCES = lines(
            "custom_audiences",
            InputGroup::Service,
            "",
            "Audiences of identity tokens that are accepted besides the service's own addresses, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes; `default` takes them away",
        ),
        MIN = text(
            "min",
            InputGroup::Service,
            "",
            "Instances of the service that are kept warm, shared by its revisions; `default` takes it away",
        ),
        MAX = text(
            "max",
            InputGroup::Service,
            "",
            "Instances of the service at most, shared by its revisions; `default` takes it away",
        ),
        SCALING = text(
            "scaling",
            InputGroup::Service,
            "auto on a new service",
            "`auto`, or how many instances there shall always be",
        ),
        HTTP2 = switch(
            "http2",
            InputGroup::Service,
            "",
            "HTTP/2 to the container (cleartext, h2c), as for gRPC; `false` goes back to HTTP/1",
        ),
        DEPLOY_HEALTH_CHECK = switch(
            "deploy_health_check",
            InputGroup::Service,
            "true on a new service",
            "`false` lets Google call a revision ready without a started instance",
        ),
        MESH = text(
            "mesh",
            InputGroup::Service,
            "",
            "Cloud Service Mesh that the service belongs to: its name, or projects/P/locations/global/meshes/NAME; `default` takes it away",
        ),
    ];

    /// What protects a service, worker pool or job as a whole.
    pub(super) const PROTECTION = [
        BINARY_AUTHORIZATION = text(
            "binary_authorization",
            InputGroup::Service,
            "",
            "Policy that images are checked by: `default` for the project's, projects/P/platforms/cloudRun/policies/NAME, or `none`",
        ),
        BREAKGLASS = text(
            "breakglass",
            InputGroup::Service,
            "",
            "Why the policy of Binary Authorization is passed by; `default` takes it away",
        ),
    ];

    /// What the template of a revision, or of a job's tasks, has.
    pub(super) const OF_TEMPLATES = [
        ENCRYPTION_KEY = text(
            "encryption_key",
            InputGroup::Service,
            "",
            "Key of Cloud KMS that what is deployed is encrypted with, projects/P/locations/L/keyRings/R/cryptoKeys/K; `default` takes it away",
        ),
        NETWORK_TAGS = lines(
            "network_tags",
            InputGroup::Service,
            "",
            "Firewall tags of the interface for direct egress, one per line or separated by commas; all of them; `default` takes them away",
        ),
        GPU = text(
            "gpu",
            InputGroup::Service,
            "",
            "GPUs of an instance; 0 takes them away. They need 4 CPUs and 8Gi at least",
        ),
        GPU_TYPE = text("gpu_type", InputGroup::Service, "", "Kind of GPU, such as nvidia-l4"),
        GPU_ZONAL_REDUNDANCY = switch(
            "gpu_zonal_redundancy",
            InputGroup::Service,
            "",
            "GPUs kept for the service in several zones; `false` is cheaper, and has them in one zone as far as there are any",
        ),
    ];

    /// What happens to revisions whose key is gone.
    pub(super) const KEY_GONE = [
        KEY_REVOCATION_ACTION = text(
            "key_revocation_action",
            InputGroup::Service,
            "",
            "When the key is revoked: `prevent-new` starts no instances any more, `shut-down` ends those that run as well; `default` takes it away",
        ),
        KEY_SHUTDOWN_HOURS = text(
            "key_shutdown_hours",
            InputGroup::Service,
            "",
            "Hours from the key's revocation to the shut-down; `default` takes it away",
        ),
    ];

    /// What a container has.
    pub(super) const OF_CONTAINERS = [
        STARTUP_PROBE = either(
            "startup_probe",
            InputGroup::Service,
            "How it is known that the container has started: `GET /ready every 5s`, `tcp:8080`, `grpc:9000/service`, or a map (docs/SETTINGS.md); `default` takes it away",
        ),
        DEPENDS_ON = lines(
            "depends_on",
            InputGroup::Service,
            "",
            "Containers that start before this one; all of them; `default` takes them away",
        ),
        WORKING_DIR = text(
            "working_dir",
            InputGroup::Service,
            "",
            "Directory that the container starts in; `default` is the image's own",
        ),
    ];

    /// What several containers share.
    pub(super) const OF_SEVERAL = [
        VOLUMES = map(
            "volumes",
            InputGroup::Service,
            "Volumes by name: `NAME: gs://BUCKET readonly`, `nfs://SERVER/PATH`, `memory 512Mi`, `secret:NAME:VERSION`, or a map each (docs/SETTINGS.md); null takes one away, `default` all",
        ).open(),
        VOLUME_MOUNTS = map(
            "volume_mounts",
            InputGroup::Service,
            "Where the container mounts them, `/path: VOLUME`; null takes a mount away, `default` all",
        ).open(),
        CONTAINERS = map(
            "containers",
            InputGroup::Service,
            "Containers beside it by name, each a map of the same inputs: `image`, `port`, `cpu`, `memory`, `env_vars`, `depends_on` and so on (docs/SETTINGS.md); null removes one",
        ),
        REMOVE_CONTAINERS = lines(
            "remove_containers",
            InputGroup::Service,
            "",
            "Containers that go, one per line or separated by commas",
        ),
    ];

    /// What a container that serves on has.
    pub(super) const OF_SERVERS = [
        LIVENESS_PROBE = either(
            "liveness_probe",
            InputGroup::Service,
            "When a container is started anew; written like `startup_probe`",
        ),
        READINESS_PROBE = either(
            "readiness_probe",
            InputGroup::Service,
            "When a container gets requests; written like `startup_probe`",
        ),
        BASE_IMAGE = text(
            "base_image",
            InputGroup::Service,
            "",
            "Base image beneath an `image` that has none inside: Cloud Run keeps it up to date; `default` ends that",
        ),
        AUTOMATIC_UPDATES = switch(
            "automatic_updates",
            InputGroup::Service,
            "",
            "Whether Cloud Run keeps the base image up to date; `false` ends it",
        ),
    ];
}
