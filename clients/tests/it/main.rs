//! Google's published clients read what the embedded cloud answers, in stories as people live them.
//!
//! A field they cannot read, a word they do not know, an operation they cannot follow is a fault of the cloud: nothing
//! in these clients was written here.

mod access;
mod builds;
#[path = "../../../tests/it/support/contract/mod.rs"]
mod contract;
mod coverage;
mod identity;
mod monitoring;
mod registry;
mod run_jobs;
mod run_pools;
mod run_services;
mod scene;
mod secrets;
mod storage;
