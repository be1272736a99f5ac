//! A change of one field of the document of a service, a worker pool or a job.

use serde_json::Value;

/// Where in the document of a service, worker pool or job a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// On the whole: it holds for all revisions at once.
    Service,
    /// In the template of a job's executions.
    Execution,
    /// In the template of a revision, or of a job's tasks.
    Template,
    /// In a container.
    Container,
}

/// A change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The input that asks for it.
    pub input: &'static str,
    /// Where the field stands.
    pub at: At,
    /// The field, from there on.
    pub path: &'static [&'static str],
    /// What it becomes; `None` takes it away.
    pub value: Option<Value>,
}
