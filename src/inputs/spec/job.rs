//! The inputs of the job command.

use super::{
    Group, Input, build, count, gcloud, joined, lines, map, open, recurring, secret, settings, sign_in, switch, text,
};

/// Every input of `slipway job` and of the action in `actions/job`.
pub const JOB: &[Input] = &joined::<{ count(JOBS) }>(JOBS);

const JOBS: &[&[Input]] = &[
    sign_in::WAYS,
    TARGET,
    build::BUILD,
    MADE,
    &settings::protection(Group::Job),
    &settings::of_templates(Group::Job),
    &settings::of_containers(Group::Job),
    &settings::of_several(Group::Job),
    RUN,
    &[gcloud::MOVED[0]],
];

/// Whose job it is, and what image it gets.
const TARGET: &[Input] = &[
    text(Group::Target, "project_id", "the account's project", "Google Cloud project that runs the job"),
    text(Group::Target, "region", "us-central1", "Cloud Run region"),
    text(Group::Target, "job", "", "Cloud Run job to create or update, and to run (required)"),
    text(
        Group::What,
        "source",
        "",
        "Directory to build the job's image from, relative to the workspace; without it nothing is built",
    ),
    text(
        Group::What,
        "image",
        "the one the job has",
        "Alone: the image of the job, by digest where the registry may be asked for it. With `source`: the repository the build pushes to",
    ),
    recurring::FORKS,
    text(
        Group::What,
        "from_service",
        "",
        "In place of `image`: the service whose serving image the job gets, by digest",
    ),
    text(Group::What, "from_project", "the project of the job", "Project of `from_service`"),
    text(Group::What, "from_region", "the region of the job", "Region of `from_service`"),
];

/// How it runs.
const MADE: &[Input] = &[
    text(
        Group::Job,
        "manifest",
        "",
        "File with the whole job (Knative v1 as gcloud exports it, or v2), relative to the workspace; it replaces what the job has but what protects it (docs/MANIFESTS.md), and the other inputs are applied over it",
    ),
    gcloud::flags(Group::Job),
    secret(text(Group::Job, "command", "", "Entrypoint of the container: a JSON list, or words as in a shell")),
    secret(text(Group::Job, "args", "", "Arguments of the container: a JSON list, or words as in a shell")),
    map(Group::Job, "env_vars", "Environment variables"),
    text(
        Group::Job,
        "env_vars_file",
        "",
        "File with environment variables in the grammar of `env_vars`; `env_vars` wins over it",
    ),
    text(
        Group::Job,
        "env_vars_update_strategy",
        "merge",
        "`merge` keeps variables that are not named, `overwrite` removes them",
    ),
    open(map(
        Group::Job,
        "secrets",
        "Secret Manager references: `NAME: secret:version`, or `/path/file: secret:version` for a file",
    )),
    text(
        Group::Job,
        "secrets_update_strategy",
        "merge",
        "`merge` keeps references that are not named, `overwrite` removes them",
    ),
    text(Group::Job, "cpu", "", "CPUs, such as 1 or 2"),
    text(Group::Job, "memory", "", "Memory, such as 512Mi or 1Gi"),
    text(Group::Job, "task_timeout", "10m on a new job", "Limit of one attempt of a task, at most 168h"),
    text(Group::Job, "max_retries", "3 on a new job", "Times a failed task is tried again, 0 to 10"),
    text(Group::Job, "tasks", "1 on a new job", "Tasks of one run, 1 to 10000"),
    text(Group::Job, "parallelism", "", "Tasks that run at the same time at most; 0 for as many as possible"),
    text(Group::Job, "runtime_service_account", "", "Account the job runs as"),
    lines(
        Group::Job,
        "cloudsql_instances",
        "",
        "Cloud SQL instances, PROJECT:REGION:NAME or the NAME alone, one per line or separated by commas; all of them, or `+NAME` for each that comes and `-NAME` for each that goes",
    ),
    text(Group::Job, "vpc_connector", "", "Serverless VPC Access connector"),
    text(Group::Job, "network", "", "VPC network for direct egress"),
    text(Group::Job, "subnet", "", "Subnetwork for direct egress"),
    text(Group::Job, "vpc_egress", "", "`all-traffic` or `private-ranges-only`"),
    open(map(Group::Job, "labels", "Labels of the job and its executions; null takes one away, `default` all")),
    text(
        Group::Job,
        "container",
        "the first",
        "Container of a job with several that the image and the settings are for",
    ),
    text(Group::Job, "execution_environment", "", "`gen1` or `gen2`"),
    switch(Group::Job, "skip_default_labels", "false", "Leave out the labels `managed-by` and `commit-sha`"),
];

/// A run of it.
const RUN: &[Input] = &[
    switch(Group::Run, "run", "true", "Run the job; `false` only creates or updates it"),
    secret(text(Group::Run, "run_args", "", "Arguments for this one run, in place of the job's")),
    map(Group::Run, "run_env", "Environment variables for this one run, on top of the job's"),
    text(Group::Run, "run_container", "the job's first", "Container that `run_args` and `run_env` are for"),
    text(Group::Run, "run_tasks", "", "Tasks of this one run, in place of the job's, 1 to 10000"),
    text(
        Group::Run,
        "run_task_timeout",
        "",
        "Limit of one attempt of a task in this one run, in place of the job's, at most 168h",
    ),
    switch(Group::Run, "wait", "true", "Wait for the end and be red when a task failed; `false` starts it and goes on"),
    text(Group::Run, "job_timeout", "1h", "How long the run is waited for; it goes on when that is over"),
    recurring::DRY_RUN,
    recurring::NOTIFY,
];
