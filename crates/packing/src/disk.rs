//! An open directory, and what the system says of what is below it.
//!
//! Everything is looked up from one open descriptor, so that it stays the same directory whatever becomes of its path.
//! Nothing here blocks on what is not a file.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, stat, statat};
use rustix::io::{Errno, pread, retry_on_intr};

/// What a file is called by the system, under whatever names: its device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(u64, u64);

/// What the system says of a name.
#[derive(Debug, Clone, Copy)]
pub struct FileStat {
    /// A file, a directory, a link, …
    pub kind: FileType,
    /// The bits of its permissions, and those of its kind.
    pub mode: u32,
    /// Its length in bytes.
    pub size: u64,
    /// How many bytes are kept for it: fewer than its length where it has holes.
    pub kept: u64,
    /// Which file it is.
    pub identity: Identity,
    /// When its content changed: nanoseconds since 1970.
    pub modified: i64,
    /// When its content, its name or its permissions changed. No program can set this one.
    pub changed: i64,
}

impl From<&Stat> for FileStat {
    fn from(stat: &Stat) -> Self {
        let nanoseconds = |seconds: i64, more: u64| seconds.saturating_mul(1_000_000_000).saturating_add(more as i64);
        Self {
            kind: FileType::from_raw_mode(stat.st_mode),
            mode: stat.st_mode,
            size: stat.st_size as u64,
            kept: (stat.st_blocks as u64).saturating_mul(512),
            identity: Identity(stat.st_dev, stat.st_ino),
            modified: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// What an open file is now.
///
/// # Errors
/// The system's.
pub fn file_stat(file: impl AsFd) -> rustix::io::Result<FileStat> {
    Ok(FileStat::from(&fstat(file)?))
}

/// The identities of files; one that cannot be found is in no directory either, under any name that can be read.
pub fn identities<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Vec<Identity> {
    paths.into_iter().filter_map(|path| stat(path).ok()).map(|stat| FileStat::from(&stat).identity).collect()
}

/// Whether a link stands for what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It does.
    Followed,
    /// It stands for itself.
    Kept,
}

impl Links {
    fn open_flag(self) -> OFlags {
        if self == Links::Kept { OFlags::NOFOLLOW } else { OFlags::empty() }
    }
}

/// One name in a directory.
#[derive(Debug)]
pub struct EntryName {
    /// Its bytes.
    pub bytes: Box<[u8]>,
    /// What it is itself.
    pub own: FileStat,
    /// What it is where links are followed: nothing for a link to nothing.
    pub target: Option<FileStat>,
}

/// Why a directory could not be listed.
#[derive(Debug)]
pub enum ListError {
    /// The directory itself could not be opened or read.
    Directory(Errno),
    /// One of its names could not be looked at.
    Name(Box<[u8]>, Errno),
}

/// An open directory.
#[derive(Debug)]
pub struct Root(OwnedFd);

impl Root {
    /// Opens a directory.
    ///
    /// # Errors
    /// The system's; among others, that it is none.
    pub fn open(path: &Path) -> rustix::io::Result<Self> {
        openat(CWD, path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map(Self)
    }

    /// What the directory itself is.
    ///
    /// # Errors
    /// The system's.
    pub fn stat(&self) -> rustix::io::Result<FileStat> {
        file_stat(&self.0)
    }

    /// The descriptor, for what is asked here alone.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.0
    }

    /// Everything directly in `place` (empty for the directory itself), sorted by the bytes of the names.
    ///
    /// # Errors
    /// See [`ListError`]. What is gone between the listing and the look at it is as good as gone before both.
    pub fn list(&self, place: &[u8], links: Links) -> Result<Vec<EntryName>, ListError> {
        let place = if place.is_empty() { b"." } else { place };
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | links.open_flag();
        let fd = openat(&self.0, place, flags, Mode::empty()).map_err(ListError::Directory)?;
        let mut listed = Dir::new(fd).map_err(ListError::Directory)?;
        let mut names = Vec::new();
        while let Some(entry) = listed.read() {
            let entry = entry.map_err(ListError::Directory)?;
            let name = entry.file_name();
            let bytes = name.to_bytes();
            if matches!(bytes, b"." | b"..") {
                continue;
            }
            let failed = |errno| ListError::Name(bytes.into(), errno);
            let fd = listed.fd().map_err(ListError::Directory)?;
            let own = match statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileStat::from(&stat),
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(failed(errno)),
            };
            let target = if own.kind != FileType::Symlink {
                Some(own)
            } else if links == Links::Kept {
                None
            } else {
                match statat(fd, name, AtFlags::empty()) {
                    Ok(stat) => Some(FileStat::from(&stat)),
                    Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => None,
                    Err(errno) => return Err(failed(errno)),
                }
            };
            names.push(EntryName { bytes: bytes.into(), own, target });
        }
        names.sort_unstable_by(|a, b| a.bytes.cmp(&b.bytes));
        Ok(names)
    }

    /// Opens what is at `path` for reading, and says what it is: it need not be a file.
    ///
    /// # Errors
    /// The system's.
    pub fn open_at(&self, path: &[u8], links: Links) -> rustix::io::Result<(OwnedFd, FileStat)> {
        // NONBLOCK: should a FIFO have taken a file's place, opening it must not wait for a writer.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | links.open_flag();
        let file = openat(&self.0, path, flags, Mode::empty())?;
        let stat = file_stat(&file)?;
        Ok((file, stat))
    }
}

/// Reads from `offset` until `buffer` is full or the file ends.
///
/// # Errors
/// The system's.
pub fn fill(file: impl AsFd, buffer: &mut [u8], offset: u64) -> rustix::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match retry_on_intr(|| pread(&file, &mut buffer[filled..], offset + filled as u64))? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
