//! What runs: a service that answers requests, or a worker pool that does not.

/// What runs on Cloud Run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Answers requests.
    #[default]
    Service,
    /// Works without being asked: pulls from a queue.
    WorkerPool,
}

impl Kind {
    /// Every kind with the word that inputs have for it.
    pub const WORDS: [(&str, Kind); 2] = [("service", Kind::Service), ("worker-pool", Kind::WorkerPool)];

    /// Its word in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Service => "service",
            Kind::WorkerPool => "worker pool",
        }
    }

    /// Its word at the beginning of a sentence.
    pub fn capital(self) -> &'static str {
        match self {
            Kind::Service => "Service",
            Kind::WorkerPool => "Worker pool",
        }
    }

    /// Its collection in the addresses of the API.
    pub fn collection(self) -> &'static str {
        match self {
            Kind::Service => "services",
            Kind::WorkerPool => "workerPools",
        }
    }
}
