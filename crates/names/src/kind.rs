//! What runs: a service that answers requests, or a worker pool that does not.

/// What runs on Cloud Run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResourceKind {
    /// Answers requests.
    #[default]
    Service,
    /// Works without being asked: pulls from a queue.
    WorkerPool,
}

impl ResourceKind {
    /// Every kind with the word that inputs have for it.
    pub const WORDS: [(&str, ResourceKind); 2] =
        [("service", ResourceKind::Service), ("worker-pool", ResourceKind::WorkerPool)];

    /// Its word in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            ResourceKind::Service => "service",
            ResourceKind::WorkerPool => "worker pool",
        }
    }

    /// Its word at the beginning of a sentence.
    pub fn capital(self) -> &'static str {
        match self {
            ResourceKind::Service => "Service",
            ResourceKind::WorkerPool => "Worker pool",
        }
    }

    /// Its collection in the addresses of the API.
    pub fn collection(self) -> &'static str {
        match self {
            ResourceKind::Service => "services",
            ResourceKind::WorkerPool => "workerPools",
        }
    }
}
