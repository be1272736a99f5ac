//! The directory on disk: listing and reading, relative to one open descriptor.
//!
//! At most one more descriptor is open per thread.

use std::cmp::Ordering;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, SeekFrom, readlinkat, seek, statat};
use rustix::io::Errno;

use super::disk::{EntryName, FileStat, Identity, Links, ListError, Root, file_stat, fill};
use super::error::{FileChange, PackError};
use super::path::TreePath;

/// The bytes of one read: large enough that the system call does not show, small enough for eight threads.
pub(super) const READ_SIZE: usize = 256 * 1024;

/// The directory that is packed.
#[derive(Debug)]
pub(super) struct SourceTree {
    root: Root,
}

/// One name in a directory, and what the packer wants to know of it. Many of them may wait in memory.
pub(super) struct SourceChild {
    pub(super) path: TreePath,
    pub(super) kind: FileType,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) identity: Identity,
}

impl SourceTree {
    pub(super) fn open(root: &Path) -> Result<Self, PackError> {
        Root::open(root)
            .map(|root| Self { root })
            .map_err(|errno| PackError::OpenRoot { root: root.to_owned(), source: errno.into() })
    }

    /// Everything directly inside `dir` (empty for the root), sorted by the bytes of the names.
    pub(super) fn list(&self, dir: &[u8]) -> Result<Vec<SourceChild>, PackError> {
        let names = self.root.list(dir, Links::Kept).map_err(|error| match error {
            ListError::Directory(errno) => {
                let place = if dir.is_empty() { b"." } else { dir };
                refusal(errno, place, |path, source| PackError::List { path, source })
            }
            ListError::Name(name, errno) => {
                PackError::Inspect { path: TreePath::join(dir, &name), source: errno.into() }
            }
        })?;
        let child = |EntryName { bytes, own: FileStat { kind, mode, size, identity, .. }, .. }: EntryName| {
            SourceChild { path: TreePath::join(dir, &bytes), kind, mode, size, identity }
        };
        Ok(names.into_iter().map(child).collect())
    }

    /// Where the symbolic link `path` points.
    pub(super) fn link_target(&self, path: &TreePath) -> Result<Box<[u8]>, PackError> {
        match readlinkat(self.root.descriptor(), path.as_bytes(), Vec::new()) {
            Ok(target) => Ok(target.into_bytes().into()),
            Err(errno) => Err(refusal(errno, path.as_bytes(), |path, source| PackError::Inspect { path, source })),
        }
    }

    /// Whether the symbolic link `path` leads to something that exists.
    pub(super) fn leads_somewhere(&self, path: &TreePath) -> bool {
        statat(self.root.descriptor(), path.as_bytes(), AtFlags::empty()).is_ok()
    }

    /// Reads the file `path` of `size` bytes, piece by piece; all pieces but the last fill `buffer`.
    ///
    /// # Errors
    /// Among others [`PackError::Changed`] where the file is not `size` bytes long, or is touched meanwhile.
    pub(super) fn read(
        &self,
        path: &TreePath,
        size: u64,
        buffer: &mut [u8],
        mut each: impl FnMut(&[u8]) -> Result<(), PackError>,
    ) -> Result<(), PackError> {
        let failed = |errno| refusal(errno, path.as_bytes(), |path, source| PackError::Read { path, source });
        let changed = |change| PackError::Changed { path: path.clone(), change };
        let (file, before) = self.root.open_at(path.as_bytes(), Links::Kept).map_err(failed)?;
        if before.kind != FileType::RegularFile {
            return Err(changed(FileChange::Replaced));
        }
        let sparse = before.kept < size;
        let mut seen = 0_u64;
        loop {
            let whole = size.saturating_sub(seen) >= buffer.len() as u64;
            let filled = if sparse && whole && is_hole(&file, seen, buffer.len()) {
                buffer.fill(0);
                buffer.len()
            } else {
                fill(&file, buffer, seen).map_err(failed)?
            };
            seen += filled as u64;
            if seen > size {
                return Err(changed(FileChange::Grew));
            }
            if filled > 0 {
                each(&buffer[..filled])?;
            }
            if filled < buffer.len() {
                break;
            }
        }
        let after = file_stat(&file).map_err(failed)?;
        match seen.min(after.size).cmp(&size) {
            Ordering::Less => Err(changed(FileChange::Shrank)),
            _ if after.size > size => Err(changed(FileChange::Grew)),
            _ if moment(&before) != moment(&after) => Err(changed(FileChange::Rewritten)),
            _ => Ok(()),
        }
    }

    /// The whole of a small file in the root, links followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] above `limit` bytes, and [`io::ErrorKind::InvalidInput`] for what is no file.
    pub(super) fn read_small(&self, name: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let (file, stat) = self.root.open_at(name, Links::Followed)?;
        if stat.kind != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut content = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(std::fs::File::from(file), limit + 1), &mut content)?;
        if content.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content)
    }
}

/// Whether `length` bytes from `offset` are a hole. Reading it would bring zeros, and fill the page cache with them.
fn is_hole(file: &OwnedFd, offset: u64, length: usize) -> bool {
    match seek(file, SeekFrom::Data(offset)) {
        Ok(data) => data >= offset + length as u64,
        // NXIO: no data up to the end of the file. Others: a file system that does not tell.
        Err(errno) => errno == Errno::NXIO,
    }
}

/// The size and the times of a file; a write changes at least one of them.
fn moment(stat: &FileStat) -> impl PartialEq + use<> {
    (stat.size, stat.modified, stat.changed)
}

/// What to say of a failed call. Some errors mean that `path` is not what it was when it was found: a link or a socket
/// cannot be opened in a file's place, and what is no link has no target.
fn refusal(errno: Errno, path: &[u8], failed: impl FnOnce(TreePath, io::Error) -> PackError) -> PackError {
    let path = TreePath::join(b"", path);
    match errno {
        Errno::NOENT => PackError::Changed { path, change: FileChange::Vanished },
        Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::INVAL => {
            PackError::Changed { path, change: FileChange::Replaced }
        }
        _ => failed(path, errno.into()),
    }
}
