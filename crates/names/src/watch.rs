//! What was set up to watch a service.

/// What became of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchChange {
    /// It was made.
    Created,
    /// It was there and is now as asked.
    Updated,
    /// It was there as asked.
    Unchanged,
    /// It was removed.
    Removed,
}

impl WatchChange {
    /// One word for tables.
    pub fn word(self) -> &'static str {
        match self {
            WatchChange::Created => "created",
            WatchChange::Updated => "updated",
            WatchChange::Unchanged => "unchanged",
            WatchChange::Removed => "removed",
        }
    }
}

/// One thing that watches a service, or tells somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// `alert policy`, `uptime check`, `notification channel` or `budget`.
    pub what: &'static str,
    /// The name people know it by.
    pub shown: String,
    /// Its full name; empty for one that a plan would make.
    pub name: String,
    /// What became of it, or would.
    pub change: WatchChange,
    /// The fields that were not as asked.
    pub fields: Vec<String>,
}
