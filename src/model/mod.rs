//! The words everyone uses. Pure: no room below this one.

pub mod domain;
pub mod execution;
pub mod facts;
pub mod hosting;
pub mod ids;
pub mod image;
pub mod key;
pub mod kind;
pub mod preview;
pub mod secret;
pub mod traffic;
