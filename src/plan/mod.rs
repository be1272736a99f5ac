//! What will be done, as values that can be printed and compared. Nothing here can fail for a
//! reason outside the inputs, and nothing touches the world.

pub mod allocation;
pub mod base;
pub mod besides;
pub mod budget;
pub mod build;
pub mod change_error;
pub mod changed_paths;
mod containers;
pub mod decide;
mod defaults;
pub mod difference;
pub mod doctor;
mod edits;
pub mod enrolment;
pub mod export;
pub mod job;
pub mod job_steps;
pub mod manifest;
pub mod monitoring;
mod mounts;
mod network;
pub mod notes;
#[cfg(test)]
mod one_field;
mod port;
pub mod pre_deploy;
pub mod preview;
pub mod push;
pub mod pushed;
pub mod reach;
pub mod regions;
pub mod released;
pub mod repository;
pub mod rollout;
pub mod rotate_key;
pub mod rotate_secret;
pub mod secret_refs;
pub mod service;
pub mod service_level;
pub mod serving;
pub mod site_steps;
pub mod spending;
mod variables;
mod volumes;
pub mod worker_pool;
