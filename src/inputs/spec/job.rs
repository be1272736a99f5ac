//! The inputs of the job command.

use super::super::engine::declare::{Input, InputGroup, count, inputs, joined, under};
use super::{build, settings, sign_in};

/// Every input of `slipway job` and of the action in `actions/job`.
pub const JOB: &[Input] = &joined::<{ count(JOBS) }>(JOBS);

const JOBS: &[&[Input]] = &[
    sign_in::WAYS,
    TARGET,
    build::BUILD,
    MADE,
    &under::<{ settings::PROTECTION.len() }>(settings::PROTECTION, InputGroup::Job),
    &under::<{ settings::OF_TEMPLATES.len() }>(settings::OF_TEMPLATES, InputGroup::Job),
    &under::<{ settings::OF_CONTAINERS.len() }>(settings::OF_CONTAINERS, InputGroup::Job),
    &under::<{ settings::OF_SEVERAL.len() }>(settings::OF_SEVERAL, InputGroup::Job),
    RUN,
    &[super::gcloud::row::COMPAT],
];

inputs! {
    also [deploy];

    /// Whose job it is, and what image it gets.
    const TARGET = [
        ..deploy::PROJECT_ID(InputGroup::Target, "the account's project", "Google Cloud project that runs the job"),
        ..deploy::REGION(InputGroup::Target, "us-central1", "Cloud Run region"),
        JOB = text("job", InputGroup::Target, "", "Cloud Run job to create or update, and to run (required)"),
        ..deploy::SOURCE(
            InputGroup::What,
            "",
            "Directory to build the job's image from, relative to the workspace; without it nothing is built",
        ),
        ..deploy::IMAGE(
            InputGroup::What,
            "the one the job has",
            "Alone: the image of the job, by digest where the registry may be asked for it. With `source`: the repository the build pushes to",
        ),
        ..recurring::ALLOW_FORKS,
        ..deploy::FROM_SERVICE(
            InputGroup::What,
            "",
            "In place of `image`: the service whose serving image the job gets, by digest",
        ),
        ..deploy::FROM_PROJECT(InputGroup::What, "the project of the job", "Project of `from_service`"),
        ..deploy::FROM_REGION(InputGroup::What, "the region of the job", "Region of `from_service`"),
    ];

    /// How it runs.
    const MADE = [
        ..deploy::MANIFEST(
            InputGroup::Job,
            "",
            "File with the whole job (Knative v1 as gcloud exports it, or v2), relative to the workspace; it replaces what the job has but what protects it (docs/MANIFESTS.md), and the other inputs are applied over it",
        ),
        + super::gcloud::row::FLAGS.under(InputGroup::Job),
        ..deploy::COMMAND(InputGroup::Job, "", "Entrypoint of the container: a JSON list, or words as in a shell"),
        ..deploy::ARGS(InputGroup::Job, "", "Arguments of the container: a JSON list, or words as in a shell"),
        ..deploy::ENV_VARS(InputGroup::Job, "", "Environment variables"),
        ..deploy::ENV_VARS_FILE(
            InputGroup::Job,
            "",
            "File with environment variables in the grammar of `env_vars`; `env_vars` wins over it",
        ),
        ..deploy::ENV_VARS_UPDATE_STRATEGY(
            InputGroup::Job,
            "merge",
            "`merge` keeps variables that are not named, `overwrite` removes them",
        ),
        ..deploy::SECRETS(
            InputGroup::Job,
            "",
            "Secret Manager references: `NAME: secret:version`, or `/path/file: secret:version` for a file",
        ),
        ..deploy::SECRETS_UPDATE_STRATEGY(
            InputGroup::Job,
            "merge",
            "`merge` keeps references that are not named, `overwrite` removes them",
        ),
        ..deploy::CPU(InputGroup::Job, "", "CPUs, such as 1 or 2"),
        ..deploy::MEMORY(InputGroup::Job, "", "Memory, such as 512Mi or 1Gi"),
        TASK_TIMEOUT = text(
            "task_timeout",
            InputGroup::Job,
            "10m on a new job",
            "Limit of one attempt of a task, at most 168h",
        ),
        MAX_RETRIES = text("max_retries", InputGroup::Job, "3 on a new job", "Times a failed task is tried again, 0 to 10"),
        TASKS = text("tasks", InputGroup::Job, "1 on a new job", "Tasks of one run, 1 to 10000"),
        PARALLELISM = text(
            "parallelism",
            InputGroup::Job,
            "",
            "Tasks that run at the same time at most; 0 for as many as possible",
        ),
        ..deploy::RUNTIME_SERVICE_ACCOUNT(InputGroup::Job, "", "Account the job runs as"),
        ..deploy::CLOUDSQL_INSTANCES(
            InputGroup::Job,
            "",
            "Cloud SQL instances, PROJECT:REGION:NAME or the NAME alone, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes",
        ),
        ..deploy::VPC_CONNECTOR(InputGroup::Job, "", "Serverless VPC Access connector"),
        ..deploy::NETWORK(InputGroup::Job, "", "VPC network for direct egress"),
        ..deploy::SUBNET(InputGroup::Job, "", "Subnetwork for direct egress"),
        ..deploy::VPC_EGRESS(InputGroup::Job, "", "`all-traffic` or `private-ranges-only`"),
        ..deploy::LABELS(InputGroup::Job, "", "Labels of the job and its executions; null takes one away, `default` all"),
        ..deploy::CONTAINER(
            InputGroup::Job,
            "the first",
            "Container of a job with several that the image and the settings are for",
        ),
        ..deploy::EXECUTION_ENVIRONMENT(InputGroup::Job, "", "`gen1` or `gen2`"),
        ..deploy::SKIP_DEFAULT_LABELS(InputGroup::Job, "false", "Leave out the labels `managed-by` and `commit-sha`"),
    ];

    /// A run of it.
    const RUN = [
        RUN = switch("run", InputGroup::Run, "true", "Run the job; `false` only creates or updates it"),
        RUN_ARGS = text("run_args", InputGroup::Run, "", "Arguments for this one run, in place of the job's").secret(),
        RUN_ENV = map("run_env", InputGroup::Run, "Environment variables for this one run, on top of the job's"),
        RUN_CONTAINER = text(
            "run_container",
            InputGroup::Run,
            "the job's first",
            "Container that `run_args` and `run_env` are for",
        ),
        RUN_TASKS = text("run_tasks", InputGroup::Run, "", "Tasks of this one run, in place of the job's, 1 to 10000"),
        RUN_TASK_TIMEOUT = text(
            "run_task_timeout",
            InputGroup::Run,
            "",
            "Limit of one attempt of a task in this one run, in place of the job's, at most 168h",
        ),
        WAIT = switch(
            "wait",
            InputGroup::Run,
            "true",
            "Wait for the end and be red when a task failed; `false` starts it and goes on",
        ),
        JOB_TIMEOUT = text(
            "job_timeout",
            InputGroup::Run,
            "1h",
            "How long the run is waited for; it goes on when that is over",
        ),
        ..recurring::DRY_RUN,
        ..recurring::NOTIFY_WEBHOOK,
    ];
}
