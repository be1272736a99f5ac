//! Compressed bytes that memory has no room for, in a file that has no name.
//!
//! The file is unlinked before anything is written to it, so it is gone with the process, however that ends. What is in
//! it is about to be published and no secret.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use rustix::fs::OFlags;

use super::error::SiteError;
use slipway_packing::disk::fill;

/// The file. Threads write to stretches of their own.
#[derive(Debug)]
pub(super) struct Spool {
    file: Arc<File>,
    next: AtomicU64,
}

/// Bytes in the file; it lives as long as any of them is held.
#[derive(Debug, Clone)]
pub struct Spooled {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl Spool {
    /// Makes the file in a directory.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        let file = nameless(directory).or_else(|_| unlinked(directory))?;
        Ok(Self { file: Arc::new(file), next: AtomicU64::new(0) })
    }

    /// A stretch of the file for up to `length` bytes. What is not written of it takes no room on the disk.
    pub(super) fn reserve(&self, length: u64) -> u64 {
        self.next.fetch_add(length, Ordering::Relaxed)
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    pub(super) fn stretch(&self, offset: u64, length: u64) -> Spooled {
        Spooled { file: Arc::clone(&self.file), offset, length }
    }
}

/// A file without a name, where the file system has such.
fn nameless(directory: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(OFlags::TMPFILE.bits() as i32).open(directory)
}

/// A file whose name is taken away at once.
fn unlinked(directory: &Path) -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!(".slipway-spool-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

impl Spooled {
    /// How many bytes there are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Up to `most` bytes from `at` on; none at the end.
    ///
    /// # Errors
    /// [`SiteError::Spool`] when the disk fails.
    pub fn read(&self, at: u64, most: usize) -> Result<Bytes, SiteError> {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; left];
        let failed = |source| SiteError::Spool { source };
        if fill(&*self.file, &mut bytes, self.offset + at).map_err(|errno| failed(errno.into()))? < left {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_leave_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        for make in [nameless, unlinked] {
            // A file system without nameless files is no failure.
            let Ok(file) = make(directory.path()) else { continue };
            file.write_all_at(b"x", 10).expect("room for a byte");
            assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 0);
        }
        assert!(unlinked(directory.path()).is_ok());
    }
}
