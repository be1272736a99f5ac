//! Who may call a service: what a run changes there, so that it can be taken back.

use serde_json::Value;

/// What a run does to the invoker bindings of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// `allUsers` is added.
    Opens,
    /// These bindings are taken away: role, members, and a condition where there is one.
    Closes(Vec<Value>),
}
