//! The directory on disk: listing and reading, relative to one open descriptor.
//!
//! Nothing here blocks on what is not a file, and at most one more descriptor is open per thread.

use std::cmp::Ordering;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, SeekFrom, Stat, fstat, openat, readlinkat, seek, statat};
use rustix::io::{Errno, pread, retry_on_intr};

use super::error::{Change, PackError};
use super::path::TreePath;

/// The bytes of one read: large enough that the system call does not show, small enough for eight threads.
pub(super) const READ_SIZE: usize = 256 * 1024;

/// The directory that is packed.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
}

/// One name in a directory, and what the packer wants to know of it. Many of them may wait in memory.
pub(super) struct Child {
    pub(super) path: TreePath,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) identity: Identity,
}

/// What a file is called by the system, under whatever names: its device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl From<&Stat> for Identity {
    fn from(stat: &Stat) -> Self {
        Self(stat.st_dev, stat.st_ino)
    }
}

impl Child {
    fn new(path: TreePath, stat: &Stat) -> Self {
        Self { path, mode: stat.st_mode, size: stat.st_size as u64, identity: stat.into() }
    }

    pub(super) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

impl Tree {
    pub(super) fn open(root: &Path) -> Result<Self, PackError> {
        openat(CWD, root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map(|root| Self { root })
            .map_err(|errno| PackError::OpenRoot { root: root.to_owned(), source: errno.into() })
    }

    /// Everything directly inside `dir` (empty for the root), sorted by the bytes of the names.
    pub(super) fn list(&self, dir: &[u8]) -> Result<Vec<Child>, PackError> {
        let name = if dir.is_empty() { b"." } else { dir };
        let failed = |errno| refusal(errno, name, |path, source| PackError::List { path, source });
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(&self.root, name, flags, Mode::empty()).map_err(failed)?;
        let mut names = Dir::new(fd).map_err(failed)?;
        let mut children = Vec::new();
        while let Some(child) = names.read() {
            let child = child.map_err(failed)?;
            let name = child.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let path = TreePath::join(dir, name.to_bytes());
            match statat(names.fd().map_err(failed)?, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => children.push(Child::new(path, &stat)),
                // Gone between the listing and this look: as good as gone before both.
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(PackError::Inspect { path, source: errno.into() }),
            }
        }
        children.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(children)
    }

    /// Where the symbolic link `path` points.
    pub(super) fn link_target(&self, path: &TreePath) -> Result<Box<[u8]>, PackError> {
        match readlinkat(&self.root, path.as_bytes(), Vec::new()) {
            Ok(target) => Ok(target.into_bytes().into()),
            Err(errno) => Err(refusal(errno, path.as_bytes(), |path, source| PackError::Inspect { path, source })),
        }
    }

    /// Whether the symbolic link `path` leads to something that exists.
    pub(super) fn leads_somewhere(&self, path: &TreePath) -> bool {
        statat(&self.root, path.as_bytes(), AtFlags::empty()).is_ok()
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
        // NONBLOCK: should a FIFO have taken the file's place, opening it must not wait for a writer.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&self.root, path.as_bytes(), flags, Mode::empty()).map_err(failed)?;
        let before = fstat(&file).map_err(failed)?;
        if FileType::from_raw_mode(before.st_mode) != FileType::RegularFile {
            return Err(changed(Change::Replaced));
        }
        let sparse = u64::try_from(before.st_blocks).is_ok_and(|blocks| blocks * 512 < size);
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
                return Err(changed(Change::Grew));
            }
            if filled > 0 {
                each(&buffer[..filled])?;
            }
            if filled < buffer.len() {
                break;
            }
        }
        let after = fstat(&file).map_err(failed)?;
        match seen.min(after.st_size as u64).cmp(&size) {
            Ordering::Less => Err(changed(Change::Shrank)),
            _ if after.st_size as u64 > size => Err(changed(Change::Grew)),
            _ if moment(&before) != moment(&after) => Err(changed(Change::Rewritten)),
            _ => Ok(()),
        }
    }

    /// The whole of a small file in the root, links followed.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] above `limit` bytes, and [`io::ErrorKind::InvalidInput`] for what is no file.
    pub(super) fn read_small(&self, name: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let file = openat(&self.root, name, OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
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

/// Reads from `offset` until `buffer` is full or the file ends.
fn fill(file: &OwnedFd, buffer: &mut [u8], offset: u64) -> rustix::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match retry_on_intr(|| pread(file, &mut buffer[filled..], offset + filled as u64))? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
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
fn moment(stat: &Stat) -> impl PartialEq + use<> {
    (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec)
}

/// What to say of a failed call. Some errors mean that `path` is not what it was when it was found: a link or a socket
/// cannot be opened in a file's place, and what is no link has no target.
fn refusal(errno: Errno, path: &[u8], failed: impl FnOnce(TreePath, io::Error) -> PackError) -> PackError {
    let path = TreePath::join(b"", path);
    match errno {
        Errno::NOENT => PackError::Changed { path, change: Change::Vanished },
        Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::INVAL => {
            PackError::Changed { path, change: Change::Replaced }
        }
        _ => failed(path, errno.into()),
    }
}
