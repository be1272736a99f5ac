//! Starting and joining threads that end before their caller returns.

use std::thread::{Builder, Scope, ScopedJoinHandle};

use super::error::PackError;

/// Starts a thread; unlike [`Scope::spawn`] it does not panic when the system has none left.
pub(super) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, PackError> {
    Builder::new().spawn_scoped(scope, run).map_err(|source| PackError::Thread { source })
}

/// Waits for the result of a thread; a panic goes on in the caller.
pub(super) fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
