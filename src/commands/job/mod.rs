//! The job command: writes a job, runs it, waits for its end.

pub mod inputs;
pub mod plan;
pub mod report;
pub mod run;

use super::deploy::{contexts, end_build};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};

use crate::commands::deploy::plan::{Marks, marks};
use crate::commands::job::inputs::resolve::run as resolve;
use crate::commands::job::inputs::{Job as Wanted, JobImage};
use crate::commands::job::plan::steps;
use crate::commands::job::report::{JobStory, headline, markdown, sentences, values};
use crate::commands::job::run::{self as run_job, JobContext};
use crate::driver::texts::InputTexts;
use crate::facts::Facts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::inputs::pull_request::head_of_merge;
use crate::jobs::executions;
use crate::report::{Outcome, Report};
use crate::step::PlannedStep;
use crate::step::StepState;
use slipway_failure::Failure;
use slipway_names::execution::JobEnd;
use slipway_wire::clock::random_hex;

/// The job command.
pub(crate) struct JobCommand {
    wanted: Wanted,
    plan: Vec<PlannedStep>,
    /// What its execution is found by.
    mark: String,
    /// What marks the build of its image, where there is one.
    build: Option<Marks>,
}

impl Command for JobCommand {
    type Clients = GoogleClients;
    type Facts = Facts;
    type End = JobEnd;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let resolved = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        let origin = &texts.runner.origin;
        let build = match &resolved.meaning.image {
            JobImage::Built(deploy) => Some(marks(deploy, origin, &random_hex(8))),
            _ => None,
        };
        let mark = format!("req_{}", random_hex(8));
        let command = Self { plan: steps(&resolved.meaning, origin), mark, build, wanted: resolved.meaning };
        Ok(Resolved { meaning: command, warnings: resolved.warnings })
    }

    fn title(&self) -> Option<String> {
        let job = &self.wanted;
        let verb = match &job.run {
            _ if job.dry_run => "plan for job",
            Some(_) => "running job",
            None => "updating job",
        };
        Some(format!("{verb} {} in {} of project {}", job.name, job.region, job.project))
    }

    fn plan(&self) -> &[PlannedStep] {
        &self.plan
    }

    fn is_dry_run(&self) -> bool {
        self.wanted.dry_run
    }

    fn facts(&self, warnings: Vec<String>) -> Facts {
        Facts { warnings, ..Facts::default() }
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.wanted.credentials, self.wanted.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        facts: &mut Facts,
    ) -> Result<Outcome<JobEnd>, Failure> {
        let builds = match (&self.wanted.image, &self.build) {
            (JobImage::Built(deploy), Some(marks)) => {
                contexts(tools, clients, None, marks, std::slice::from_ref(deploy.as_ref())).pop()
            }
            _ => None,
        };
        let (job, mark, http) = (&self.wanted, self.mark.as_str(), &clients.http);
        let context = JobContext { job, mark, http, console: tools.console, files: &tools.files, builds };
        if self.wanted.dry_run {
            return run_job::rehearse(&context, facts).await.map(Outcome::Planned);
        }
        run_job::run(&context, facts).await.map(Outcome::Succeeded)
    }

    async fn tidy_up(&self, tools: &Tools<'_>, clients: &GoogleClients, facts: &mut Facts) {
        facts.end(StepState::Cancelled, "interrupted");
        executions::end(&clients.http, tools.console, &tools.files, facts).await;
        end_build(&clients.http, tools.console, &tools.files, facts).await;
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let (job, origin) = (&self.wanted, &run.tools.runner.origin);
        let head = head_of_merge(origin);
        let story = JobStory {
            job: job.name.as_str(),
            region: job.region.as_str(),
            project: job.project.as_str(),
            account: job.credentials.principal.shown(),
            commit: origin.sha.as_deref(),
            head: head.as_deref(),
            run_url: origin.run_url(),
            plan: &self.plan,
            facts: run.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { now: sentences(&story), on: "job", ..report }
    }
}
