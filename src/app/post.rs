//! The action's post stage: ends what a run left behind that was cancelled or killed.

use std::sync::Arc;

use super::{Shared, connect, each_region, executions, files, hide, hosting, read_inputs};
use crate::cli::{Invocation, Task};
use crate::clock::random_hex;
use crate::console::Console;
use crate::inputs::credentials;
use crate::inputs::error::Findings;
use crate::inputs::raw::RawInputs;
use crate::inputs::resolve::Resolved;
use crate::inputs::runner::Runner;
use crate::inputs::spec::Command;
use crate::model::facts::BuildFact;
use crate::plan::decide::{Marks, marks};
use crate::steps::{cancel, undo};

/// The action's `post-entrypoint`: finishes what a run left behind that was cancelled or killed.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner) -> u8 {
    let build = left_build(runner);
    let execution = executions::left(runner);
    let rollout = runner.state.get("rollout_run").filter(|_| !runner.state.contains_key("rollout_over"));
    let sites = hosting::left(runner);
    if build.is_none() && execution.is_none() && rollout.is_none() && sites.is_none() {
        let begun = ["build_tag", "execution_job", "rollout_run", "site_project"]
            .iter()
            .any(|name| runner.state.contains_key(*name));
        console.line(if begun {
            "What this run began is over; there is nothing left to end"
        } else {
            "Nothing was begun that would have to be ended"
        });
        return 0;
    }
    let word = runner.state.get("command").map(String::as_str).unwrap_or_default();
    let job = Command::ALL.into_iter().find(|job| job.word() == word).unwrap_or(Command::Deploy);
    let invocation = Invocation { task: Task::Run(job), flags: Vec::new(), local: false };
    if let Some(build) = build {
        end_build(console, runner, build).await;
    }
    if let Some(execution) = execution {
        executions::end_left(console, runner, execution).await;
    }
    if let Some(sites) = sites {
        hosting::end_left(console, runner, sites).await;
    }
    if let Some(mark) = rollout {
        end_rollout(console, runner, &invocation, mark).await;
    }
    0
}

/// The build a run submitted, when it may still be going on.
fn left_build(runner: &Runner) -> Option<(String, BuildFact)> {
    let state = |name: &str| runner.state.get(name).cloned();
    if state("build_over").is_some() {
        return None;
    }
    let fact = BuildFact {
        tag: state("build_tag")?,
        location: state("build_location")?,
        id: state("build_id"),
        ..BuildFact::default()
    };
    Some((state("build_project")?, fact))
}

async fn end_build(console: &Arc<Console>, runner: &Runner, (project, build): (String, BuildFact)) {
    let mut findings = Findings::default();
    let raw = RawInputs::collect(&Command::Deploy.inputs(), &runner.inputs, &[], &mut Findings::default());
    hide(console, &raw, runner);
    let Some(key) = credentials::find(&raw, runner, &mut findings) else {
        return console.warning("The build may still run: there are no credentials to cancel it with");
    };
    let clients = match connect(console, runner, key, &project).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The build may still run: {failure}")),
    };
    match cancel::build(&clients.http, &build).await {
        Ok(ids) if ids.is_empty() => console.line("There is no build left to cancel"),
        Ok(ids) => console.line(&format!("Cancelled what the run left behind: build {}", ids.join(", "))),
        Err(error) => console.warning(&format!("The build may still run, and could not be cancelled: {error}")),
    }
}

/// Puts the traffic back that a run left in the middle of its rollout.
async fn end_rollout(console: &Arc<Console>, runner: &Runner, invocation: &Invocation, mark: &str) {
    let Ok(Resolved { deploy, .. }) = read_inputs(console, runner, invocation) else {
        return console.warning("The traffic may be where a rollout left it: the inputs cannot be read again");
    };
    let clients = match connect(console, runner, deploy.key.clone(), deploy.project.as_str()).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The traffic may be where a rollout left it: {failure}")),
    };
    let marks = Marks { request_tag: mark.to_owned(), ..marks(&deploy, &runner.origin, &random_hex(8)) };
    let (deploys, files) = (each_region(deploy), files(runner));
    let shared = Shared { runner, marks: &marks, clients: &clients, github: None, files: &files };
    for context in shared.contexts(console, &deploys) {
        let deploy = context.deploy;
        match undo::left_behind(&context).await {
            Ok(None) => console.line(&format!("No rollout of this run is left in {}", deploy.region)),
            Ok(Some(told)) => console.line(&format!("Put back what the run left in {}: {told}", deploy.region)),
            Err(failure) => console.warning(&format!("The traffic may be where a rollout left it: {failure}")),
        }
    }
}
