//! What requests to Google and to GitHub have in common: when one may be sent again, how much of an answer is read,
//! and what a broken connection says.

pub mod clock;
pub mod net;

pub mod body;
pub mod repeat;
pub mod trouble;
