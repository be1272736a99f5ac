//! The monitoring command: sets up what watches a service, or removes it.

pub mod inputs;
pub mod plan;
pub mod report;
pub mod run;
pub mod spending;

use crate::commands::monitoring::inputs::Monitoring as Wanted;
use crate::commands::monitoring::inputs::resolve::run as resolve;
use crate::commands::monitoring::report::{MonitoringStory, differences, headline, markdown, sentences, values};
use crate::commands::monitoring::run::{self as monitoring, MonitoringContext};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report};
use slipway_failure::Failure;
use slipway_names::watch::Watch;

/// The monitoring command.
pub(crate) struct MonitoringCommand(Wanted);

impl Command for MonitoringCommand {
    type Clients = GoogleClients;
    type Facts = Vec<Watch>;
    type End = ();

    /// What was made before a signal stays; the next run finds it by its labels and goes on.
    const CLEANS_UP: bool = false;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self(wanted), warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        let wanted = &self.0;
        let verb = match (wanted.dry_run, wanted.absent) {
            (true, _) => "plan for the monitoring of",
            (false, true) => "removing the monitoring of",
            (false, false) => "setting up the monitoring of",
        };
        Some(format!("{verb} {} in {} of project {}", wanted.service, wanted.region, wanted.project))
    }

    fn is_dry_run(&self) -> bool {
        self.0.dry_run
    }

    fn facts(&self, _: Vec<String>) -> Vec<Watch> {
        Vec::new()
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.0.credentials, self.0.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        done: &mut Vec<Watch>,
    ) -> Result<Outcome<()>, Failure> {
        let context = MonitoringContext { wanted: &self.0, http: &clients.http, console: tools.console };
        monitoring::run(&context, done).await?;
        Ok(if self.0.dry_run { Outcome::Planned(differences(done)) } else { Outcome::Succeeded(()) })
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let story = MonitoringStory {
            service: self.0.service.as_str(),
            region: self.0.region.as_str(),
            project: self.0.project.as_str(),
            account: self.0.credentials.principal.shown(),
            absent: self.0.absent,
            done: run.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { now: sentences(&story), on: "monitoring", ..report }
    }
}
