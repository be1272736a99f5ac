//! From text to meaning. Everything that can be wrong with a setting is found in this room, so
//! that a resolved run always has a plan.

pub mod build;
pub mod checkout;
pub mod credentials;
pub mod deploy;
pub mod doctor;
mod empty_secret;
pub mod error;
pub mod export;
pub mod firebase;
pub mod flags;
pub mod hosting;
pub mod idle;
pub mod job;
pub mod logs;
pub mod manifest;
pub mod map;
pub mod monitoring;
pub mod preview;
pub mod pull_request;
pub mod raw;
pub mod release;
pub mod resolve;
pub mod rotate_key;
pub mod rotate_secret;
pub mod runner;
pub mod scalar;
pub mod setting;
pub mod several;
pub mod spec;
pub mod status;
pub mod tree;
pub mod webhook;
mod yaml;
