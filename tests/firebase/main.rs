//! `firebase.json` and `.firebaserc` against firebase-tools itself, what is said about mistakes, what holds for any
//! text, and the table in the documents.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the switch to write the document instead of comparing is a variable")]

mod differences;
mod differential;
mod document;
mod mistakes;
mod properties;
