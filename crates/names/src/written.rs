//! Whether a write that was asked for has happened: what every kind of fact says of its own write.

/// Whether a write has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Written {
    /// Nothing was sent.
    #[default]
    No,
    /// It was sent and no answer came yet.
    Unknown,
    /// Google confirmed it.
    Yes,
}
