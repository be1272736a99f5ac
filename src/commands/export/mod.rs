//! The export command: writes a manifest. It changes nothing in the cloud, so there is nothing to clean up.

pub mod inputs;
pub mod report;
pub mod run;

use std::path::Path;

use crate::cloud_run::document::ManifestForm;
use crate::commands::export::inputs::ExportInput;
use crate::commands::export::inputs::resolve::run as resolve;
use crate::commands::export::report::{ExportStory, headline, markdown, values};
use crate::commands::export::run::export;
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report, Said};
use slipway_failure::{Class, Failure};
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::workspace;

/// The export command.
pub(crate) struct ExportCommand(ExportInput);

impl Command for ExportCommand {
    type Clients = GoogleClients;
    /// What could not be said in the manifest.
    type Facts = Vec<String>;
    type End = ();

    const TELLS_WEBHOOK: bool = false;
    const CLEANS_UP: bool = false;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self(wanted), warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        None
    }

    fn facts(&self, _: Vec<String>) -> Vec<String> {
        Vec::new()
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.0.credentials, self.0.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        odd: &mut Vec<String>,
    ) -> Result<Outcome<()>, Failure> {
        let (file, warnings) = export(&clients.http, &self.0).await?;
        *odd = warnings;
        give(tools.console, tools.runner, &self.0, &file.text)?;
        Ok(Outcome::Succeeded(()))
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let wanted = &self.0;
        let story = ExportStory {
            what: &format!("{} `{}`", wanted.what.resource().word(), wanted.what.name()),
            region: wanted.region.as_str(),
            project: wanted.project.as_str(),
            account: wanted.credentials.principal.shown(),
            file: wanted.to.as_deref().and_then(Path::to_str),
            form: match wanted.form {
                ManifestForm::V2 => "v2",
                ManifestForm::Knative => "knative",
            },
            warnings: run.facts,
            outcome: run.outcome,
            took: run.took,
        };
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report {
            before: run.facts.iter().cloned().map(Said::Warning).collect(),
            // Who reads standard output is told nothing else when all went well.
            says_end: story.file.is_some() || !matches!(run.outcome, Outcome::Succeeded(())),
            on: "file",
            ..report
        }
    }
}

/// Writes the file, or gives it away on standard output. On the runner it stays in the workspace.
fn give(console: &Console, runner: &Runner, wanted: &ExportInput, text: &str) -> Result<(), Failure> {
    let (place, given) = match &wanted.to {
        None => ("standard output".to_owned(), console.document(text)),
        Some(path) if runner.actions => {
            (format!("`{}`", path.display()), workspace::write(&runner.workspace, path, text))
        }
        Some(path) => (format!("`{}`", path.display()), std::fs::write(runner.workspace.join(path), text)),
    };
    given.map_err(|error| {
        Failure::plain(Class::Config, format!("The file could not be written to {place}: {error}"))
            .hint("Name a file in a directory that is there, with `to`")
    })
}
