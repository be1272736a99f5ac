//! Cloud Build: the request for an image, and what its answer says.

pub mod budget;
pub mod build;
pub mod changed_paths;
pub mod image;
pub mod push;
pub mod pushed;
pub mod repository;
