//! Slipway ships services and sites to Google Cloud from GitHub Actions.
//!
//! `main` reads arguments and environment; the [`driver`] carries out one of the [`commands`]. What several commands need
//! lies beside them: [`inputs`], [`build`], [`jobs`], [`service`], [`report`], and the documents in [`cloud_run`] and
//! [`cloud_build`]. What knows no command is a crate of its own in `crates/`. `ARCHITECTURE.md` tells the same with
//! reasons.

#![deny(dead_code)]

pub mod build;
pub mod cli;
pub mod cloud_build;
pub mod cloud_run;
pub mod commands;
pub mod driver;
pub mod facts;
pub mod inputs;
pub mod jobs;
#[cfg(feature = "local")]
pub mod local;
pub mod probe;
pub mod report;
pub mod service;
pub mod step;
