//! The action's post stage: ends what a run left behind that was cancelled or killed.

use std::sync::Arc;

use super::clients::{Tools, connect, files};
use super::texts::{hide, read_texts};
use crate::build::cancel;
use crate::cli::{Invocation, Task};
use crate::commands::deploy::inputs::Deploy;
use crate::commands::deploy::inputs::resolve;
use crate::commands::deploy::plan::{Marks, marks};
use crate::commands::deploy::{contexts, each_region};
use crate::commands::preview::inputs::resolve::run as preview;
use crate::commands::release::inputs::resolve::run as whole_release;
use crate::commands::rotate_secret::inputs::resolve::run as rotate_secret;
use crate::commands::{hosting, release};
use crate::facts::BuildFact;
use crate::inputs::credentials;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::spec::{CommandName, ELSEWHERE};
use crate::jobs::executions;
use crate::service::undo;
use slipway_names::credentials::Credentials;
use slipway_names::execution::ExecutionFact;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::clock::random_hex;

/// The action's `post-entrypoint`: finishes what a run left behind that was cancelled or killed.
pub(super) async fn run(console: &Arc<Console>, runner: &Runner) -> u8 {
    let word = runner.state.get("command").map(String::as_str).unwrap_or_default();
    let job = CommandName::ALL.into_iter().find(|job| job.word() == word).unwrap_or(CommandName::Deploy);
    if let CommandName::Release | CommandName::Preview = job {
        let meant = |raw: &RawInputs, findings: Findings| match job {
            CommandName::Preview => preview(raw, runner, findings).ok().map(|resolved| resolved.meaning.release),
            _ => whole_release(raw, runner, findings).ok().map(|resolved| resolved.meaning),
        };
        release::end_left(console, runner, job, meant).await;
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

/// What a run, or a part of one, may have left behind.
pub(crate) struct Left {
    build: Option<(String, BuildFact)>,
    execution: Option<(String, ExecutionFact)>,
    rollout: Option<String>,
    sites: Option<hosting::LeftSites>,
}

impl Left {
    /// By what it told; nothing where all of it is over.
    pub(crate) fn of(runner: &Runner) -> Option<Self> {
        let over = runner.state.contains_key("rollout_over");
        let left = Self {
            build: left_build(runner),
            execution: left_execution(runner),
            rollout: runner.state.get("rollout_run").filter(|_| !over).cloned(),
            sites: hosting::left(runner),
        };
        let any = left.build.is_some() || left.execution.is_some() || left.rollout.is_some() || left.sites.is_some();
        any.then_some(left)
    }

    /// Ends all of it. `deploy` is what the rollout was of.
    pub(crate) async fn end(
        self,
        console: &Arc<Console>,
        runner: &Runner,
        credentials: Option<Credentials>,
        deploy: Option<Deploy>,
    ) {
        if let Some(build) = self.build {
            end_build(console, runner, credentials.clone(), build).await;
        }
        if let Some(execution) = self.execution {
            end_execution(console, runner, credentials.clone(), execution).await;
        }
        if let Some(sites) = self.sites {
            hosting::end_left(console, runner, credentials, sites).await;
        }
        if let Some(mark) = self.rollout {
            end_rollout(console, runner, deploy, &mark).await;
        }
    }
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

/// The execution a run started, when it may still be going on: its project, and what is known of it.
fn left_execution(runner: &Runner) -> Option<(String, ExecutionFact)> {
    let state = |name: &str| runner.state.get(name).cloned();
    if state("execution_over").is_some() {
        return None;
    }
    let fact = ExecutionFact {
        job: state("execution_job")?,
        mark: state("execution_mark")?,
        name: state("execution_name"),
        ..ExecutionFact::default()
    };
    Some((state("execution_project")?, fact))
}

async fn end_build(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Option<Credentials>,
    (project, build): (String, BuildFact),
) {
    let Some(credentials) = credentials else {
        return console.warning("The build may still run: there are no credentials to cancel it with");
    };
    let clients = match connect(console, runner, credentials, &project).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The build may still run: {failure}")),
    };
    match cancel::build(&clients.http, &build).await {
        Ok(ids) if ids.is_empty() => console.line("There is no build left to cancel"),
        Ok(ids) => console.line(&format!("Cancelled what the run left behind: build {}", ids.join(", "))),
        Err(error) => console.warning(&format!("The build may still run, and could not be cancelled: {error}")),
    }
}

/// Cancels the execution that a run left behind that was killed.
async fn end_execution(
    console: &Arc<Console>,
    runner: &Runner,
    credentials: Option<Credentials>,
    (project, execution): (String, ExecutionFact),
) {
    let Some(credentials) = credentials else {
        return console.warning("The execution may still run: there are no credentials to cancel it with");
    };
    let clients = match connect(console, runner, credentials, &project).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The execution may still run: {failure}")),
    };
    match executions::cancel(&clients.http, &execution).await {
        Ok(names) if names.is_empty() => console.line("There is no execution left to cancel"),
        Ok(names) => console.line(&format!("Cancelled what the run left behind: execution {}", names.join(", "))),
        Err(error) => console.warning(&format!("The execution may still run, and could not be cancelled: {error}")),
    }
}

/// Puts the traffic back that a run left in the middle of its rollout.
async fn end_rollout(console: &Arc<Console>, runner: &Runner, deploy: Option<Deploy>, mark: &str) {
    let Some(deploy) = deploy else {
        return console.warning("The traffic may be where a rollout left it: the inputs cannot be read again");
    };
    let clients = match connect(console, runner, deploy.credentials.clone(), deploy.project.as_str()).await {
        Ok(clients) => clients,
        Err(failure) => return console.warning(&format!("The traffic may be where a rollout left it: {failure}")),
    };
    let marks = Marks { request_tag: mark.to_owned(), ..marks(&deploy, &runner.origin, &random_hex(8)) };
    let (deploys, tools) = (each_region(deploy), Tools { console, runner, files: files(runner) });
    for context in contexts(&tools, &clients, None, &marks, &deploys) {
        let deploy = context.deploy;
        match undo::left_behind(&context).await {
            Ok(None) => console.line(&format!("No rollout of this run is left in {}", deploy.region)),
            Ok(Some(told)) => console.line(&format!("Put back what the run left in {}: {told}", deploy.region)),
            Err(failure) => console.warning(&format!("The traffic may be where a rollout left it: {failure}")),
        }
    }
}
