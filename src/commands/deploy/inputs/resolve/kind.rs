//! Service or worker pool, and which inputs are about one of them only.

use super::Give;
use crate::inputs::spec::deploy::name;
use slipway_names::kind::ResourceKind;

/// Inputs that are about requests.
pub(super) const OF_REQUESTS: &[&str] = &[
    "port",
    "concurrency",
    "timeout",
    "min_instances",
    "max_instances",
    "ingress",
    "execution_environment",
    "cpu_boost",
    "cpu_throttling",
    "session_affinity",
    "allow_unauthenticated",
    "invoker_iam_check",
    "domain",
    "health_path",
    "health_status",
    "health_body",
    "checks",
    "strategy",
    "canary_steps",
    "canary_interval",
    "max_error_rate",
    "max_latency_p95",
    "no_traffic",
    "tag",
    "traffic",
    "revision_traffic",
    "tag_traffic",
    "traffic_tags",
    "traffic_tags_update_strategy",
    "prune_revisions",
    "pre_deploy_job",
    "iap",
    "invokers",
    "function",
    "default_url",
    "custom_audiences",
    "min",
    "max",
    "http2",
    "deploy_health_check",
];

pub(super) fn kind(give: &mut Give<'_>) -> ResourceKind {
    let kind = give.choice(name::KIND, &ResourceKind::WORDS).unwrap_or_default();
    match kind {
        ResourceKind::Service if give.raw.has(name::INSTANCES) => give.findings.wrong(
            name::INSTANCES,
            "a service has as many as its requests need",
            "write `min_instances` and `max_instances`, or `kind: worker-pool`",
        ),
        ResourceKind::Service => {}
        ResourceKind::WorkerPool => {
            for name in OF_REQUESTS.iter().filter(|name| give.raw.is_given(name)) {
                give.findings.wrong(name, "it is not for worker pools", format!("remove `{name}`"));
            }
            if give.raw.has(name::SCALING) {
                let problem = "a worker pool always has as many instances as is said";
                give.findings.wrong(name::SCALING, problem, "write `instances`");
            }
        }
    }
    kind
}
