//! How a job shall run, and one run of it.

use std::time::Duration;

use super::settings::Settings;

/// How a job runs; `None` leaves what the job has.
#[derive(Debug, Clone, Default)]
pub struct JobSettings {
    /// What jobs have in common with services: the container, its variables, accounts, networks.
    pub shared: Settings,
    /// Limit of one attempt of a task.
    pub timeout: Option<Duration>,
    /// Times a failed task is tried again.
    pub retries: Option<u32>,
    /// Tasks of an execution.
    pub tasks: Option<u32>,
    /// Tasks that run at the same time at most; 0 for as many as possible.
    pub parallelism: Option<u32>,
}

/// How a job is run.
#[derive(Debug, Clone, Default)]
pub struct JobRun {
    /// Arguments for this one run; an empty list takes the job's own away.
    pub args: Option<Vec<String>>,
    /// Variables for this one run.
    pub env: Vec<(String, String)>,
    /// The container that both are for; `None` is the job's first.
    pub container: Option<String>,
    /// Tasks of this one run.
    pub tasks: Option<u32>,
    /// Limit of one attempt of a task in this one run.
    pub task_timeout: Option<Duration>,
    /// How long it is waited for; `None` starts it and goes on.
    pub wait: Option<Duration>,
}
