//! The public directory on disk: listing it with links followed, and opening what was listed.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::error::SiteError;
use crate::package::{Change, printable};

/// The directory that is published. It stays open, so that it stays the same one.
#[derive(Debug)]
pub(super) struct Directory {
    root: OwnedFd,
    /// Where it is with all links resolved.
    real: PathBuf,
    /// The workspace with all links resolved.
    workspace: PathBuf,
    /// The parts of its absolute path, as absolute ignore patterns see it.
    pub(super) parts: Vec<String>,
    pub(super) identity: Identity,
}

/// What a file is called by the system, under whatever names: its device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

/// Size and time of the last change of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i64,
}

/// One name in a directory.
pub(super) struct Child {
    pub(super) name: Box<[u8]>,
    pub(super) is_link: bool,
    /// What it is or leads to; nothing for a link to nothing.
    pub(super) target: Option<Target>,
}

/// What a name leads to.
pub(super) struct Target {
    pub(super) kind: FileType,
    pub(super) identity: Identity,
    pub(super) moment: Moment,
}

impl From<&Stat> for Target {
    fn from(stat: &Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(stat.st_mode),
            identity: Identity(stat.st_dev, stat.st_ino),
            moment: Moment {
                size: stat.st_size as u64,
                modified: stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as i64),
            },
        }
    }
}

/// The identities of files; those that do not exist are not in the directory either.
pub(super) fn identities(paths: &[PathBuf]) -> Vec<Identity> {
    paths.iter().filter_map(|path| rustix::fs::stat(path).ok()).map(|stat| Target::from(&stat).identity).collect()
}

impl Directory {
    /// Opens the public directory, which must lie in the workspace.
    pub(super) fn open(public: &Path, workspace: &Path) -> Result<Self, SiteError> {
        let failed = |source: io::Error| SiteError::OpenPublic { public: public.to_owned(), source };
        let root = openat(CWD, public, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| failed(errno.into()))?;
        let identity = Target::from(&fstat(&root).map_err(|errno| failed(errno.into()))?).identity;
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
    pub(super) fn list(&self, path: &str) -> Result<Vec<Child>, SiteError> {
        let failed = |errno: Errno| SiteError::List { path: shown(path), source: errno.into() };
        let place = if path.is_empty() { "." } else { path };
        let fd =
            openat(&self.root, place, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(
                |errno| match errno {
                    Errno::NOENT => SiteError::Changed { path: shown(path), change: Change::Vanished },
                    Errno::NOTDIR => SiteError::Changed { path: shown(path), change: Change::Replaced },
                    _ => failed(errno),
                },
            )?;
        let mut names = Dir::new(fd).map_err(failed)?;
        let mut children = Vec::new();
        while let Some(child) = names.read() {
            let child = child.map_err(failed)?;
            let name = child.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let fd = names.fd().map_err(failed)?;
            let inspect = |errno: Errno| SiteError::Inspect {
                path: format!(
                    "{}{}",
                    if path.is_empty() { String::new() } else { shown(path) + "/" },
                    printable(name.to_bytes())
                ),
                source: errno.into(),
            };
            let own = match statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Target::from(&stat),
                // Gone between the listing and this look: as good as gone before both.
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(inspect(errno)),
            };
            let is_link = own.kind == FileType::Symlink;
            let target = if !is_link {
                Some(own)
            } else {
                match statat(fd, name, AtFlags::empty()) {
                    Ok(stat) => Some(Target::from(&stat)),
                    Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => None,
                    Err(errno) => return Err(inspect(errno)),
                }
            };
            children.push(Child { name: name.to_bytes().into(), is_link, target });
        }
        children.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(children)
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
        let changed = |change| SiteError::Changed { path: shown(path), change };
        // NONBLOCK: should a FIFO have taken the file's place, opening it must not wait for a writer.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let failed = |errno: Errno| match errno {
            Errno::NOENT => changed(Change::Vanished),
            Errno::NOTDIR | Errno::LOOP | Errno::NXIO => changed(Change::Replaced),
            _ => SiteError::Read { path: shown(path), source: errno.into() },
        };
        let file = openat(&self.root, path, flags, Mode::empty()).map_err(failed)?;
        let target = Target::from(&fstat(&file).map_err(failed)?);
        if target.kind != FileType::RegularFile || target.identity != identity {
            return Err(changed(Change::Replaced));
        }
        Ok((File::from(file), target.moment))
    }
}

/// What an open file is now.
pub(super) fn moment(file: &File) -> io::Result<Moment> {
    Ok(Target::from(&fstat(file)?).moment)
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
