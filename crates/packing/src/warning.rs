//! What the reader of the log should know about a tree that is packed all the same.

use std::fmt;

use super::path::{PrintablePath, TreePath};

/// One oddity of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A FIFO: not packed, and not opened, because that could wait for ever.
    SkippedFifo(TreePath),
    /// A socket: not packed.
    SkippedSocket(TreePath),
    /// A link to an absolute path: stored, but in the build it leads to the builder's own files or nowhere.
    AbsoluteLink(TreePath, LinkTarget),
    /// A link out of the packed directory: stored, but in the build it leads nowhere.
    EscapingLink(TreePath, LinkTarget),
    /// A link to nothing, or round in a circle: stored as it is.
    BrokenLink(TreePath, LinkTarget),
    /// A file that often holds a secret, packed because the ignore rules let it through.
    PrivateFile(TreePath),
}

/// Where a link points: any bytes, displayed like a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget(pub(super) Box<[u8]>);

impl fmt::Display for LinkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PrintablePath(&self.0).fmt(f)
    }
}

impl Warning {
    /// What the warning is about.
    pub fn path(&self) -> &TreePath {
        match self {
            Warning::SkippedFifo(path)
            | Warning::SkippedSocket(path)
            | Warning::AbsoluteLink(path, _)
            | Warning::EscapingLink(path, _)
            | Warning::BrokenLink(path, _)
            | Warning::PrivateFile(path) => path,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::SkippedFifo(path) => write!(f, "`{path}` is a FIFO and was not packed"),
            Warning::SkippedSocket(path) => write!(f, "`{path}` is a socket and was not packed"),
            Warning::AbsoluteLink(path, target) => {
                write!(f, "`{path}` links to the absolute path `{target}`, which is another place in the build")
            }
            Warning::EscapingLink(path, target) => {
                write!(f, "`{path}` links to `{target}`, outside the source directory, which the build does not have")
            }
            Warning::BrokenLink(path, target) => {
                write!(f, "`{path}` links to `{target}`, which does not exist or leads back to the link")
            }
            Warning::PrivateFile(path) => {
                write!(f, "`{path}` may hold a secret and is packed; name it in `.gcloudignore` to leave it out")
            }
        }
    }
}
