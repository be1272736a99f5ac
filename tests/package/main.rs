//! The packer against real directories: hostile trees, changes under its hands, three other readers, and git.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "other programs judge the archives")]
#![expect(clippy::print_stderr, reason = "a skipped test says why")]

use slipway_packing as package;

mod archive;
mod changes;
mod choice;
mod git_oracle;
mod hostile;
mod limits;
mod properties;
mod readers;
mod secrets;
mod support;
