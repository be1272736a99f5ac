//! One thing in the archive, reduced to what is the same on every machine.

use super::path::TreePath;

/// The hash of a file's content.
pub(super) type Sha256 = [u8; 32];

/// One entry of the archive. Owner, times and all mode bits but "the owner may execute it" are gone for good.
#[derive(Debug)]
pub(super) struct ArchiveEntry {
    pub(super) path: TreePath,
    pub(super) node: EntryKind,
}

/// What an entry is.
#[derive(Debug)]
pub(super) enum EntryKind {
    Directory,
    /// Hard links are not kept: each name becomes a file of its own, so the archive does not depend on how the tree
    /// came to be.
    File {
        executable: bool,
        size: u64,
        sha256: Sha256,
    },
    /// Stored with its target byte by byte, never followed.
    Link {
        target: Box<[u8]>,
    },
}
