//! What tells services and worker pools apart; all the rest is the same for both.

use super::naming;
use crate::call::Call;

/// Services or worker pools.
pub(super) struct Kind {
    /// As the API's type names have it.
    pub(super) word: &'static str,
    /// As refusals have it.
    pub(super) shout: &'static str,
    /// The collection in names and in lists.
    pub(super) collection: &'static str,
    /// The hole of the path with the short name.
    pub(super) hole: &'static str,
    /// The query parameter with the short name of what is made.
    pub(super) id: &'static str,
    /// What permissions begin with.
    pub(super) permissions: &'static str,
    /// The schema of the body.
    pub(super) schema: &'static str,
    /// Laws of its name.
    pub(super) naming: naming::Kind,
    /// The field with the split between revisions, and the one with the split as it is.
    pub(super) split: (&'static str, &'static str),
    /// The type of a share that follows the newest ready revision, and of one that does not.
    pub(super) share: (&'static str, &'static str),
    /// The condition about the split; none where that shows in `Ready` alone.
    pub(super) split_condition: Option<&'static str>,
    /// What its effects are called: created, changed, deleted.
    pub(super) effects: [&'static str; 3],
    /// The monitored resource of its revisions, and the label with its short name.
    pub(super) resource: (&'static str, &'static str),
}

const SERVICE: Kind = Kind {
    word: "Service",
    shout: "SERVICE",
    collection: "services",
    hole: "servicesId",
    id: "serviceId",
    permissions: "run.services",
    schema: "GoogleCloudRunV2Service",
    naming: naming::Kind { title: "Service", field: "service.name", longest: 49 },
    split: ("traffic", "trafficStatuses"),
    share: ("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"),
    split_condition: Some("RoutesReady"),
    effects: ["service created", "service changed", "service deleted"],
    resource: ("cloud_run_revision", "service_name"),
};

const WORKER_POOL: Kind = Kind {
    word: "WorkerPool",
    shout: "WORKER_POOL",
    collection: "workerPools",
    hole: "workerPoolsId",
    id: "workerPoolId",
    permissions: "run.workerpools",
    schema: "GoogleCloudRunV2WorkerPool",
    naming: naming::Kind { title: "Worker pool", field: "worker_pool.name", longest: 49 },
    split: ("instanceSplits", "instanceSplitStatuses"),
    share: ("INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST", "INSTANCE_SPLIT_ALLOCATION_TYPE_REVISION"),
    split_condition: None,
    effects: ["worker pool created", "worker pool changed", "worker pool deleted"],
    resource: ("cloud_run_worker_pool", "worker_pool_name"),
};

impl Kind {
    /// What the call is about.
    pub(super) fn asked(call: &Call) -> &'static Kind {
        if call.id.contains(".workerPools.") { &WORKER_POOL } else { &SERVICE }
    }

    /// What has this full name.
    pub(super) fn of(name: &str) -> &'static Kind {
        if name.contains("/workerPools/") { &WORKER_POOL } else { &SERVICE }
    }

    /// Whether nothing is asked over HTTP.
    pub(super) fn is_pool(&self) -> bool {
        self.collection == WORKER_POOL.collection
    }

    /// The permission to do this.
    pub(super) fn permission(&self, verb: &str) -> String {
        format!("{}.{verb}", self.permissions)
    }
}
