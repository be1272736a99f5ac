//! The doctor: looks, and says what to mend. It changes nothing in the cloud, so nothing is cleaned up when it is stopped.

pub mod inputs;
pub mod plan;
pub mod report;
pub mod run;

use crate::commands::doctor::inputs::resolve::run as resolve;
use crate::commands::doctor::inputs::{Doctor as Wanted, Script};
use crate::commands::doctor::plan::script::script;
use crate::commands::doctor::plan::{CheckState, Finding, worst};
use crate::commands::doctor::report::{DoctorStory, headline, markdown, sentences, table, values};
use crate::commands::doctor::run::{self as doctor, DoctorContext};
use crate::driver::clients::{GoogleClients, Tools};
use crate::driver::command::{Command, Run};
use crate::driver::texts::InputTexts;
use crate::inputs::engine::Resolved;
use crate::inputs::engine::error::InputErrors;
use crate::report::{Outcome, Report, Said};
use slipway_failure::{Class, Failure};
use slipway_runner::workspace;

/// The doctor command.
pub(crate) struct DoctorCommand(Wanted);

impl Command for DoctorCommand {
    type Clients = GoogleClients;
    type Facts = Vec<Finding>;
    type End = ();

    const CLEANS_UP: bool = false;

    async fn read(texts: &mut InputTexts<'_>) -> Result<Resolved<Self>, InputErrors> {
        let wanted = resolve(&texts.raw, &texts.runner, std::mem::take(&mut texts.findings))?;
        Ok(Resolved { meaning: Self(wanted), warnings: Vec::new() })
    }

    fn title(&self) -> Option<String> {
        Some(format!("looking at project {}", self.0.project))
    }

    fn facts(&self, _: Vec<String>) -> Vec<Finding> {
        Vec::new()
    }

    async fn connect(&self, tools: &Tools<'_>) -> Result<GoogleClients, Failure> {
        tools.connect(&self.0.credentials, self.0.project.as_str()).await
    }

    async fn run(
        &self,
        tools: &Tools<'_>,
        clients: &GoogleClients,
        found: &mut Vec<Finding>,
    ) -> Result<Outcome<()>, Failure> {
        *found = doctor::run(&DoctorContext::new(&self.0, &clients.http)).await?;
        let outcome = verdict(&self.0, found);
        match self.write_script(tools, found) {
            // What was found in the project goes before.
            Err(failure) if matches!(outcome, Outcome::Succeeded(())) => Err(failure),
            _ => Ok(outcome),
        }
    }

    fn report(&self, run: &Run<'_, Self>) -> Report {
        let wanted = &self.0;
        let text = script(wanted.project.as_str(), run.facts);
        let story = DoctorStory {
            project: wanted.project.as_str(),
            region: wanted.region.as_str(),
            service: wanted.service.as_ref().map(|name| name.as_str()),
            site: wanted.site.as_ref().map(|name| name.as_str()),
            account: wanted.credentials.principal.shown(),
            run_url: run.tools.runner.origin.run_url(),
            findings: run.facts,
            script: &text,
            wanted: wanted.script != Script::None,
            printed: wanted.script == Script::Print && !run.facts.is_empty(),
            outcome: run.outcome,
            took: run.took,
        };
        let mut before: Vec<Said> = table(&story).into_iter().map(Said::Line).collect();
        if story.printed {
            before.push(Said::Title("The script that mends it, to be read and run by an owner".to_owned()));
            before.extend(story.script.lines().map(|line| Said::Foreign(line.to_owned())));
        }
        let report = Report::new(headline(&story), run.took, values(&story), markdown(&story));
        Report { before, now: sentences(&story), on: "project", ..report }
    }
}

impl DoctorCommand {
    /// Writes the script that mends what was found, where a file was asked for.
    fn write_script(&self, tools: &Tools<'_>, found: &[Finding]) -> Result<(), Failure> {
        let Script::File(path) = &self.0.script else { return Ok(()) };
        if found.is_empty() {
            return Ok(());
        }
        let text = script(self.0.project.as_str(), found);
        workspace::write(&tools.runner.workspace, path, &text).map_err(|error| {
            let sentence = format!("The script could not be written to `{}`: {error}", path.display());
            tools.console.warning(&sentence);
            Failure::plain(Class::Config, sentence)
        })?;
        tools.console.line(&format!("The script that mends what was found is in {}", path.display()));
        Ok(())
    }
}

/// Whether something is in the way; the class of the first such finding makes the exit code.
fn verdict(doctor: &Wanted, found: &[Finding]) -> Outcome<()> {
    let Some(class) = worst(found) else { return Outcome::Succeeded(()) };
    let blocking: Vec<&Finding> = found.iter().filter(|one| matches!(one.state, CheckState::Blocking(_))).collect();
    let what = match blocking.as_slice() {
        [_] => "one thing is in the way".to_owned(),
        many => format!("{} things are in the way", many.len()),
    };
    let sentence = format!("Project `{}` is not ready for a deploy: {what}", doctor.project);
    let evidence = blocking.iter().map(|one| format!("{}: {}: {}", one.area.title(), one.what, one.evidence)).collect();
    let cures = blocking.iter().flat_map(|one| {
        let commands = one.fixes.iter().map(|fix| fix.command(doctor.project.as_str()));
        commands.chain(one.cures.clone()).collect::<Vec<_>>()
    });
    Outcome::Failed(Failure::plain(class, sentence).evidence(evidence).more_hints(cures))
}
