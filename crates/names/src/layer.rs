//! A layer of an image, as a registry stores it.

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFact {
    /// Its bytes as the registry stores it.
    pub bytes: u64,
    /// The instruction that made it; empty where that is not known.
    pub made_by: String,
}
