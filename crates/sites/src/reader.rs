//! One file: read once, searched for credentials, compressed and hashed; an error where it is not what was listed.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::Stop;
use super::cache::Known;
use super::content::{CompressedContent, Keeper};
use super::directory::{Directory, Moment, moment, shown};
use super::error::SiteError;
use super::gzip::{PIECE, SMALL, Squeezer, Sum, bound, stream};
use super::list::SiteFile;
use slipway_packing::disk::fill;
use slipway_packing::{FileChange, KeyScan, SecretKind};

/// What is known of a file once it was read.
pub(super) struct FileRead {
    pub(super) is_as_known: bool,
    pub(super) secret: Option<SecretKind>,
    pub(super) known: Known,
    pub(super) content: CompressedContent,
    pub(super) moment: Moment,
}

impl FileRead {
    /// A file whose content is that of the last run, which searched it.
    pub(super) fn recognised(known: Known, moment: Moment) -> Self {
        Self { is_as_known: true, secret: None, known, content: CompressedContent::NotKept, moment }
    }
}

/// What one thread needs to read files.
pub(super) struct FileReader {
    squeezer: Squeezer,
    buffer: Vec<u8>,
    /// Whether contents are hashed too, for the cache.
    remembers: bool,
}

impl FileReader {
    pub(super) fn new(remembers: bool) -> Self {
        Self { squeezer: Squeezer::new(), buffer: Vec::new(), remembers }
    }

    /// Reads a file, no further than to see that it is `known`; a large one no further once `stopped` says so.
    pub(super) fn read(
        &mut self,
        directory: &Directory,
        file: &SiteFile,
        known: Option<&Known>,
        keeper: &Keeper,
        stopped: &AtomicBool,
    ) -> Result<FileRead, SiteError> {
        let mut open = OpenFile::new(directory, file)?;
        if file.size > SMALL {
            if let Some(known) = known
                && open.sum(stopped)? == known.content
            {
                return Ok(FileRead::recognised(known.clone(), open.before));
            }
            return read_stream(OpenFile::new(directory, file)?, self.remembers, keeper, stopped);
        }
        let content = open.whole(&mut self.buffer)?;
        let moment = open.before;
        let sum = if self.remembers { Sum::of(content) } else { String::new() };
        if let Some(known) = known.filter(|known| known.content == sum) {
            return Ok(FileRead::recognised(known.clone(), moment));
        }
        let secret = secret_in(content);
        // Nobody asks for the bytes of a credential.
        let compressed = if secret.is_none() { self.squeezer.squeeze(content) } else { &[] };
        let known = Known { hash: Sum::of(compressed), gzip_length: compressed.len() as u64, content: sum };
        Ok(FileRead { is_as_known: false, secret, known, content: keeper.keep(compressed), moment })
    }

    /// Compresses a file again, which must give the bytes of `hash`.
    pub(super) fn repeat(
        &mut self,
        directory: &Directory,
        file: &SiteFile,
        hash: &str,
        sink: &mut dyn FnMut(Bytes) -> Result<(), Stop>,
    ) -> Result<u64, SiteError> {
        let rewritten = || SiteError::Changed { path: shown(file.relative()), change: FileChange::Rewritten };
        let mut open = OpenFile::new(directory, file)?;
        if file.size > SMALL {
            let mut pieces = Pieces { sink, sum: Sum::new(), length: 0, piece: Vec::new() };
            match stream(&mut pieces, |buffer| open.next(buffer)) {
                Err(StreamFailure::Site(error)) => return Err(error),
                // A sink of bytes fails in one way: it has stopped.
                Err(StreamFailure::Sink) => return Err(SiteError::Stopped),
                Ok(()) => {}
            }
            pieces.flush().map_err(|_| SiteError::Stopped)?;
            return if pieces.sum.finish() == hash { Ok(pieces.length) } else { Err(rewritten()) };
        }
        let compressed = self.squeezer.squeeze(open.whole(&mut self.buffer)?);
        if Sum::of(compressed) != hash {
            return Err(rewritten());
        }
        let length = compressed.len() as u64;
        sink(Bytes::copy_from_slice(compressed)).map_err(|Stop| SiteError::Stopped)?;
        Ok(length)
    }
}

fn read_stream(
    mut open: OpenFile<'_>,
    remembers: bool,
    keeper: &Keeper,
    stopped: &AtomicBool,
) -> Result<FileRead, SiteError> {
    let mut sum = remembers.then(Sum::new);
    let mut kept = keeper.stream(bound(open.listed.size));
    let mut scan = KeyScan::new();
    let streamed = stream(&mut kept, |buffer| {
        let length = open.next_unless(stopped, buffer)?;
        let piece = &buffer[..length];
        sum.iter_mut().for_each(|sum| sum.update(piece));
        scan.piece(piece);
        Ok(if scan.found().is_some() { 0 } else { length })
    });
    match streamed {
        Err(StreamFailure::Site(error)) => return Err(error),
        Err(StreamFailure::Sink) => return Err(open.failed(io::ErrorKind::Other.into())),
        Ok(()) => {}
    }
    let (hash, gzip_length, content) = kept.finish();
    let known = Known { hash, gzip_length, content: sum.map_or_else(String::new, Sum::finish) };
    Ok(FileRead { is_as_known: false, secret: scan.found(), known, content, moment: open.before })
}

