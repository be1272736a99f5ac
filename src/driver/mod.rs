//! What every command runs in: its texts, the plan, signals, the deployment that GitHub shows, what is said and written at
//! the end, the webhook, the exit code.

pub(crate) mod clients;
pub(crate) mod command;
pub(crate) mod deployment;
pub(crate) mod drive;
mod notify;
pub(crate) mod pull_request;
mod signals;
pub(crate) mod tell;
pub(crate) mod texts;
