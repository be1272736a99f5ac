//! The second pass: the tree as a stream of compressed bytes.

use bytes::Bytes;
use ring::digest::{Context, SHA256};

use super::digest;
use super::entry::{ArchiveEntry, EntryKind};
use super::error::{FileChange, PackError};
use super::gzip::{self, Blocks, Stop};
use super::survey::Survey;
use super::tar_header;
use super::tree::READ_SIZE;

/// The archive as it was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveWritten {
    /// Its length.
    pub bytes: u64,
    /// Its CRC-32C, which Cloud Storage keeps for every object.
    pub crc32c: u32,
}

/// How far the packing is, in bytes before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackingProgress {
    /// Delivered so far.
    pub packed: u64,
    /// In the whole archive.
    pub total: u64,
}

impl Survey {
    /// Streams the archive into `sink`, in order, in pieces of up to about half a MiB, and tells `progress` after each.
    /// The bytes depend on [`Survey::digest`] alone. Both callbacks run on the calling thread, which is blocked.
    ///
    /// # Errors
    /// [`PackError::Changed`] when the tree is not what was surveyed: the bytes delivered so far are worthless then.
    /// [`PackError::Stopped`] when the sink said so. On any error all threads have ended before it is returned.
    pub fn write(
        &self,
        sink: &mut dyn FnMut(Bytes) -> Result<(), Stop>,
        progress: &mut dyn FnMut(PackingProgress),
    ) -> Result<ArchiveWritten, PackError> {
        let mut written = ArchiveWritten { bytes: 0, crc32c: 0 };
        let total = self.tar_length();
        let mut so_far = PackingProgress { packed: 0, total };
        gzip::compress(self.threads, total, |blocks| self.produce(blocks), &mut |length, bytes| {
            written.bytes += bytes.len() as u64;
            written.crc32c = crc32c::crc32c_append(written.crc32c, &bytes);
            sink(bytes)?;
            so_far.packed += length as u64;
            progress(so_far);
            Ok(())
        })?;
        Ok(written)
    }

    fn produce(&self, blocks: &mut Blocks) -> Result<(), PackError> {
        let mut buffer = vec![0; READ_SIZE];
        for entry in &self.entries {
            blocks.put(&tar_header::encode(entry))?;
            self.put_content(entry, &mut buffer, blocks)?;
        }
        blocks.put(&tar_header::END)
    }

    /// Puts in the content of a file, which must be what the survey has hashed.
    fn put_content(&self, entry: &ArchiveEntry, buffer: &mut [u8], blocks: &mut Blocks) -> Result<(), PackError> {
        let EntryKind::File { size, sha256, .. } = &entry.node else { return Ok(()) };
        let mut hash = Context::new(&SHA256);
        self.tree.read(&entry.path, *size, buffer, |piece| {
            hash.update(piece);
            blocks.put(piece)
        })?;
        if digest::finish(hash) != *sha256 {
            return Err(PackError::Changed { path: entry.path.clone(), change: FileChange::Rewritten });
        }
        blocks.put(&tar_header::END[..tar_header::padding(*size)])
    }

    fn tar_length(&self) -> u64 {
        let length = |entry: &ArchiveEntry| {
            let content = match &entry.node {
                EntryKind::File { size, .. } => size + tar_header::padding(*size) as u64,
                EntryKind::Directory | EntryKind::Link { .. } => 0,
            };
            tar_header::encode(entry).len() as u64 + content
        };
        self.entries.iter().map(length).sum::<u64>() + tar_header::END.len() as u64
    }
}
