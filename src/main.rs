//! The process: arguments and environment in, an exit code out.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use slipway::{cli, commands};
use slipway_runner::env::Runner;

fn main() -> ExitCode {
    let runner = Runner::from_process();
    let invocation = match cli::parse(std::env::args().collect(), runner.actions) {
        Ok(invocation) => invocation,
        Err(error) => {
            // clap's own text: help and version go to standard output, mistakes to standard error.
            let shown = if runner.color && std::io::IsTerminal::is_terminal(&std::io::stdout()) {
                error.render().ansi().to_string()
            } else {
                error.render().to_string()
            };
            let told = if error.use_stderr() {
                std::io::stderr().write_all(shown.as_bytes())
            } else {
                std::io::stdout().write_all(shown.as_bytes())
            };
            return if told.is_ok() && !error.use_stderr() { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    // One thread for what waits; packing has threads of its own.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    #[cfg(feature = "local")]
    let code = match slipway::local::prepare(invocation, runner) {
        Ok(stage) => perform(&runtime, &stage),
        Err(why) => {
            // Nobody is left to tell when even this cannot be written.
            let _unsaid = writeln!(std::io::stderr(), "error: {why}");
            2
        }
    };
    #[cfg(not(feature = "local"))]
    let code = runtime.block_on(commands::run(invocation, runner));
    // A cancelled run may leave a thread that still packs; nobody waits for it.
    runtime.shutdown_timeout(Duration::ZERO);
    ExitCode::from(code)
}

/// Runs a stage until a run ends otherwise than it is to.
#[cfg(feature = "local")]
fn perform(runtime: &tokio::runtime::Runtime, stage: &slipway::local::Stage) -> u8 {
    for run in &stage.runs {
        stage.prepare(run);
        if let Some(title) = run.title {
            // A title that cannot be shown hinders nothing.
            let _unsaid = writeln!(std::io::stdout(), "\n== {title}\n");
        }
        let code = runtime.block_on(commands::run(run.invocation.clone(), run.runner.clone()));
        if code != run.code {
            return if code == 0 { 1 } else { code };
        }
        for (index, line) in stage.visit(run).into_iter().enumerate() {
            let line = if index == 0 { format!("\n== {line}\n") } else { line };
            let _unsaid = writeln!(std::io::stdout(), "{line}");
        }
    }
    0
}
