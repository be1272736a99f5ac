//! Cloud Run jobs and their executions, and the scripts for the next executions.

use super::World;
use super::policy::IamPolicy;
use super::service::Trouble;
use serde_json::{Map, Value};

/// A Cloud Run job.
#[derive(Debug, Clone)]
pub struct Job {
    /// `projects/P/locations/L/jobs/J`.
    pub name: String,
    /// What was asked for: the accepted body without output-only fields.
    pub config: Map<String, Value>,
    /// Who may do what with it, besides the project's policy.
    pub policy: IamPolicy,
    /// Grows with each accepted change; the etag is made of it.
    pub version: u64,
    /// Grows with each change of its configuration.
    pub generation: u64,
    /// The generation that was last brought about, for better or worse.
    pub observed_generation: u64,
    /// Unique id.
    pub uid: String,
    /// When it was created.
    pub created: String,
    /// When it was last changed.
    pub updated: String,
    /// Who created it.
    pub creator: String,
    /// Who last changed it.
    pub modifier: String,
    /// Why it is not ready.
    pub trouble: Option<Trouble>,
    /// When its condition last changed.
    pub transition: String,
}

/// An execution: one run of a job.
#[derive(Debug, Clone)]
pub struct Execution {
    /// `projects/P/locations/L/jobs/J/executions/E`.
    pub name: String,
    /// Full name of its job.
    pub job: String,
    /// The job's template when it began, overrides applied.
    pub template: Map<String, Value>,
    /// Where it stands.
    pub state: ExecutionState,
    /// How it goes.
    pub script: ExecutionScript,
    /// How often it was looked at in this state.
    pub looks: u32,
    /// Unique id.
    pub uid: String,
    /// Who began it.
    pub creator: String,
    /// When it was created.
    pub created: String,
    /// When its tasks started.
    pub started: Option<String>,
    /// When it was over.
    pub completed: Option<String>,
    /// When its state last changed.
    pub updated: String,
    /// Place in the order of creation.
    pub number: u64,
}

/// Where an execution stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionState {
    /// It is being started.
    Pending,
    /// Its tasks run.
    Running,
    /// Somebody cancelled it, and its tasks are being stopped.
    Cancelling,
    /// Every task succeeded.
    Succeeded,
    /// It failed.
    Failed(ExecutionFailure),
    /// It was cancelled.
    Cancelled,
}

/// Why an execution failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionFailure {
    /// The first task's container ended with this code, in every attempt.
    Exit(i32),
    /// No task's container could be started.
    NotStarted,
    /// The first task took longer than its timeout.
    TimedOut,
    /// There were no tasks: the image or a secret cannot be had.
    Trouble(Trouble),
}

/// How an execution goes. It advances with each look at it or at an operation that waits for it,
/// never by the clock.
#[derive(Debug, Clone)]
pub struct ExecutionScript {
    /// So many looks still find it being started.
    pub pending: u32,
    /// Then so many find its tasks running.
    pub running: u32,
    /// How it ends.
    pub outcome: ExecutionOutcome,
    /// What its first task writes to its log.
    pub log: Vec<String>,
}

/// How an execution ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionOutcome {
    /// Every task succeeds, if image and secrets can be had.
    Success,
    /// The first task's container ends with this code, which is not 0.
    ExitCode(i32),
    /// The container cannot be started.
    ImageDoesNotStart,
    /// The first task takes longer than its timeout.
    TimesOut,
    /// Somebody cancels it.
    CancelledByOther,
    /// It runs until it is cancelled.
    NeverEnds,
}

impl Default for ExecutionScript {
    fn default() -> ExecutionScript {
        ExecutionScript { pending: 1, running: 1, outcome: ExecutionOutcome::Success, log: Vec::new() }
    }
}

impl ExecutionScript {
    /// The default course with this end.
    pub fn ending(outcome: ExecutionOutcome) -> ExecutionScript {
        ExecutionScript { outcome, ..ExecutionScript::default() }
    }

    /// With these lines in the log.
    #[must_use]
    pub fn logging(self, lines: &[&str]) -> ExecutionScript {
        ExecutionScript { log: lines.iter().map(|line| (*line).to_owned()).collect(), ..self }
    }
}

impl Job {
    /// Short name.
    pub fn short_name(&self) -> &str {
        last(&self.name)
    }
}

impl Execution {
    /// Short name.
    pub fn short_name(&self) -> &str {
        last(&self.name)
    }

    /// Whether it can still change.
    pub fn is_over(&self) -> bool {
        matches!(self.state, ExecutionState::Succeeded | ExecutionState::Failed(_) | ExecutionState::Cancelled)
    }

    /// How many tasks it has.
    pub fn task_count(&self) -> i64 {
        self.template.get("taskCount").and_then(Value::as_i64).unwrap_or(1)
    }

    /// How often a failed task is tried again.
    pub fn max_retries(&self) -> i64 {
        self.template.get("template").and_then(|task| task["maxRetries"].as_i64()).unwrap_or(3)
    }
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

impl World {
    /// A job of the seed's project.
    pub fn job(&self, region: &str, name: &str) -> Option<&Job> {
        self.jobs.get(&format!("projects/{}/locations/{region}/jobs/{name}", World::PROJECT))
    }

    /// An execution by its short name.
    pub fn execution(&self, name: &str) -> Option<&Execution> {
        self.executions.iter().find(|execution| execution.short_name() == name)
    }

    /// A job's executions, oldest first; the job by its full name.
    pub fn executions_of(&self, job: &str) -> Vec<&Execution> {
        self.executions.iter().filter(|execution| execution.job == job).collect()
    }
}
