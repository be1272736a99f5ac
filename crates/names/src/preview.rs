//! What becomes of the things of a preview when it is removed.

/// One thing of a preview, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The thing.
    pub what: String,
    /// What became of it.
    pub end: Removed,
}

/// What became of a thing that was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is removed.
    Gone,
    /// It was not there.
    Absent,
    /// It was left on purpose, and why.
    Kept(String),
    /// It could not be removed, and why; what to do.
    Stuck(String, Vec<String>),
}

impl Removal {
    /// A sentence.
    pub fn sentence(&self) -> String {
        match &self.end {
            Removed::Gone => format!("{} is removed", self.what),
            Removed::Absent => format!("{} was not there", self.what),
            Removed::Kept(why) => format!("{} is kept: {why}", self.what),
            Removed::Stuck(why, _) => format!("{} could not be removed: {why}", self.what),
        }
    }
}
