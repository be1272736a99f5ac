//! The process: arguments and environment in, an exit code out.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use slipway::inputs::runner::Runner;
use slipway::{app, cli};

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
    #[cfg(feature = "local")]
    let (runs, _cloud) = match slipway::local::prepare(invocation, runner) {
        Ok(stage) => (stage.runs, stage.cloud),
        Err(why) => {
            // Nobody is left to tell when even this cannot be written.
            let _unsaid = writeln!(std::io::stderr(), "error: {why}");
            return ExitCode::from(2);
        }
    };
    #[cfg(not(feature = "local"))]
    let runs = [(invocation, runner)];
    // One thread for what waits; packing has threads of its own.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let mut code = 0;
    for (invocation, runner) in runs {
        if code == 0 {
            code = runtime.block_on(app::run(invocation, runner));
        }
    }
    // A cancelled run may leave a thread that still packs; nobody waits for it.
    runtime.shutdown_timeout(Duration::ZERO);
    ExitCode::from(code)
}
