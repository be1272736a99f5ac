//! Inputs that several commands have, with the same meaning in each.

use super::{Group, Input, lines, map, secret, switch, text};

/// A build of the user's own.
pub(super) const BUILD_CONFIG: Input = text(
    Group::Build,
    "build_config",
    "",
    "A cloudbuild.yaml, relative to the workspace, in place of the ready-made build steps",
);

/// What such a build is given.
pub(super) const SUBSTITUTIONS: Input = map(Group::Build, "substitutions", "Substitutions for `build_config`");

pub(super) const HEALTH_STATUS: Input = text(
    Group::Check,
    "health_status",
    "2xx",
    "Statuses that count as healthy: numbers or classes, separated by commas",
);
pub(super) const HEALTH_BODY: Input = secret(text(Group::Check, "health_body", "", "Text the answer must contain"));
pub(super) const HEALTH_TIMEOUT: Input = text(Group::Check, "health_timeout", "2m", "How long the checks are tried");
pub(super) const HEALTH_SUCCESSES: Input =
    text(Group::Check, "health_successes", "1", "Rounds of all checks that must pass in a row");
pub(super) const CHECKS: Input =
    secret(lines(Group::Check, "checks", "", "More checks, one per line: `GET /docs 200`"));

pub(super) const ENVIRONMENT: Input = text(
    Group::Target,
    "environment",
    "",
    "GitHub environment in which the deployment is recorded, with its address and how it ended (needs `deployments: write`)",
);

pub(super) const MAX_BUILD_TIME: Input =
    text(Group::Build, "max_build_time", "5m", "Builds that work longer are warned of; `none` for no limit");
pub(super) const MAX_IMAGE_SIZE: Input = text(
    Group::Build,
    "max_image_size",
    "200MB",
    "Larger images are warned of, in the size that the registry stores; `none` for no limit",
);

pub(super) const CANARY_STEPS: Input = text(
    Group::Rollout,
    "canary_steps",
    "5, 25, 50, 100",
    "Percents of the requests that the new revision gets in turn",
);
pub(super) const CANARY_INTERVAL: Input =
    text(Group::Rollout, "canary_interval", "5m", "Time between two steps, in which checks and metrics must hold");
pub(super) const MAX_ERROR_RATE: Input = text(
    Group::Rollout,
    "max_error_rate",
    "",
    "Most answers with 5xx of the new revision, such as `5%` (Cloud Monitoring)",
);
pub(super) const MAX_LATENCY_P95: Input = text(
    Group::Rollout,
    "max_latency_p95",
    "",
    "Longest 95th percentile of the new revision's latency, such as `2s` (Cloud Monitoring)",
);
pub(super) const GATE_MIN_REQUESTS: Input =
    text(Group::Rollout, "gate_min_requests", "20", "Fewer requests than this make no metric: it is unknown then");

pub(super) const FORKS: Input = text(
    Group::What,
    "allow_forks",
    "",
    "`approved`: also what comes from another repository's pull request. Its code is then built and run with this run's credentials, so let a person approve each run (an environment with reviewers)",
);

pub(super) const MANIFEST: Input =
    text(Group::What, "manifest", "slipway.yml", "File with the parts, relative to the workspace");
pub(super) const VALUES: Input =
    map(Group::What, "values", "Texts that the manifest names as `${values.NAME}`, such as secrets");

pub(super) const DRY_RUN: Input = switch(Group::Run, "dry_run", "false", "Show what would be done, change nothing");
pub(super) const NOTIFY: Input = secret(text(
    Group::Run,
    "notify_webhook",
    "",
    "Slack-compatible address that is told how the run ended: success, failure, or what was put back",
));
