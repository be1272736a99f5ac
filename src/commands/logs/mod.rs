//! The logs command: shows a log. It changes nothing, so there is nothing to clean up.

pub mod inputs;
pub mod report;
pub mod run;

use crate::commands::logs::inputs::resolve::run as resolve;
use crate::commands::logs::inputs::{LogsInput, Which, Whose};
use crate::commands::logs::report::{LogsStory, headline, markdown, sentences, values};
use crate::commands::logs::run::{of_build, written};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::facts::Facts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report};
use slipway_failure::Failure;
use slipway_names::log::LogShown;

/// The logs command.
pub(crate) struct LogsCommand(LogsInput);

impl Command for LogsCommand {
    type Clients = GoogleClients;
    type Facts = (Facts, LogShown);
    type End = ();

    const TELLS_WEBHOOK: bool = false;
    const CLEANS_UP: bool = false;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self(wanted), warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        let (whose, place) = self.names();
        Some(format!("the log of {whose} in {place} of project {}", self.0.project))
    }

    fn facts(&self, _: Vec<String>) -> (Facts, LogShown) {
        Default::default()
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.0.credentials, self.0.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        (facts, shown): &mut (Facts, LogShown),
    ) -> Result<Outcome<()>, Failure> {
        let (http, console) = (&clients.http, tools.console);
        match &self.0.whose {
            Whose::Build(which, location) => of_build(http, console, which, location, facts).await?,
            Whose::Written(entries) => written(http, console, entries, shown).await?,
        }
        Ok(Outcome::Succeeded(()))
    }

    async fn afterwards(
        &self,
        tools: &Tools<'_>,
        _: &mut (Facts, LogShown),
        outcome: Outcome<()>,
        _: std::time::Instant,
    ) -> Outcome<()> {
        tools.console.end_group();
        outcome
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let (whose, place) = self.names();
        let (facts, shown) = run.facts;
        let story = LogsStory {
            whose: &whose,
            place,
            project: self.0.project.as_str(),
            account: self.0.credentials.principal.shown(),
            facts,
            shown: matches!(self.0.whose, Whose::Written(_)).then_some(shown),
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { now: sentences(&story), on: "log", ..report }
    }
}

impl LogsCommand {
    /// Whose log it is, the name between backticks, and where that lives.
    fn names(&self) -> (String, &str) {
        match &self.0.whose {
            Whose::Build(Which::Named(id), location) => (format!("build `{id}`"), location.as_str()),
            Whose::Build(Which::Latest(service), location) => {
                (format!("the last build of service `{service}`"), location.as_str())
            }
            Whose::Written(entries) => (entries.writer.words(), entries.region.as_str()),
        }
    }
}
