//! Slipway ships services and sites to Google Cloud from GitHub Actions.
//!
//! One way through the house: `cli` and the environment give texts, [`inputs`] gives them meaning,
//! [`plan`] decides, `steps` do it (using `google`, `probe`, `github`), `report` tells, and only
//! `console` prints. `model` holds the words everyone uses, [`explain`] what every error owes its
//! reader, `app` is the hallway. `ARCHITECTURE.md` tells the same with reasons; `tests/architecture.rs`
//! keeps who may import whom.

#![deny(dead_code)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod console;
pub mod explain;
pub mod github;
pub mod google;
pub mod inputs;
#[cfg(feature = "local")]
pub mod local;
pub mod model;
pub mod net;
pub mod package;
pub mod plan;
pub mod probe;
pub mod report;
pub mod site;
pub mod steps;
pub mod wire;
pub mod workspace;
