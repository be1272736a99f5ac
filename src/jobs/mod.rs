//! A job: written, run exactly once, watched to its end. The deploy's pre-deploy job and the job
//! command share these.

mod apply;
pub(crate) mod executions;
mod failure;
mod preflight;
mod start;
mod watch;

use std::time::Duration;

use serde_json::Value;

pub(super) use preflight::look_ahead;
use start::marked;

use crate::facts::Facts;
use slipway_failure::Failure;
use slipway_google::executions::{Execution, ExecutionState};
use slipway_google::http::Http;
use slipway_google::jobs::JobResource;
use slipway_names::execution::{ExecutionFact, JobFact};
use slipway_names::ids::{JobName, Region};
use slipway_runner::Console;
use slipway_runner::files::Files;

/// What working on a job takes.
pub(super) struct JobWork<'a> {
    /// Google.
    pub http: &'a Http,
    /// Text.
    pub console: &'a Console,
    /// The runner's files.
    pub files: &'a Files,
    /// Where the job runs.
    pub region: &'a Region,
    /// The job.
    pub job: &'a JobName,
    /// Its full name.
    pub full_name: String,
    /// What marks this run's executions.
    pub mark: &'a str,
    /// The input that the limit of a task is given with, for hints.
    pub timeout_input: &'static str,
    /// The document to write, from the job as it is and the mark of this write.
    pub document: &'a Document<'a>,
}

/// From the job as it is, and the mark of this write, to the document to write.
pub(super) type Document<'a> = dyn Fn(Option<&Value>, &str) -> Result<Value, Failure> + 'a;

impl JobWork<'_> {
    /// Writes the job and waits until Cloud Run has taken it.
    pub(super) async fn write(&self, facts: &mut Facts) -> Result<JobResource, Failure> {
        facts.job.get_or_insert_with(|| JobFact { name: self.job.to_string(), ..JobFact::default() });
        apply::write(self, facts).await
    }

    /// Runs the job as it was just written, once, whatever becomes of replies.
    pub(super) async fn start(
        &self,
        facts: &mut Facts,
        written: JobResource,
        overrides: Option<&Value>,
    ) -> Result<Execution, Failure> {
        start::once(self, facts, written, overrides).await
    }

    /// Watches an execution for at most `longest`. Succeeds when every task did.
    pub(super) async fn watch(
        &self,
        facts: &mut Facts,
        execution: Execution,
        longest: Duration,
    ) -> Result<Execution, Failure> {
        let last = watch::to_the_end(self, facts, execution, longest).await?;
        match last.verdict() {
            ExecutionState::Succeeded => Ok(last),
            _ => Err(failure::explain(self, facts, &last).await),
        }
    }

    /// Says which execution was begun, and where its log is, where a container runs that could write one.
    pub(super) fn say_begun(&self, execution: &Execution) {
        self.console.line(&match self.console.is_simulated() {
            true => format!("Execution {}, for which no container runs", execution.short()),
            false => format!("Execution {}; its log: {}", execution.short(), execution.log_uri()),
        });
    }

    /// What became of an execution that went well.
    pub(super) fn went_well(&self) -> &'static str {
        if self.console.is_simulated() { "is over; no container ran" } else { "succeeded" }
    }

    /// Names the job to a command of this program.
    fn flags(&self) -> String {
        format!("--job={} --region={} --project-id={}", self.job, self.region, self.http.project())
    }

    /// Where an execution's log is read.
    fn log_hint(&self, execution: &str) -> String {
        format!("Read its log: slipway logs {} --execution={execution}", self.flags())
    }

    /// A gcloud command about the job or an execution of it: what Cloud Run says of one by itself, and how one is ended,
    /// is in no command of this program.
    fn gcloud(&self, what: &str, name: &str) -> String {
        format!("gcloud run jobs {what} {name} --region={} --project={}", self.region, self.http.project())
    }

    /// Keeps something for the post step.
    fn keep_state(&self, facts: &mut Facts, name: &str, value: &str) {
        if let Err(why) = self.files.save_state(name, value) {
            self.console.warning(&why);
            facts.warnings.push(why);
        }
    }

    /// Nothing is left that a cancelled or killed run would have to end.
    pub(super) fn let_go(&self, facts: &mut Facts) {
        self.keep_state(facts, "execution_over", "true");
        if let Some(fact) = execution_fact(facts) {
            fact.over = true;
        }
    }
}

fn execution_fact(facts: &mut Facts) -> Option<&mut ExecutionFact> {
    facts.job.as_mut()?.execution.as_mut()
}

/// Keeps what a look at the execution showed.
fn note(facts: &mut Facts, execution: &Execution) {
    let Some(fact) = execution_fact(facts) else { return };
    let verdict = execution.verdict();
    fact.name = Some(execution.short().to_owned());
    fact.state = verdict.word();
    fact.over = verdict != ExecutionState::Running;
    fact.tasks = execution.tasks();
    fact.succeeded = execution.succeeded();
    fact.failed = execution.failed();
    if !execution.log_uri().is_empty() {
        execution.log_uri().clone_into(&mut fact.log_url);
    }
    if verdict == ExecutionState::Succeeded {
        fact.exit_code = Some(0);
    }
}
