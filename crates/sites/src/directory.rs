//! The public directory on disk: listing it with links followed, and opening what was listed.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno;

use super::error::SiteError;
use slipway_packing::disk::{EntryName, FileStat, Identity, Links, ListError, Root, file_stat};
use slipway_packing::{FileChange, printable};

/// The directory that is published. It stays open, so that it stays the same one.
#[derive(Debug)]
pub(super) struct Directory {
    root: Root,
    /// Where it is with all links resolved.
    real: PathBuf,
    /// The workspace with all links resolved.
    workspace: PathBuf,
    /// The parts of its absolute path, as absolute ignore patterns see it.
    pub(super) parts: Vec<String>,
    pub(super) identity: Identity,
}

/// Size and time of the last change of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i64,
}

impl From<FileStat> for Moment {
    fn from(stat: FileStat) -> Self {
        Self { size: stat.size, modified: stat.modified }
    }
}

impl Directory {
    /// Opens the public directory, which must lie in the workspace.
    pub(super) fn open(public: &Path, workspace: &Path) -> Result<Self, SiteError> {
        let failed = |source: io::Error| SiteError::OpenPublic { public: public.to_owned(), source };
        let root = Root::open(public).map_err(|errno| failed(errno.into()))?;
        let identity = root.stat().map_err(|errno| failed(errno.into()))?.identity;
        let real = std::fs::canonicalize(public).map_err(failed)?;
        let workspace = std::fs::canonicalize(workspace)
            .map_err(|source| SiteError::OpenWorkspace { workspace: workspace.to_owned(), source })?;
        if !real.starts_with(&workspace) {
            return Err(SiteError::PublicOutside { public: public.to_owned(), target: real });
        }
        let absolute = std::path::absolute(public).map_err(failed)?;
        Ok(Self { root, real, workspace, parts: parts(&absolute), identity })
    }

    /// The directory as the workspace knows it.
    pub(super) fn in_workspace(&self) -> &Path {
        self.real.strip_prefix(&self.workspace).unwrap_or(&self.real)
    }

    /// Everything directly in `path` (empty for the public directory itself), sorted by the bytes of the names.
    pub(super) fn list(&self, path: &str) -> Result<Vec<EntryName>, SiteError> {
        self.root.list(path.as_bytes(), Links::Followed).map_err(|error| match error {
            ListError::Directory(Errno::NOENT) => changed(path, FileChange::Vanished),
            ListError::Directory(Errno::NOTDIR) => changed(path, FileChange::Replaced),
            ListError::Directory(errno) => SiteError::List { path: shown(path), source: errno.into() },
            ListError::Name(name, errno) => {
                let above = if path.is_empty() { String::new() } else { shown(path) + "/" };
                SiteError::Inspect { path: format!("{above}{}", printable(&name)), source: errno.into() }
            }
        })
    }

    /// Whether the link `path` stays in the workspace; if not, where it leads.
    pub(super) fn check_link(&self, path: &str) -> Result<(), SiteError> {
        match std::fs::canonicalize(self.real.join(path)) {
            Ok(target) if target.starts_with(&self.workspace) => Ok(()),
            Ok(target) => Err(SiteError::LinkOutside { path: shown(path), target }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(SiteError::BrokenLink { path: shown(path) }),
            Err(source) => Err(SiteError::Inspect { path: shown(path), source }),
        }
    }

    /// Opens the file `path`, which must still be the one that was listed.
    pub(super) fn open_file(&self, path: &str, identity: Identity) -> Result<(File, Moment), SiteError> {
        let failed = |errno: Errno| match errno {
            Errno::NOENT => changed(path, FileChange::Vanished),
            Errno::NOTDIR | Errno::LOOP | Errno::NXIO => changed(path, FileChange::Replaced),
            _ => SiteError::Read { path: shown(path), source: errno.into() },
        };
        let (file, stat) = self.root.open_at(path.as_bytes(), Links::Followed).map_err(failed)?;
        if stat.kind != FileType::RegularFile || stat.identity != identity {
            return Err(changed(path, FileChange::Replaced));
        }
        Ok((File::from(file), stat.into()))
    }
}

fn changed(path: &str, change: FileChange) -> SiteError {
    SiteError::Changed { path: shown(path), change }
}

/// What an open file is now.
pub(super) fn moment(file: &File) -> io::Result<Moment> {
    Ok(file_stat(file)?.into())
}

/// A path for messages.
pub(super) fn shown(path: &str) -> String {
    printable(path.as_bytes()).to_string()
}

/// The parts of an absolute path with `.` and `..` resolved by their text, as Node does it.
fn parts(path: &Path) -> Vec<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    parts
}
