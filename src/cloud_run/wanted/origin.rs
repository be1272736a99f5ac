//! Where the image that a container gets comes from.

/// Where an image comes from: what Google does with it by itself may end with that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageOrigin {
    /// It is there; what it has inside cannot be told by its name.
    There,
    /// It was built by the run.
    Built {
        /// Whether it is known to have its base inside.
        brings_base: bool,
    },
}
