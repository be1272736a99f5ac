//! Stories: the real binary against the embedded cloud. Each compares what was printed, what was
//! written, and what is left in the world.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "tests start the binary, and signal it")]
#![expect(unreachable_pub, reason = "a test binary has no outside; `pub` says what the stories use")]

mod support;

mod access;
mod allocation;
mod billing;
mod budgets;
mod build_failures;
mod build_network;
mod build_repository;
mod builds;
mod canary;
mod cancel;
mod command_line;
mod container;
mod credentials;
mod deploy_failures;
mod deployments;
mod doctor;
mod domain;
mod dry_run;
mod embedded;
mod faults;
mod first_deploy;
mod gcloud;
mod gcloud_others;
mod github;
mod hostile;
mod hostile_credentials;
mod hosting;
mod incident;
mod inputs;
mod interrupted;
mod jobs;
mod jobs_command;
mod keyless;
mod keyless_causes;
mod logs;
mod looks;
mod manifest;
mod monitoring;
mod network;
mod notify;
mod outputs;
mod own_credentials;
mod permissions;
mod places;
mod preview;
mod previews;
mod proxy_agent;
mod quick_start;
mod real_docker;
mod redeploy;
mod regions;
mod release;
mod rollout;
mod rotate_key;
mod rotate_key_late;
mod rotate_secret;
mod runbook;
mod runners;
mod same_cures;
mod settings;
mod status;
mod switches;
mod texts;
mod token_answers;
mod transaction;
mod untrusted;
mod uploads;
mod verify;
mod worker_pools;
