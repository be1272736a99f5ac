//! From text to meaning. Everything that can be wrong with a setting is found in this room, so
//! that a resolved run always has a plan.

pub mod foreign;
pub mod give;

pub mod checkout;
pub mod credentials;
pub(crate) mod empty_secret;
pub mod engine;
pub mod firebase;
pub mod flags;
pub mod idle;
pub mod pull_request;
pub mod setting;
pub mod several;
pub mod spec;
pub mod webhook;

pub use engine::{error, map, raw, scalar, tree};
