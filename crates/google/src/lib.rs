//! Google.

#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::string_slice, reason = "what answers hold may be anything")
)]
pub mod account_keys;
mod acting;
pub mod billing;
mod call;
pub mod cloud_build;
pub mod cloud_run;
pub mod domains;
mod enabling;
pub mod endpoints;
pub mod error;
pub mod executions;
mod federation;
pub mod federation_error;
mod granted;
pub mod grants;
pub mod hosting;
pub mod http;
mod iap;
pub mod identity;
pub mod invoker;
pub mod jobs;
mod key_token;
pub mod layers;
pub mod locations;
pub mod logging;
mod metadata;
pub mod monitoring;
pub mod operation;
pub mod organisation;
mod own_token;
pub mod patience;
pub mod policies;
pub mod projects;
pub mod refusal;
pub mod registry;
pub mod roles;
pub mod secret_versions;
pub mod services;
pub mod storage;
pub mod token;
mod token_endpoint;
mod token_error;
pub mod upload;
