//! The commands of the program, a folder each: what its inputs mean, what it plans, what it does, what it reports.

pub mod deploy;
pub mod doctor;
pub mod export;
pub mod hosting;
pub mod job;
pub mod logs;
pub mod monitoring;
pub mod preview;
pub mod release;
pub mod rotate_key;
pub mod rotate_secret;
pub mod status;
