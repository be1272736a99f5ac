//! Stories: the real binary against the embedded cloud. Each compares what was printed, what was
//! written, and what is left in the world.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests start the binary, and signal it")]

mod support;

mod first_deploy;
