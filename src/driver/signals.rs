//! A run that is stopped from outside: which signals there are, and the time that is left for cleaning up.

use std::pin::Pin;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use slipway_runner::Console;

/// From the signal to the end the runner gives ten seconds; cleaning up gets less than four.
const CLEAN_UP: Duration = Duration::from_millis(3500);

/// Gives cleaning up the time there is. A second signal ends it.
pub(super) async fn in_time(work: Work<'_, ()>) {
    tokio::select! {
        _ = tokio::time::timeout(CLEAN_UP, work) => {}
        _ = stopped() => {}
    }
}

/// The steps of a run, behind a pointer: what a future holds is part of it, and these are the deepest.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Runs `work` until it ends or a signal comes, whose name is then given back. A signal drops the work, which ends its
/// requests; what it knows stands in the facts.
pub(super) async fn until_stopped<T>(console: &Console, work: Work<'_, T>) -> Result<T, &'static str> {
    let signal = tokio::select! {
        ended = work => return Ok(ended),
        signal = stopped() => signal,
    };
    console.end_group();
    console.line(&format!("Cancelled by {signal}: cleaning up"));
    Err(signal)
}

/// Waits for a signal. PID 1 has no default for any of them, so each is asked for.
pub(super) async fn stopped() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    }
}
