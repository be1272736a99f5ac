//! The export command: read, write a file, tell. It changes nothing in the cloud, so there is nothing to clean up.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::{connect, files, read_texts, stopped, tell};
use crate::cli::Invocation;
use crate::console::Console;
use crate::explain::{Class, Failure};
use crate::inputs::export::ExportInput;
use crate::inputs::manifest::Form;
use crate::inputs::resolve::export::run as resolve;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::report::export::{ExportStory, markdown};
use crate::report::{Outcome, exit_code};
use crate::steps::export::export;
use crate::workspace;

/// Runs the export command to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    if !invocation.flags.iter().any(|(name, _)| *name == "to") && !runner.actions {
        console.step_aside();
    }
    let (raw, findings) = read_texts(console, runner, invocation, Command::Export);
    let wanted = match resolve(&raw, runner, findings) {
        Ok(wanted) => wanted,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    let mut warnings = Vec::new();
    let work = async {
        let clients = connect(console, runner, wanted.credentials.clone(), wanted.project.as_str()).await?;
        let (file, odd) = export(&clients.http, &wanted).await?;
        warnings = odd;
        give(console, runner, &wanted, &file.text)
    };
    let outcome = tokio::select! {
        outcome = work => outcome.map_or_else(Outcome::Failed, Outcome::Deployed),
        signal = stopped() => Outcome::Cancelled(signal),
    };
    warnings.iter().for_each(|warning| console.warning(warning));
    let story = ExportStory {
        what: &format!("{} `{}`", wanted.what.resource().word(), wanted.what.name()),
        region: wanted.region.as_str(),
        project: wanted.project.as_str(),
        account: wanted.credentials.principal.shown(),
        file: wanted.to.as_deref().and_then(Path::to_str),
        form: match wanted.form {
            Form::V2 => "v2",
            Form::Knative => "knative",
        },
        warnings: &warnings,
        outcome: &outcome,
        took: begun.elapsed(),
    };
    tell::tell_export(console, &files(runner), &story);
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
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
