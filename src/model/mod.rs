//! The words everyone uses. Pure: no room below this one.

pub mod access;
pub mod address;
pub mod age;
pub mod credentials;
pub mod dockerfile;
pub mod domain;
pub mod execution;
pub mod facts;
pub mod federation;
pub mod hosting;
pub mod ids;
pub mod image;
pub mod key;
pub mod kind;
pub mod load;
pub mod log;
pub mod own;
pub mod preview;
pub mod principal;
pub mod registry;
pub mod rotation;
pub mod secret;
pub mod secret_version;
pub mod token_file;
pub mod traffic;
pub mod watch;
