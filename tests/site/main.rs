//! The site's room against real directories: firebase-tools' answers, hostile trees, secrets, bytes, the cache.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "some tests need a process of their own")]

use slipway_sites as site;

mod bytes;
mod cached;
mod changes;
mod globs;
mod hostile;
mod limits;
mod properties;
mod secrets;
mod support;
