//! Where the compressed bytes of a file wait until they are sent, or known not to be wanted.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{fmt, io};

use bytes::Bytes;

use super::gzip::Sum;
use super::spool::{Spool, Spooled};

/// Bytes in memory that the caller has not dropped yet. Small sites never need the disk, large ones no more memory.
const MOST_IN_MEMORY: u64 = 8 << 20;

/// The compressed bytes of a file.
#[derive(Clone)]
pub enum CompressedContent {
    /// In memory.
    Memory(Bytes),
    /// In the spool file.
    Spooled(Spooled),
    /// Not kept: the hash comes from the cache, or there is no room. [`super::compress_again`] makes them again.
    NotKept,
}

impl fmt::Debug for CompressedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompressedContent::Memory(bytes) => write!(f, "Memory({} bytes)", bytes.len()),
            CompressedContent::Spooled(spooled) => write!(f, "Spooled({} bytes)", spooled.length()),
            CompressedContent::NotKept => f.write_str("NotKept"),
        }
    }
}

/// Gives compressed bytes their place.
#[derive(Debug)]
pub(super) struct Keeper {
    in_memory: Arc<AtomicU64>,
    spool: Option<Spool>,
    /// Whether the spool could not be made or written.
    failed: AtomicBool,
}

/// Bytes that free their share of the memory when they are dropped.
struct Lent {
    bytes: Vec<u8>,
    in_memory: Arc<AtomicU64>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.in_memory.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

impl Keeper {
    /// Uses `directory` for the spool, where one is given and can be written.
    pub(super) fn new(directory: Option<&Path>) -> Self {
        let spool = directory.map(Spool::create);
        let failed = matches!(spool, Some(Err(_)));
        Self {
            in_memory: Arc::new(AtomicU64::new(0)),
            spool: spool.and_then(Result::ok),
            failed: AtomicBool::new(failed),
        }
    }

    /// What the user should know.
    pub(super) fn warning(&self) -> Option<String> {
        self.failed.load(Ordering::Relaxed).then(|| {
            "Compressed files could not be put aside, so some are compressed again when they are sent: check the space \
             left for temporary files"
                .to_owned()
        })
    }

    fn spool(&self) -> Option<&Spool> {
        self.spool.as_ref().filter(|_| !self.failed.load(Ordering::Relaxed))
    }

    /// Keeps bytes that are there as a whole.
    pub(super) fn keep(&self, bytes: &[u8]) -> CompressedContent {
        let length = bytes.len() as u64;
        if self.in_memory.fetch_add(length, Ordering::Relaxed) + length <= MOST_IN_MEMORY {
            let lent = Lent { bytes: bytes.to_vec(), in_memory: Arc::clone(&self.in_memory) };
            return CompressedContent::Memory(Bytes::from_owner(lent));
        }
        self.in_memory.fetch_sub(length, Ordering::Relaxed);
        let Some(spool) = self.spool() else { return CompressedContent::NotKept };
        let offset = spool.reserve(length);
        match spool.write(bytes, offset) {
            Ok(()) => CompressedContent::Spooled(spool.stretch(offset, length)),
            Err(_) => {
                self.failed.store(true, Ordering::Relaxed);
                CompressedContent::NotKept
            }
        }
    }

    /// Begins to keep a stream of at most `bound` bytes, which is hashed on its way.
    pub(super) fn stream(&self, bound: u64) -> CompressedStream<'_> {
        let spool = self.spool().map(|spool| (spool, spool.reserve(bound)));
        CompressedStream { keeper: self, spool, bound, sum: Sum::new(), length: 0 }
    }
}

/// Compressed bytes as they come.
pub(super) struct CompressedStream<'a> {
    keeper: &'a Keeper,
    spool: Option<(&'a Spool, u64)>,
    bound: u64,
    sum: Sum,
    length: u64,
}

impl CompressedStream<'_> {
    /// The hash, the length, and the place of the bytes.
    pub(super) fn finish(self) -> (String, u64, CompressedContent) {
        let content = self.spool.map_or(CompressedContent::NotKept, |(spool, offset)| {
            CompressedContent::Spooled(spool.stretch(offset, self.length))
        });
        (self.sum.finish(), self.length, content)
    }
}

impl Write for CompressedStream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length + bytes.len() as u64 > self.bound {
            // What follows in the spool belongs to others.
            self.spool = None;
        }
        if let Some((spool, offset)) = self.spool
            && spool.write(bytes, offset + self.length).is_err()
        {
            self.keeper.failed.store(true, Ordering::Relaxed);
            self.spool = None;
        }
        self.sum.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
