//! Google.
pub mod cloud_build;
pub mod cloud_run;
pub mod endpoints;
pub mod error;
pub mod http;
pub mod invoker;
pub mod logging;
pub mod monitoring;
pub mod operation;
pub mod projects;
pub mod refusal;
pub mod registry;
pub mod retry;
pub mod roles;
pub mod storage;
pub mod token;
pub mod upload;
