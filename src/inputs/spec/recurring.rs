//! Inputs that several commands have, with the same meaning in each.

use super::super::engine::declare::{Input, InputGroup, inputs};

inputs! {
    const _ = [
        BUILD_CONFIG = text(
            "build_config",
            InputGroup::Build,
            "",
            "A cloudbuild.yaml, relative to the workspace, in place of the ready-made build steps",
        ),
        SUBSTITUTIONS = map("substitutions", InputGroup::Build, "Substitutions for `build_config`"),
        HEALTH_STATUS = text(
            "health_status",
            InputGroup::Check,
            "2xx",
            "Statuses that count as healthy: numbers or classes, separated by commas",
        ),
        HEALTH_BODY = text("health_body", InputGroup::Check, "", "Text the answer must contain").secret(),
        HEALTH_TIMEOUT = text("health_timeout", InputGroup::Check, "2m", "How long the checks are tried"),
        HEALTH_SUCCESSES = text("health_successes", InputGroup::Check, "1", "Rounds of all checks that must pass in a row"),
        CHECKS = lines("checks", InputGroup::Check, "", "More checks, one per line: `GET /docs 200`").secret(),
        ENVIRONMENT = text(
            "environment",
            InputGroup::Target,
            "",
            "GitHub environment in which the deployment is recorded, with its address and how it ended (needs `deployments: write`)",
        ),
        MAX_BUILD_TIME = text(
            "max_build_time",
            InputGroup::Build,
            "5m",
            "Builds that work longer are warned of; `none` for no limit",
        ),
        MAX_IMAGE_SIZE = text(
            "max_image_size",
            InputGroup::Build,
            "200MB",
            "Larger images are warned of, in the size that the registry stores; `none` for no limit",
        ),
        CANARY_STEPS = text(
            "canary_steps",
            InputGroup::Rollout,
            "5, 25, 50, 100",
            "Percents of the requests that the new revision gets in turn",
        ),
        CANARY_INTERVAL = text(
            "canary_interval",
            InputGroup::Rollout,
            "5m",
            "Time between two steps, in which checks and metrics must hold",
        ),
        MAX_ERROR_RATE = text(
            "max_error_rate",
            InputGroup::Rollout,
            "",
            "Most answers with 5xx of the new revision, such as `5%` (Cloud Monitoring)",
        ),
        MAX_LATENCY_P95 = text(
            "max_latency_p95",
            InputGroup::Rollout,
            "",
            "Longest 95th percentile of the new revision's latency, such as `2s` (Cloud Monitoring)",
        ),
        GATE_MIN_REQUESTS = text(
            "gate_min_requests",
            InputGroup::Rollout,
            "20",
            "Fewer requests than this make no metric: it is unknown then",
        ),
        ALLOW_FORKS = text(
            "allow_forks",
            InputGroup::What,
            "",
            "`approved`: also what comes from another repository's pull request. Its code is then built and run with this run's credentials, so let a person approve each run (an environment with reviewers)",
        ),
        ..deploy::MANIFEST(InputGroup::What, "slipway.yml", "File with the parts, relative to the workspace"),
        VALUES = map("values", InputGroup::What, "Texts that the manifest names as `${values.NAME}`, such as secrets"),
        DRY_RUN = switch("dry_run", InputGroup::Run, "false", "Show what would be done, change nothing"),
        NOTIFY_WEBHOOK = text(
            "notify_webhook",
            InputGroup::Run,
            "",
            "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
        ).secret(),
        KEY_MAX_AGE = text(
            "key_max_age",
            InputGroup::Target,
            "90d",
            "Age from which the key that signs in is worth a warning, where it may be read (`iam.serviceAccountKeys.get`); 0 does not ask",
        ),
        SECRET_MAX_AGE = text(
            "secret_max_age",
            InputGroup::Target,
            "180d",
            "Age from which a version of a secret that the service reads is worth a warning, where it may be looked at (`secretmanager.versions.get`); 0 does not ask",
        ),
    ];
}
