//! From a source directory to an image and its digest: packed, uploaded, built, watched.

pub mod budget;
pub mod build_cures;
pub mod build_failure;
pub mod build_log;
pub mod cancel;
pub mod follow;
pub mod image;
pub mod log_view;
pub mod resolve;
pub mod seen;
pub mod submit;
pub mod upload;