/// The credential in a whole content.
fn secret_in(content: &[u8]) -> Option<SecretKind> {
    let mut scan = KeyScan::new();
    scan.piece(content);
    scan.found()
}

/// An open file that must stay what it was.
struct OpenFile<'a> {
    listed: &'a SiteFile,
    file: File,
    before: Moment,
    seen: u64,
}

impl<'a> OpenFile<'a> {
    fn new(directory: &Directory, listed: &'a SiteFile) -> Result<Self, SiteError> {
        let (file, before) = directory.open_file(listed.relative(), listed.identity)?;
        let open = Self { listed, file, before, seen: 0 };
        open.check_size(before.size)?;
        Ok(open)
    }

    fn failed(&self, source: io::Error) -> SiteError {
        SiteError::Read { path: shown(self.listed.relative()), source }
    }

    fn changed(&self, change: FileChange) -> SiteError {
        SiteError::Changed { path: shown(self.listed.relative()), change }
    }

    fn check_size(&self, size: u64) -> Result<(), SiteError> {
        match size.cmp(&self.listed.size) {
            std::cmp::Ordering::Less => Err(self.changed(FileChange::Shrank)),
            std::cmp::Ordering::Greater => Err(self.changed(FileChange::Grew)),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }

    /// Whether the file is still what it was when it was opened.
    fn check(&self) -> Result<(), SiteError> {
        self.check_size(self.seen)?;
        let after = moment(&self.file).map_err(|error| self.failed(error))?;
        self.check_size(after.size)?;
        if after == self.before { Ok(()) } else { Err(self.changed(FileChange::Rewritten)) }
    }

    /// All of a small file.
    fn whole<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], SiteError> {
        let size = self.listed.size as usize;
        // One byte more, to see that there is none.
        if buffer.len() <= size {
            buffer.resize(size + 1, 0);
        }
        let length = fill(&self.file, &mut buffer[..=size], 0).map_err(|errno| self.failed(errno.into()))?;
        self.seen = length as u64;
        self.check()?;
        Ok(&buffer[..size])
    }

    /// The hash of the content of a large file.
    fn sum(&mut self, stopped: &AtomicBool) -> Result<String, SiteError> {
        let mut sum = Sum::new();
        let mut buffer = vec![0; PIECE];
        loop {
            match self.next_unless(stopped, &mut buffer) {
                Ok(length) => {
                    sum.update(&buffer[..length]);
                    if length < buffer.len() {
                        return Ok(sum.finish());
                    }
                }
                Err(StreamFailure::Site(error)) => return Err(error),
                Err(StreamFailure::Sink) => return Err(self.failed(io::ErrorKind::Other.into())),
            }
        }
    }

    /// The next piece of a large file, unless another thread has failed.
    fn next_unless(&mut self, stopped: &AtomicBool, buffer: &mut [u8]) -> Result<usize, StreamFailure> {
        if stopped.load(Ordering::Relaxed) {
            return Err(StreamFailure::Site(SiteError::Stopped));
        }
        self.next(buffer)
    }

    /// The next piece of a large file.
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, StreamFailure> {
        let length =
            fill(&self.file, buffer, self.seen).map_err(|errno| StreamFailure::Site(self.failed(errno.into())))?;
        self.seen += length as u64;
        if self.seen > self.listed.size {
            return Err(StreamFailure::Site(self.changed(FileChange::Grew)));
        }
        if length < buffer.len() {
            self.check().map_err(StreamFailure::Site)?;
        }
        Ok(length)
    }
}

/// Why a stream ended early.
enum StreamFailure {
    Site(SiteError),
    /// Writing compressed bytes failed.
    Sink,
}

impl From<io::Error> for StreamFailure {
    fn from(_: io::Error) -> Self {
        StreamFailure::Sink
    }
}

/// Compressed bytes gathered into pieces for a sink.
struct Pieces<'a> {
    sink: &'a mut dyn FnMut(Bytes) -> Result<(), Stop>,
    sum: Sum,
    length: u64,
    piece: Vec<u8>,
}

/// Large enough that a piece is worth a message.
const MESSAGE: usize = 128 * 1024;

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sum.update(bytes);
        self.length += bytes.len() as u64;
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= MESSAGE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        (self.sink)(piece).map_err(|Stop| io::ErrorKind::Other.into())
    }
}
