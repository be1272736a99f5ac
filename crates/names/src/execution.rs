//! What is known of a job that a run wrote or ran.

use super::written::Written;

/// A job, and the execution of it that this run started.
#[derive(Debug, Clone, Default)]
pub struct JobFact {
    /// Its short name.
    pub name: String,
    /// Whether it existed before.
    pub existed: bool,
    /// Whether Google has taken the write; unknown while the reply is out.
    pub written: Written,
    /// Its run, once one was asked for.
    pub execution: Option<ExecutionFact>,
}

/// An execution that was asked for.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFact {
    /// The job's full name.
    pub job: String,
    /// What marks this run's executions; they can be found by it where a reply was lost.
    pub mark: String,
    /// Its short name, once known.
    pub name: Option<String>,
    /// `running`, `succeeded`, `failed` or `cancelled`, as last seen; empty before the first look.
    pub state: &'static str,
    /// Whether nothing is left to be ended: it is over, or was left to itself on purpose.
    pub over: bool,
    /// Tasks it has.
    pub tasks: u64,
    /// Tasks that succeeded.
    pub succeeded: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// The exit code of the first task that failed; 0 when every task succeeded.
    pub exit_code: Option<i64>,
    /// The page with its log.
    pub log_url: String,
}

/// What a run of the job command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// It was run, and every task succeeded.
    Succeeded,
    /// It was started and not waited for.
    Started,
    /// It was written and not run.
    Updated,
}

impl JobEnd {
    /// The word of the output `result`.
    pub fn word(self) -> &'static str {
        match self {
            JobEnd::Succeeded => "succeeded",
            JobEnd::Started => "started",
            JobEnd::Updated => "updated",
        }
    }
}
