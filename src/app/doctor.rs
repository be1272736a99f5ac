//! The doctor: read, look, tell. It changes nothing in the cloud, so nothing is cleaned up when it is stopped.

use std::sync::Arc;
use std::time::Instant;

use super::notify;
use super::{connect, files, read_texts, stopped, tell};
use crate::cli::Invocation;
use crate::console::Console;
use crate::explain::{Class, Failure};
use crate::inputs::doctor::{Doctor, Script};
use crate::inputs::resolve::doctor::run as resolve;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::plan::doctor::script::script;
use crate::plan::doctor::{Finding, State, worst};
use crate::report::doctor::{DoctorStory, headline, markdown};
use crate::report::summary::mark;
use crate::report::{Outcome, exit_code};
use crate::steps::doctor::{self, DoctorContext};
use crate::workspace;

/// Runs the doctor to its exit code.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner, invocation: &Invocation) -> u8 {
    let begun = Instant::now();
    let (raw, findings) = read_texts(console, runner, invocation, Command::Doctor);
    let doctor = match resolve(&raw, runner, findings) {
        Ok(doctor) => doctor,
        Err(errors) => return tell::refuse(console, runner, &errors),
    };
    tell::announce(console, runner, &format!("looking at project {}", doctor.project), &[]);
    let files = files(runner);
    let (found, mut outcome) = look(console, runner, &doctor).await;
    let text = script(doctor.project.as_str(), &found);
    if let (Script::File(path), false) = (&doctor.script, found.is_empty()) {
        match workspace::write(&runner.workspace, path, &text) {
            Ok(()) => console.line(&format!("The script that mends what was found is in {}", path.display())),
            Err(error) => {
                let sentence = format!("The script could not be written to `{}`: {error}", path.display());
                console.warning(&sentence);
                // What was found in the project goes before.
                if let Outcome::Deployed(()) = outcome {
                    outcome = Outcome::Failed(Failure::plain(Class::Config, sentence));
                }
            }
        }
    }
    let story = DoctorStory {
        project: doctor.project.as_str(),
        region: doctor.region.as_str(),
        service: doctor.service.as_ref().map(|name| name.as_str()),
        site: doctor.site.as_ref().map(|name| name.as_str()),
        account: doctor.credentials.principal.shown(),
        run_url: runner.origin.run_url(),
        findings: &found,
        script: &text,
        wanted: doctor.script != Script::None,
        printed: doctor.script == Script::Print && !found.is_empty(),
        outcome: &outcome,
        took: begun.elapsed(),
    };
    let now = tell::tell_doctor(console, &files, &story);
    let headline = format!("{} {}", mark(&outcome), headline(&story));
    notify::end(console, (runner, invocation, Command::Doctor), headline, &now).await;
    tell::show(console, &outcome, || markdown(&story));
    exit_code(&outcome)
}

/// Looks until everything was seen or a signal comes.
async fn look(console: &Arc<Console>, runner: &Runner, doctor: &Doctor) -> (Vec<Finding>, Outcome<()>) {
    let clients = match connect(console, runner, doctor.credentials.clone(), doctor.project.as_str()).await {
        Ok(clients) => clients,
        Err(failure) => return (Vec::new(), Outcome::Failed(failure)),
    };
    let context = DoctorContext::new(doctor, &clients.http);
    tokio::select! {
        found = doctor::run(&context) => match found {
            Ok(found) => {
                let outcome = verdict(doctor, &found);
                (found, outcome)
            }
            Err(failure) => (Vec::new(), Outcome::Failed(failure)),
        },
        signal = stopped() => (Vec::new(), Outcome::Cancelled(signal)),
    }
}

/// Whether something is in the way; the class of the first such finding makes the exit code.
fn verdict(doctor: &Doctor, found: &[Finding]) -> Outcome<()> {
    let Some(class) = worst(found) else { return Outcome::Deployed(()) };
    let blocking: Vec<&Finding> = found.iter().filter(|one| matches!(one.state, State::Blocking(_))).collect();
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
