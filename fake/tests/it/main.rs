//! The fake cloud, driven over raw HTTP and held against sample replies and published schemas.

mod account_keys;
mod alerts;
mod billing;
mod build_endings;
mod build_laws;
mod builds;
mod client;
// Google's contract, which the product's stories are judged by as well.
#[path = "../../../tests/it/support/contract/mod.rs"]
mod contract;
mod control;
mod data_plane;
mod domains;
mod empty;
mod executions;
mod faults;
mod federation;
mod github;
mod github_comments;
mod github_deployments;
mod hosting_channels;
mod hosting_releases;
mod hosting_scene;
mod hosting_serving;
mod hosting_sites;
mod hosting_versions;
mod iam_and_projects;
mod identity;
mod job_laws;
mod jobs;
mod logs_and_secrets;
mod metrics;
mod objects;
mod people;
mod permissions;
mod policies;
mod revisions;
mod run_v1;
mod scene;
mod service_laws;
mod services;
mod uploads;
mod worker_pools;
