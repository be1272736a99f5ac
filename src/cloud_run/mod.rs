//! Cloud Run's documents: a service, a job or a worker pool as JSON, edited without losing what is not known; traffic; manifests.

pub mod allocation;
pub mod base;
pub mod besides;
pub mod change_error;
pub mod containers;
pub mod defaults;
pub mod difference;
pub mod document;
pub mod edits;
pub mod enrolment;
pub mod export;
pub mod fields;
pub mod job;
pub mod manifest;
pub mod mounts;
pub mod network;
pub mod notes;
pub mod own_names;
pub mod port;
pub mod read_only;
pub mod regions;
pub mod rollout;
pub mod rotation;
#[cfg(test)]
mod round_trip;
pub mod secret_refs;
pub mod service;
pub mod service_level;
pub mod template;
pub mod variables;
pub mod volumes;
pub mod wanted;
pub mod worker_pool;
