//! The hallway: read, decide, do, tell. The only room with doors to all the others.

mod clients;
mod command;
mod deploy;
mod deployment;
mod doctor;
mod driver;
mod executions;
mod export;
mod hosting;
mod job;
mod logs;
mod monitoring;
mod notify;
mod post;
mod preview;
mod pull_request;
mod release;
mod removal;
mod rotate_key;
mod rotate_secret;
mod signals;
mod status;
mod tell;
mod texts;
mod whose;

use std::sync::Arc;

use driver::drive;

use crate::cli::{Invocation, Task};
use crate::console::Console;
use crate::explain::Class;
use crate::inputs::flags;
use crate::inputs::runner::Runner;
use crate::inputs::spec::CommandName;
use crate::inputs::spec::deploy::name;

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
        CommandName::Job => drive::<job::JobCommand>(console, runner, to, word).await,
        CommandName::Release => drive::<release::ReleaseCommand>(console, runner, to, word).await,
        CommandName::Doctor => drive::<doctor::DoctorCommand>(console, runner, to, word).await,
        CommandName::RotateKey => drive::<rotate_key::RotateKeyCommand>(console, runner, to, word).await,
        CommandName::RotateSecret => drive::<rotate_secret::RotateSecretCommand>(console, runner, to, word).await,
        CommandName::Preview => drive::<preview::PreviewCommand>(console, runner, to, word).await,
        CommandName::Monitoring => drive::<monitoring::MonitoringCommand>(console, runner, to, word).await,
        CommandName::Status => drive::<status::StatusCommand>(console, runner, to, word).await,
        CommandName::Logs => drive::<logs::LogsCommand>(console, runner, to, word).await,
        CommandName::Export => {
            if !to.flags.iter().any(|(name, _)| *name == "to") && !runner.actions {
                console.step_aside();
            }
            drive::<export::ExportCommand>(console, runner, to, word).await
        }
        // What was given says whether a rollback or a promotion is about a service or a site.
        _ if hosting::is_meant(&texts::texts(runner, to, word).0, word) => {
            drive::<hosting::HostingCommand>(console, runner, to, word).await
        }
        _ => drive::<deploy::DeployCommand>(console, runner, to, word).await,
    }
}
