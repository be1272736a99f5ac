//! local
use crate::cli::Invocation;
use crate::inputs::runner::Runner;
/// x
pub fn prepare(invocation: Invocation, runner: Runner) -> (Invocation, Runner, Option<()>) {
    (invocation, runner, None)
}
