//! The first pass over the files: every content hashed, and searched for keys, on all threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ring::digest::{Context, SHA256};

use super::digest;
use super::entry::Sha256;
use super::error::PackError;
use super::key_scan::KeyScan;
use super::path::TreePath;
use super::secrets::SecretKind;
use super::threads::{join, start};
use super::tree::{READ_SIZE, SourceTree};

/// A file to be read.
pub(super) struct FileToRead<'a> {
    pub(super) path: &'a TreePath,
    pub(super) size: u64,
}

/// What is known of a file once it was read.
#[derive(Clone, Copy)]
pub(super) struct FileContent {
    pub(super) sha256: Sha256,
    pub(super) secret: Option<SecretKind>,
}

/// How many files a thread takes at once: enough that taking them does not show, few enough to share the work.
const BATCH: usize = 16;

/// Reads all files; the contents are in the order of the files.
///
/// # Errors
/// Of several, the one that comes first in the order of the files.
pub(super) fn read_all(
    tree: &SourceTree,
    files: &[FileToRead<'_>],
    threads: usize,
) -> Result<Vec<FileContent>, PackError> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, FileContent)>, (usize, PackError)> {
        let mut buffer = vec![0; READ_SIZE];
        let mut contents = Vec::new();
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            for (index, file) in files.iter().enumerate().skip(start).take(BATCH) {
                let content = read(tree, file, &mut buffer).map_err(|error| {
                    // The others need not go on.
                    next.store(files.len(), Ordering::Relaxed);
                    (index, error)
                })?;
                contents.push((index, content));
            }
            if start >= files.len() {
                return Ok(contents);
            }
        }
    };
    let results = thread::scope(|scope| -> Result<Vec<_>, PackError> {
        let threads: Vec<_> = (0..threads.min(files.len())).map(|_| start(scope, work)).collect::<Result<_, _>>()?;
        Ok(threads.into_iter().map(join).collect())
    })?;
    let mut contents = vec![FileContent { sha256: [0; 32], secret: None }; files.len()];
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(read) => read.into_iter().for_each(|(index, content)| contents[index] = content),
            Err(failure) => failures.push(failure),
        }
    }
    match failures.into_iter().min_by_key(|(index, _)| *index) {
        Some((_, error)) => Err(error),
        None => Ok(contents),
    }
}

fn read(tree: &SourceTree, file: &FileToRead<'_>, buffer: &mut [u8]) -> Result<FileContent, PackError> {
    let mut hash = Context::new(&SHA256);
    let mut scan = KeyScan::new();
    tree.read(file.path, file.size, buffer, |piece| {
        scan.piece(piece);
        hash.update(piece);
        Ok(())
    })?;
    Ok(FileContent { sha256: digest::finish(hash), secret: scan.found() })
}
