//! The action's post stage: ends what a run left behind that was cancelled or killed.

use std::sync::Arc;

use crate::cli::{Invocation, Task};
use crate::commands::deploy::inputs::resolve;
use crate::commands::rotate_secret::inputs::resolve::run as rotate_secret;
use crate::commands::{preview, release};
use crate::driver::texts::{hide, read_texts};
use crate::inputs::credentials;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::{CommandName, ELSEWHERE};
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_runner::files::state_name;

use super::left::Left;

/// The action's `post-entrypoint`: finishes what a run left behind that was cancelled or killed.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner) -> u8 {
    let word = runner.state.get("command").map(String::as_str).unwrap_or_default();
    let job = CommandName::ALL.into_iter().find(|job| job.word() == word).unwrap_or(CommandName::Deploy);
    if let CommandName::Release | CommandName::Preview = job {
        end_parts(console, runner, job).await;
        return 0;
    }
    let Some(left) = Left::of(runner) else {
        let begun = ["build_tag", "execution_job", "rollout_run", "site_project"]
            .iter()
            .any(|name| runner.state.contains_key(*name));
        console.line(if begun {
            "What this run began is over; there is nothing left to end"
        } else {
            "Nothing was begun that would have to be ended"
        });
        return 0;
    };
    // The table of sites knows every spelling of the credentials.
    let raw =
        RawInputs::collect(&CommandName::Hosting.inputs(), ELSEWHERE, &runner.inputs, &[], &mut Findings::default());
    hide(console, &raw, runner);
    let credentials = credentials::find(&raw, runner, &mut Findings::default());
    let deploy = left.rollout.as_ref().and_then(|_| {
        let invocation = Invocation { task: Task::Run(job), flags: Vec::new(), local: false };
        if job == CommandName::RotateSecret {
            let (raw, findings) = read_texts(console, runner, &invocation, job);
            return rotate_secret(&raw, runner, findings).ok().map(|resolved| resolved.meaning.deploy);
        }
        let (raw, findings) = read_texts(console, runner, &invocation, job);
        resolve::run(job, &raw, runner, findings).ok().map(|resolved| resolved.meaning)
    });
    left.end(console, runner, credentials, deploy).await;
    0
}

/// Ends what a release left behind that was cancelled or killed, part by part.
async fn end_parts(console: &Arc<Console>, runner: &Runner, command: CommandName) {
    let invocation = Invocation { task: Task::Run(command), flags: Vec::new(), local: false };
    let (raw, findings) = read_texts(console, runner, &invocation, command);
    release::hide_values(console, &raw, runner);
    let resolved = match command {
        CommandName::Preview => {
            preview::inputs::resolve::run(&raw, runner, findings).map(|resolved| resolved.meaning.release)
        }
        _ => release::inputs::resolve::run(&raw, runner, findings).map(|resolved| resolved.meaning),
    };
    let Ok(release) = resolved else {
        return console.warning("What the run began may still go on: its manifest cannot be read again");
    };
    let services = release.services.iter().map(|part| (&part.name, Some(&part.deploy), &part.deploy.credentials));
    let sites = release.sites.iter().map(|part| (&part.name, None, &part.hosting.credentials));
    for (index, (name, deploy, credentials)) in services.chain(sites).enumerate() {
        let runner = of_part(runner, index);
        let Some(left) = Left::of(&runner) else { continue };
        console.line(&format!("Part `{name}`:"));
        left.end(console, &runner, Some(credentials.clone()), deploy.cloned()).await;
    }
}

/// The runner as one part sees it: with the state that the part kept.
fn of_part(runner: &Runner, part: usize) -> Runner {
    let start = state_name(part, "");
    let state =
        runner.state.iter().filter_map(|(name, value)| Some((name.strip_prefix(&start)?.to_owned(), value.clone())));
    Runner { state: state.collect(), ..runner.clone() }
}
