//! The hallway: read, decide, do, tell. The only room with doors to all the others.

pub mod drive;

pub(crate) mod clients;
pub(crate) mod command;
pub(crate) mod deployment;
mod notify;
pub(crate) mod post;
pub(crate) mod pull_request;
mod signals;
pub(crate) mod tell;
pub(crate) mod texts;

use std::sync::Arc;

use crate::driver::drive::drive;

use crate::cli::{Invocation, Task};
use crate::inputs::flags;
use crate::inputs::spec::CommandName;
use crate::inputs::spec::deploy::name;
use slipway_failure::Class;
use slipway_runner::Console;
use slipway_runner::env::Runner;

/// Runs an invocation to its exit code.
pub async fn run(mut invocation: Invocation, mut runner: Runner) -> u8 {
    if let Some((_, path)) = invocation.flags.iter().find(|(name, _)| *name == name::CA_CERTIFICATES.text()) {
        runner.extra_roots = Some(path.into());
    }
    runner.extra_roots = runner.extra_roots.map(|path| runner.workspace.join(path));
    if invocation.task == Task::Run(CommandName::Deploy) && flags::becomes_job(&mut runner.inputs) {
        invocation.task = Task::Run(CommandName::Job);
    }
    let console = Arc::new(Console::new(runner.actions, runner.color, runner.embedded));
    match start(&console, &runner, invocation).await {
        // Whoever builds on the outputs of a green step must find them.
        0 if console.are_outputs_lost() => Class::Infrastructure.exit_code(),
        code => code,
    }
}

async fn start(console: &Arc<Console>, runner: &Runner, invocation: Invocation) -> u8 {
    let word = match invocation.task {
        Task::Run(word) => word,
        Task::Plan => CommandName::Deploy,
        Task::Post => return post::run(console, runner).await,
        // `main` turns a demonstration into a deploy before it comes here.
        Task::Demo(_) => return Class::Internal.exit_code(),
    };
    let to = &invocation;
    match word {
        CommandName::Job => drive::<crate::commands::job::JobCommand>(console, runner, to, word).await,
        CommandName::Release => drive::<crate::commands::release::ReleaseCommand>(console, runner, to, word).await,
        CommandName::Doctor => drive::<crate::commands::doctor::DoctorCommand>(console, runner, to, word).await,
        CommandName::RotateKey => {
            drive::<crate::commands::rotate_key::RotateKeyCommand>(console, runner, to, word).await
        }
        CommandName::RotateSecret => {
            drive::<crate::commands::rotate_secret::RotateSecretCommand>(console, runner, to, word).await
        }
        CommandName::Preview => drive::<crate::commands::preview::PreviewCommand>(console, runner, to, word).await,
        CommandName::Monitoring => {
            drive::<crate::commands::monitoring::MonitoringCommand>(console, runner, to, word).await
        }
        CommandName::Status => drive::<crate::commands::status::StatusCommand>(console, runner, to, word).await,
        CommandName::Logs => drive::<crate::commands::logs::LogsCommand>(console, runner, to, word).await,
        CommandName::Export => {
            if !to.flags.iter().any(|(name, _)| *name == "to") && !runner.actions {
                console.step_aside();
            }
            drive::<crate::commands::export::ExportCommand>(console, runner, to, word).await
        }
        // What was given says whether a rollback or a promotion is about a service or a site.
        _ if crate::commands::hosting::is_meant(&texts::texts(runner, to, word).0, word) => {
            drive::<crate::commands::hosting::HostingCommand>(console, runner, to, word).await
        }
        _ => drive::<crate::commands::deploy::DeployCommand>(console, runner, to, word).await,
    }
}
