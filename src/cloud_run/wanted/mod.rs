//! What Cloud Run can be asked for, once every question about it is answered: a library that knows neither commands nor
//! inputs, and of the rest of the program only the words of `model`.

pub mod check;
pub mod edit;
pub mod job;
pub mod marks;
pub mod names;
pub mod origin;
pub mod place;
pub mod repoint;
pub mod rollout;
pub mod settings;
pub mod traffic;
