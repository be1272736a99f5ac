//! The commands of the program, a folder each: what its inputs mean, what it plans, what it does, what it reports.

pub mod deploy;
pub mod doctor;
pub mod export;
pub mod hosting;
pub mod job;
mod left;
pub mod logs;
pub mod monitoring;
mod post;
pub mod preview;
pub mod release;
pub mod rotate_key;
pub mod rotate_secret;
pub mod status;

use std::sync::Arc;

use crate::cli::{Invocation, Task};
use crate::driver::drive::drive;
use crate::driver::texts::texts;
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
        _ if hosting::is_meant(&texts(runner, to, word).0, word) => {
            drive::<hosting::HostingCommand>(console, runner, to, word).await
        }
        _ => drive::<deploy::DeployCommand>(console, runner, to, word).await,
    }
}
