//! The monitoring command: sets up what watches a service, or removes it.

use super::clients::{GoogleClients, Tools};
use super::command::{Command, Run};
use super::texts::InputTexts;
use crate::explain::Failure;
use crate::inputs::engine::Resolved;
use crate::inputs::error::InputErrors;
use crate::inputs::monitoring::Monitoring as Wanted;
use crate::inputs::resolve::monitoring::run as resolve;
use crate::model::watch::Watch;
use crate::report::monitoring::{MonitoringStory, differences, headline, markdown, sentences, values};
use crate::report::{Outcome, Report};
use crate::steps::monitoring::{self, MonitoringContext};

/// The monitoring command.
pub(super) struct MonitoringCommand(Wanted);

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
