//! What a run that was cancelled or killed may have left behind, and ending it.

use std::sync::Arc;

use crate::build::cancel;
use crate::commands::deploy::inputs::Deploy;
use crate::commands::deploy::plan::{Marks, marks};
use crate::commands::deploy::{contexts, each_region};
use crate::commands::hosting;
use crate::driver::clients::{Tools, connect, files};
use crate::facts::BuildFact;
use crate::jobs::executions;
use crate::service::undo;
use slipway_names::credentials::Credentials;
use slipway_names::execution::ExecutionFact;
use slipway_runner::Console;
use slipway_runner::env::Runner;
use slipway_wire::clock::random_hex;

/// What a run, or a part of one, may have left behind.
pub(crate) struct Left {
    build: Option<(String, BuildFact)>,
    execution: Option<(String, ExecutionFact)>,
    pub(crate) rollout: Option<String>,
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
