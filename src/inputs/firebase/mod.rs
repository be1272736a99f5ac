//! Firebase's own files: `firebase.json` says what a Hosting site serves, `.firebaserc` which site is meant.
//! Texts come in and meaning goes out; nothing here reads a file or asks anybody.
//!
//! The rules are those of firebase-tools 15. `tests/firebase/` holds this room against its answers and lists
//! where the two differ, with the reason.

pub mod channel;
mod choose;
mod document;
mod fill;
pub mod keys;
mod mistake;
mod node;
mod parse;
mod rc;
mod regex;
mod rewrites;
mod site;

pub use choose::{Chosen, choose};
pub use mistake::JsonMistake;
pub use parse::{FirebaseJson, parse, parse_with, without};
pub use rc::{FirebaseRc, parse_rc};
pub use site::{
    AppAssociation, DEFAULT_REGION, HeaderRule, Pattern, Redirect, Rewrite, RewriteTarget, Serving, SiteChoice,
    SiteConfig,
};
