//! Inputs of settings that services, worker pools and jobs have in common, and of what holds for a service as a whole.

use super::{Group, Input, either, lines, map, open, switch, text};

/// What holds for all revisions of a service at once, and for a worker pool or a job where they have it.
pub(super) const OF_SERVICES: [Input; 10] = [
    lines(
        Group::Service,
        "invokers",
        "",
        "Who may call the service besides those who may already, `user:`, `serviceAccount:`, `group:` or `domain:` before each, one per line or separated by commas",
    ),
    switch(
        Group::Service,
        "iap",
        "",
        "Identity-Aware Proxy in front of the service: it signs people in and says who gets through",
    ),
    switch(
        Group::Service,
        "default_url",
        "true on a new service",
        "`false` takes the run.app address away, and with it the addresses of candidates",
    ),
    lines(
        Group::Service,
        "custom_audiences",
        "",
        "Audiences of identity tokens that are accepted besides the service's own addresses, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes; `default` takes them away",
    ),
    text(
        Group::Service,
        "min",
        "",
        "Instances of the service that are kept warm, shared by its revisions; `default` takes it away",
    ),
    text(
        Group::Service,
        "max",
        "",
        "Instances of the service at most, shared by its revisions; `default` takes it away",
    ),
    text(Group::Service, "scaling", "auto on a new service", "`auto`, or how many instances there shall always be"),
    switch(
        Group::Service,
        "http2",
        "",
        "HTTP/2 to the container (cleartext, h2c), as for gRPC; `false` goes back to HTTP/1",
    ),
    switch(
        Group::Service,
        "deploy_health_check",
        "true on a new service",
        "`false` lets Google call a revision ready without a started instance",
    ),
    text(
        Group::Service,
        "mesh",
        "",
        "Cloud Service Mesh that the service belongs to: its name, or projects/P/locations/global/meshes/NAME; `default` takes it away",
    ),
];

/// What protects a service, worker pool or job as a whole.
pub(super) const fn protection(group: Group) -> [Input; 2] {
    [
        text(
            group,
            "binary_authorization",
            "",
            "Policy that images are checked by: `default` for the project's, projects/P/platforms/cloudRun/policies/NAME, or `none`",
        ),
        text(group, "breakglass", "", "Why the policy of Binary Authorization is passed by; `default` takes it away"),
    ]
}

/// What the template of a revision, or of a job's tasks, has.
pub(super) const fn of_templates(group: Group) -> [Input; 5] {
    [
        text(
            group,
            "encryption_key",
            "",
            "Key of Cloud KMS that what is deployed is encrypted with, projects/P/locations/L/keyRings/R/cryptoKeys/K; `default` takes it away",
        ),
        lines(
            group,
            "network_tags",
            "",
            "Firewall tags of the interface for direct egress, one per line or separated by commas; all of them; `default` takes them away",
        ),
        text(group, "gpu", "", "GPUs of an instance; 0 takes them away. They need 4 CPUs and 8Gi at least"),
        text(group, "gpu_type", "", "Kind of GPU, such as nvidia-l4"),
        switch(
            group,
            "gpu_zonal_redundancy",
            "",
            "GPUs kept for the service in several zones; `false` is cheaper, and has them in one zone as far as there are any",
        ),
    ]
}

/// What happens to revisions whose key is gone.
pub(super) const KEY_GONE: [Input; 2] = [
    text(
        Group::Service,
        "key_revocation_action",
        "",
        "When the key is revoked: `prevent-new` starts no instances any more, `shut-down` ends those that run as well; `default` takes it away",
    ),
    text(
        Group::Service,
        "key_shutdown_hours",
        "",
        "Hours from the key's revocation to the shut-down; `default` takes it away",
    ),
];

/// What a container has.
pub(super) const fn of_containers(group: Group) -> [Input; 3] {
    [
        either(
            group,
            "startup_probe",
            "How it is known that the container has started: `GET /ready every 5s`, `tcp:8080`, `grpc:9000/service`, or a map (docs/SETTINGS.md); `default` takes it away",
        ),
        lines(group, "depends_on", "", "Containers that start before this one; all of them; `default` takes them away"),
        text(group, "working_dir", "", "Directory that the container starts in; `default` is the image's own"),
    ]
}

/// What several containers share.
pub(super) const fn of_several(group: Group) -> [Input; 4] {
    [
        open(map(
            group,
            "volumes",
            "Volumes by name: `NAME: gs://BUCKET readonly`, `nfs://SERVER/PATH`, `memory 512Mi`, `secret:NAME:VERSION`, or a map each (docs/SETTINGS.md); null takes one away, `default` all",
        )),
        open(map(
            group,
            "volume_mounts",
            "Where the container mounts them, `/path: VOLUME`; null takes a mount away, `default` all",
        )),
        map(
            group,
            "containers",
            "Containers beside it by name, each a map of the same inputs: `image`, `port`, `cpu`, `memory`, `env_vars`, `depends_on` and so on (docs/SETTINGS.md); null removes one",
        ),
        lines(group, "remove_containers", "", "Containers that go, one per line or separated by commas"),
    ]
}

/// What a container that serves on has.
pub(super) const OF_SERVERS: [Input; 4] = [
    either(Group::Service, "liveness_probe", "When a container is started anew; written like `startup_probe`"),
    either(Group::Service, "readiness_probe", "When a container gets requests; written like `startup_probe`"),
    text(
        Group::Service,
        "base_image",
        "",
        "Base image beneath an `image` that has none inside: Cloud Run keeps it up to date; `default` ends that",
    ),
    switch(
        Group::Service,
        "automatic_updates",
        "",
        "Whether Cloud Run keeps the base image up to date; `false` ends it",
    ),
];
