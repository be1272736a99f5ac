//! What runs: the container, its resources and variables, how it scales, what protects it.

use super::Means::{
    Fixed, Lines, Map, Mounts, Nothing, OrNone, Probe, Refused, Section, Switch as Say, Text, Volumes, Words,
};
use super::Shape::{Alone, List, Map as Pairs, One, Switch};
use super::{Family, Flag, FlagCommands, Means, Op, each, flag};

const S: FlagCommands = FlagCommands::SERVICE;
const J: FlagCommands = FlagCommands::JOB;
const P: FlagCommands = FlagCommands::POOL;
const SP: FlagCommands = FlagCommands::SERVING;
const RUN: FlagCommands = FlagCommands::RUN;

const CLEAR_KEY: &[(&str, &str)] =
    &[("encryption_key", "default"), ("key_revocation_action", "default"), ("key_shutdown_hours", "default")];

/// Jobs have the key alone.
const NOT_KEPT: Means =
    Nothing("nothing of a build is kept from one run to the next: what this run gives is what holds");

pub(super) const FLAGS: &[Flag] = &[
    // What is deployed.
    each("image", One, RUN, Text("image")),
    each("source", One, RUN, Text("source")),
    each("function", One, S, Text("function")),
    each("base-image", One, S, Text("base_image")),
    each("clear-base-image", Alone, S, Fixed(&[("base_image", "default")])),
    each("automatic-updates", Switch, S, Say("automatic_updates")),
    flag("revision-suffix", One, SP, Text("suffix")),
    // The container.
    each("port", One, S, Text("port")),
    each("use-http2", Switch, S, Say("http2")),
    each("cpu", One, RUN, Text("cpu")),
    each("memory", One, RUN, Text("memory")),
    each("gpu", One, S, Text("gpu")),
    each("gpu", One, J, Text("gpu")),
    flag("gpu-type", One, S, Text("gpu_type")),
    flag("gpu-type", One, J, Text("gpu_type")),
    flag("gpu-zonal-redundancy", Switch, S, Say("gpu_zonal_redundancy")),
    each("command", List, RUN, Words("command")),
    each("args", List, RUN, Words("args")),
    each("startup-probe", Pairs, S, Probe("startup_probe")),
    each("liveness-probe", Pairs, S, Probe("liveness_probe")),
    each("depends-on", List, RUN, Lines("depends_on")),
    flag("container", One, RUN, Section),
    flag("remove-containers", List, RUN, Lines("remove_containers")),
    // Variables, secrets, labels.
    each("set-env-vars", Pairs, RUN, Map(Family::Env, Op::Set)),
    each("update-env-vars", Pairs, RUN, Map(Family::Env, Op::Update)),
    each("remove-env-vars", List, RUN, Map(Family::Env, Op::Remove)),
    each("clear-env-vars", Alone, RUN, Map(Family::Env, Op::Clear)),
    each("env-vars-file", One, RUN, Map(Family::Env, Op::File)),
    each("set-secrets", Pairs, RUN, Map(Family::Secrets, Op::Set)),
    each("update-secrets", Pairs, RUN, Map(Family::Secrets, Op::Update)),
    each("remove-secrets", List, RUN, Map(Family::Secrets, Op::Remove)),
    each("clear-secrets", Alone, RUN, Map(Family::Secrets, Op::Clear)),
    flag("labels", Pairs, RUN, Map(Family::Labels, Op::Update)),
    flag("update-labels", Pairs, SP, Map(Family::Labels, Op::Update)),
    flag("remove-labels", List, SP, Map(Family::Labels, Op::Remove)),
    flag("clear-labels", Alone, SP, Map(Family::Labels, Op::Clear)),
    // Volumes.
    flag("add-volume", Pairs, RUN, Volumes(Op::Update)),
    flag("remove-volume", List, RUN, Volumes(Op::Remove)),
    flag("clear-volumes", Alone, RUN, Volumes(Op::Clear)),
    each("add-volume-mount", Pairs, RUN, Mounts(Op::Update)),
    each("remove-volume-mount", List, RUN, Mounts(Op::Remove)),
    each("clear-volume-mounts", Alone, RUN, Mounts(Op::Clear)),
    // How it scales and serves.
    flag("concurrency", One, S, Text("concurrency")),
    flag("timeout", One, S, Text("timeout")),
    flag("min-instances", One, S, Text("min_instances")),
    flag("max-instances", One, S, Text("max_instances")),
    flag("min", One, S, Text("min")),
    flag("max", One, S, Text("max")),
    flag("scaling", One, S, Text("scaling")),
    flag("scaling", One, P, Text("instances")),
    flag("cpu-boost", Switch, S, Say("cpu_boost")),
    flag("cpu-throttling", Switch, S, Say("cpu_throttling")),
    flag("session-affinity", Switch, S, Say("session_affinity")),
    flag("execution-environment", One, S, Text("execution_environment")),
    flag("deploy-health-check", Switch, S, Say("deploy_health_check")),
    flag("description", One, SP, OrNone("description")),
    flag("no-traffic", Alone, S, Fixed(&[("no_traffic", "true")])),
    flag("tag", One, S, Text("tag")),
    flag(
        "no-promote",
        Alone,
        P,
        Refused(
            "a revision of a worker pool that gets no instances is not made here",
            "leave it out: the new revision gets the instances",
        ),
    ),
    // Runs of a job.
    flag("tasks", One, J, Text("tasks")),
    flag("parallelism", One, J, Text("parallelism")),
    flag("max-retries", One, J, Text("max_retries")),
    flag("task-timeout", One, J, Text("task_timeout")),
    flag("execute-now", Alone, J, Fixed(&[("run", "true"), ("wait", "false")])),
    flag("wait", Alone, J, Fixed(&[("run", "true"), ("wait", "true")])),
    // Accounts, keys, policies.
    flag("service-account", One, RUN, Text("runtime_service_account")),
    flag("key", One, RUN, Text("encryption_key")),
    flag("clear-key", Alone, SP, Fixed(CLEAR_KEY)),
    flag("post-key-revocation-action-type", One, SP, Text("key_revocation_action")),
    flag(
        "clear-post-key-revocation-action-type",
        Alone,
        SP,
        Fixed(&[("key_revocation_action", "default"), ("key_shutdown_hours", "default")]),
    ),
    flag("encryption-key-shutdown-hours", One, SP, Text("key_shutdown_hours")),
    flag("clear-encryption-key-shutdown-hours", Alone, SP, Fixed(&[("key_shutdown_hours", "default")])),
    flag("binary-authorization", One, RUN, Text("binary_authorization")),
    flag("clear-binary-authorization", Alone, SP, Fixed(&[("binary_authorization", "none")])),
    flag("breakglass", One, RUN, Text("breakglass")),
    // What a deploy from source builds with.
    each("build-service-account", One, S, Text("build_service_account")),
    each("clear-build-service-account", Alone, S, NOT_KEPT),
    each("build-worker-pool", One, S, Text("build_worker_pool")),
    each("clear-build-worker-pool", Alone, S, NOT_KEPT),
    each("set-build-env-vars", Pairs, S, Map(Family::BuildEnv, Op::Set)),
    each("update-build-env-vars", Pairs, S, Map(Family::BuildEnv, Op::Update)),
    each("remove-build-env-vars", List, S, NOT_KEPT),
    each("clear-build-env-vars", Alone, S, NOT_KEPT),
    each(
        "build-env-vars-file",
        One,
        S,
        Refused("no file of build variables is read", "write them with `build_args`, or `--set-build-env-vars`"),
    ),
    flag(
        "allow-unencrypted-build",
        Switch,
        S,
        Nothing("builds here are what the inputs of the build say, whatever key the service has"),
    ),
];
