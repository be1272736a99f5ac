//! The status command: what a service does and had to do. It changes nothing, so there is nothing to clean up.

pub mod inputs;
pub mod report;
pub mod run;

use crate::commands::status::inputs::StatusInput;
use crate::commands::status::inputs::resolve::run as resolve;
use crate::commands::status::report::{StatusStory, headline, lines, markdown, values};
use crate::commands::status::run::status;
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report, Said};
use slipway_failure::Failure;
use slipway_names::load::ServiceStatus as Found;

/// The status command.
pub(crate) struct StatusCommand(StatusInput);

impl Command for StatusCommand {
    type Clients = GoogleClients;
    type Facts = ();
    type End = Found;

    const TELLS_WEBHOOK: bool = false;
    const CLEANS_UP: bool = false;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self(wanted), warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        None
    }

    fn facts(&self, _: Vec<String>) {}

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.0.credentials, self.0.project.as_str()).await
    }

    async fn run(&self, _: &Tools<'_>, clients: &GoogleClients, (): &mut ()) -> Result<Outcome<Found>, Failure> {
        status(&clients.http, &self.0).await.map(Outcome::Succeeded)
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let story = StatusStory {
            service: self.0.service.as_str(),
            region: self.0.region.as_str(),
            project: self.0.project.as_str(),
            account: self.0.credentials.principal.shown(),
            outcome: run.outcome,
            took: run.took,
        };
        let mut report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        if let Outcome::Succeeded(found) = run.outcome {
            report.title = format!("{} in {} of project {}", report.headline, story.region, story.project);
            report.after = lines(found).into_iter().map(Said::Line).collect();
            let missing = found.unread.as_ref().map(|(why, _)| format!("The measurements are missing: {why}"));
            report.after.extend(missing.map(Said::Warning));
        }
        report
    }
}
