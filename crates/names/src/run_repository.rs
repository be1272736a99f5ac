//! The repository that a run belongs to.

/// The repository a run belongs to, as far as the runner says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRepository {
    /// `owner/name`.
    pub name: Option<String>,
    /// Its number, which outlives renamings and is never given to another.
    pub id: Option<String>,
}
