//! The inputs of the deploy, and of going back and promoting.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined, spelling};
use super::{build, settings, sign_in};

/// Every input of `slipway deploy` and of the action at the root.
pub const DEPLOY: &[Input] = &joined::<{ count(DEPLOYS) }>(DEPLOYS);

const DEPLOYS: &[&[Input]] = &[
    sign_in::WAYS,
    TARGET,
    build::BUILD,
    RUNS,
    settings::OF_SERVICES,
    settings::PROTECTION,
    settings::OF_TEMPLATES,
    settings::KEY_GONE,
    settings::OF_CONTAINERS,
    settings::OF_SEVERAL,
    settings::OF_SERVERS,
    ROLLED_OUT,
    MOVED,
];

inputs! {
    also [build, settings, gcloud, recurring, sign_in];

    /// Who deploys what, and where to.
    const TARGET = [
        ..recurring::KEY_MAX_AGE,
        ..recurring::SECRET_MAX_AGE,
        PROJECT_ID = text(
            "project_id",
            InputGroup::Target,
            "the account's project",
            "Google Cloud project that builds and runs the service",
        ),
        REGION = text("region", InputGroup::Target, "us-central1", "Cloud Run region"),
        REGIONS = lines(
            "regions",
            InputGroup::Target,
            "",
            "In place of `region`: several, in which the same is deployed side by side, all or none",
        ),
        SERVICE = text("service", InputGroup::Target, "", "Cloud Run service to create or update (required)"),
        KIND = text(
            "kind",
            InputGroup::Target,
            "service",
            "`service`, or `worker-pool`: instances that nobody sends requests to",
        ),
        GITHUB_TOKEN = text(
            "github_token",
            InputGroup::Target,
            "${{ github.token }}",
            "Token for questions to GitHub: which commits lie between what served and what serves now",
        ).secret(),
        ..recurring::ENVIRONMENT,
        SOURCE = text(
            "source",
            InputGroup::What,
            ".",
            "Directory to build, relative to the workspace; the default holds when `image` is not given either",
        ),
        CHANGED_PATHS = lines(
            "changed_paths",
            InputGroup::What,
            "",
            "Deploy only when something changed there since the commit that serves: directories, files or globs, one per line; where that cannot be known, it is deployed",
        ),
        ..recurring::ALLOW_FORKS,
        IMAGE = text(
            "image",
            InputGroup::What,
            "that of the service's image, else gcr.io/PROJECT/SERVICE",
            "Alone: the image to deploy. With `source`: the repository the build pushes to",
        ),
    ];

    /// How it runs.
    const RUNS = [
        MANIFEST = text(
            "manifest",
            InputGroup::Service,
            "",
            "File with the whole service (Knative v1 as gcloud exports it, or v2), relative to the workspace; it replaces what the service has but what protects it (docs/MANIFESTS.md), and the other inputs are applied over it",
        ),
        ..gcloud::FLAGS,
        PORT = text("port", InputGroup::Service, "8080 on a new service", "Port the container listens on"),
        CPU = text("cpu", InputGroup::Service, "", "CPUs, such as 1, 2 or 500m"),
        MEMORY = text("memory", InputGroup::Service, "", "Memory, such as 512Mi or 1Gi"),
        CONCURRENCY = text("concurrency", InputGroup::Service, "", "Requests one instance serves at a time, 1 to 1000"),
        TIMEOUT = text("timeout", InputGroup::Service, "", "Longest time a request may take, such as 300s (at most 60m)"),
        INSTANCES = text("instances", InputGroup::Service, "", "Instances of a worker pool"),
        MIN_INSTANCES = text("min_instances", InputGroup::Service, "", "Instances of a revision that are kept warm"),
        MAX_INSTANCES = text("max_instances", InputGroup::Service, "", "Instances of a revision at most"),
        ENV_VARS = map("env_vars", InputGroup::Service, "Environment variables"),
        ENV_VARS_FILE = text(
            "env_vars_file",
            InputGroup::Service,
            "",
            "File with environment variables in the grammar of `env_vars`; `env_vars` wins over it",
        ),
        ENV_VARS_UPDATE_STRATEGY = text(
            "env_vars_update_strategy",
            InputGroup::Service,
            "merge",
            "`merge` keeps variables that are not named, `overwrite` removes them",
        ),
        SECRETS = map(
            "secrets",
            InputGroup::Service,
            "Secret Manager references: `NAME: secret:version`, or `/path/file: secret:version` for a file",
        ).open(),
        SECRETS_UPDATE_STRATEGY = text(
            "secrets_update_strategy",
            InputGroup::Service,
            "merge",
            "`merge` keeps references that are not named, `overwrite` removes them",
        ),
        LABELS = map(
            "labels",
            InputGroup::Service,
            "Labels of the service and its revision; null takes one away, `default` all",
        ).open(),
        SKIP_DEFAULT_LABELS = switch(
            "skip_default_labels",
            InputGroup::Service,
            "false",
            "Leave out the labels `managed-by` and `commit-sha`",
        ),
        RUNTIME_SERVICE_ACCOUNT = text("runtime_service_account", InputGroup::Service, "", "Account the service runs as"),
        CLOUDSQL_INSTANCES = lines(
            "cloudsql_instances",
            InputGroup::Service,
            "",
            "Cloud SQL instances, PROJECT:REGION:NAME or the NAME alone, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes",
        ),
        VPC_CONNECTOR = text("vpc_connector", InputGroup::Service, "", "Serverless VPC Access connector"),
        NETWORK = text("network", InputGroup::Service, "", "VPC network for direct egress"),
        SUBNET = text("subnet", InputGroup::Service, "", "Subnetwork for direct egress"),
        VPC_EGRESS = text("vpc_egress", InputGroup::Service, "", "`all-traffic` or `private-ranges-only`"),
        INGRESS = text("ingress", InputGroup::Service, "", "`all`, `internal` or `internal-and-cloud-load-balancing`"),
        EXECUTION_ENVIRONMENT = text("execution_environment", InputGroup::Service, "", "`gen1` or `gen2`"),
        CPU_BOOST = switch("cpu_boost", InputGroup::Service, "true on a new service", "More CPU while an instance starts"),
        CPU_THROTTLING = switch(
            "cpu_throttling",
            InputGroup::Service,
            "true on a new service",
            "CPU only while requests are served; `false` keeps it on",
        ),
        SESSION_AFFINITY = switch(
            "session_affinity",
            InputGroup::Service,
            "",
            "Send a client's requests to the same instance",
        ),
        COMMAND = text(
            "command",
            InputGroup::Service,
            "",
            "Entrypoint of the container: a JSON list, or words as in a shell",
        ).secret(),
        ARGS = text(
            "args",
            InputGroup::Service,
            "",
            "Arguments of the container: a JSON list, or words as in a shell",
        ).secret(),
        CONTAINER = text(
            "container",
            InputGroup::Service,
            "the one with a port",
            "Container of a multi-container service that the image and the settings are for",
        ),
        SUFFIX = text("suffix", InputGroup::Service, "", "Ending of the new revision's name"),
        DESCRIPTION = text("description", InputGroup::Service, "", "Description of the service"),
        DOMAIN = text(
            "domain",
            InputGroup::Service,
            "",
            "Domain that shall lead to the service: mapped when it is not, its DNS records and certificate are reported (needs run.domainmappings.*, in roles/editor)",
        ),
        ALLOW_UNAUTHENTICATED = switch(
            "allow_unauthenticated",
            InputGroup::Service,
            "",
            "`true` lets everybody call the service, `false` takes that away; absent leaves access alone",
        ),
        INVOKER_IAM_CHECK = switch(
            "invoker_iam_check",
            InputGroup::Service,
            "",
            "`false` lets everybody call the service because nobody's identity is asked for, also where the organisation forbids `allUsers`; `true` asks again; absent leaves it",
        ),
    ];

    /// How it gets its traffic, and how that is checked.
    const ROLLED_OUT = [
        STRATEGY = text(
            "strategy",
            InputGroup::Rollout,
            "candidate",
            "`candidate` tries the new revision on an address of its own, then sends everything there; `canary` does so step by step; `direct` leaves it to the service's traffic. A first deploy is always direct",
        ),
        ..recurring::CANARY_STEPS,
        ..recurring::CANARY_INTERVAL,
        ..recurring::MAX_ERROR_RATE,
        ..recurring::MAX_LATENCY_P95,
        ..recurring::GATE_MIN_REQUESTS,
        ON_UNKNOWN = text(
            "on_unknown",
            InputGroup::Rollout,
            "hold",
            "When a metric stays unknown: `hold` ends the run with the traffic at the step that was reached, `continue` goes on, `rollback` goes back",
        ),
        NO_TRAFFIC = switch(
            "no_traffic",
            InputGroup::Rollout,
            "false",
            "Stop when the new revision is verified on its own address; its tag stays, the traffic does not move",
        ),
        TAG = text("tag", InputGroup::Rollout, "", "Traffic tag that the new revision gets and keeps"),
        ROLLBACK_ON_FAILURE = switch(
            "rollback_on_failure",
            InputGroup::Rollout,
            "true",
            "Put the traffic back exactly as it was when something fails",
        ),
        FORCE = switch("force", InputGroup::Rollout, "false", "Let an older commit replace a newer one that serves"),
        PRUNE_REVISIONS = text(
            "prune_revisions",
            InputGroup::Rollout,
            "",
            "Revisions to keep besides those that serve, are tagged or are the newest; the others are deleted",
        ),
        PRE_DEPLOY_JOB = map(
            "pre_deploy_job",
            InputGroup::Rollout,
            "Job that runs once with the new image before the service gets it, such as a migration; its failure stops the deploy. A map: `name` (SERVICE-pre-deploy), `command`, `args`, `env`, `secrets`, `cpu`, `memory`, `timeout` (10m), `retries` (0); account, network, variables and secrets are the service's",
        ),
        TRAFFIC = lines(
            "traffic",
            InputGroup::Rollout,
            "",
            "Moves traffic without deploying anything: `latest`, or `REVISION=PERCENT` and `TAG=PERCENT` lines; what is missing to 100 stays with the others that serve, in the proportions that they have",
        ),
        REVISION_TRAFFIC = lines(
            "revision_traffic",
            InputGroup::Rollout,
            "",
            "The same as `traffic`, in deploy-cloudrun's spelling",
        ),
        TAG_TRAFFIC = lines("tag_traffic", InputGroup::Rollout, "", "The same as `traffic`, by tags: `NAME=PERCENT` lines"),
        TRAFFIC_TAGS = map(
            "traffic_tags",
            InputGroup::Rollout,
            "Sets, moves and removes traffic tags without deploying anything, before `traffic` moves the requests: `TAG: REVISION`, `TAG: latest`, or `TAG: null` to take it away",
        ).open(),
        TRAFFIC_TAGS_UPDATE_STRATEGY = text(
            "traffic_tags_update_strategy",
            InputGroup::Rollout,
            "merge",
            "`merge` keeps tags that are not named, `overwrite` removes them",
        ),
        HEALTH_PATH = text(
            "health_path",
            InputGroup::Check,
            "",
            "Path that must answer before the run is green, such as /health",
        ).secret(),
        ..recurring::HEALTH_STATUS,
        ..recurring::HEALTH_BODY,
        ..recurring::HEALTH_TIMEOUT,
        ..recurring::HEALTH_SUCCESSES,
        ..recurring::CHECKS,
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];

    /// Inputs that only other commands than the deploy have.
    pub(super) const MORE = [
        TO_REVISION = text("to_revision", InputGroup::What, "the one that served before", "Revision to go back to"),
        FROM_SERVICE = text(
            "from_service",
            InputGroup::What,
            "",
            "Service whose serving image is deployed, by digest, without a build",
        ),
        FROM_PROJECT = text("from_project", InputGroup::What, "the project of the target", "Project of `from_service`"),
        FROM_REGION = text("from_region", InputGroup::What, "the region of the target", "Region of `from_service`"),
    ];

    /// For steps that were written for google-github-actions/deploy-cloudrun.
    const MOVED = [
        ..gcloud::COMPAT,
        + spelling("metadata", &row::MANIFEST).under(InputGroup::Moved),
        ..gcloud::JOB,
        ..gcloud::WAIT,
        ..gcloud::UPDATE_TRAFFIC_FLAGS,
        ..gcloud::GCLOUD_VERSION,
        ..gcloud::GCLOUD_COMPONENT,
    ];
}
