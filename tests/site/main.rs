//! The site's room against real directories: firebase-tools' answers, hostile trees, secrets, bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use slipway::site;

mod globs;
mod support;
