//! Reading, searching, compressing and hashing every file of a site, on all threads, results as they come.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::cache::{CacheMatch, HashCache, Known};
use super::content::{CompressedContent, Keeper};
use super::error::SiteError;
use super::list::{Listing, SiteFile};
use super::reader::{FileRead, FileReader};
use super::withheld::{Reason, Withheld};
use super::{ListOptions, Stop};

/// One file, hashed.
#[derive(Debug)]
pub struct Hashed {
    /// Which of [`Listing::files`] it is.
    pub index: usize,
    /// SHA-256 of the gzip bytes, 64 lowercase hex digits: Hosting's name of the content.
    pub hash: String,
    /// How many gzip bytes there are.
    pub gzip_length: u64,
    /// The gzip bytes. Dropping them frees their memory.
    pub content: CompressedContent,
}

/// What [`hash()`] learned on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many files were hashed, those from the cache included.
    pub files: usize,
    /// How many bytes these files hold.
    pub bytes: u64,
    /// How many they hold compressed.
    pub gzip_bytes: u64,
    /// Of how many the hash came from the cache: their time or their content is that of the last run.
    pub from_cache: usize,
    /// Everything that was left out to protect a secret, by name or content, sorted by path.
    pub withheld: Vec<Withheld>,
    /// What the user should know, the listing's warnings not included.
    pub warnings: Vec<String>,
}

/// What became of one file.
enum HashOutcome {
    Hashed(usize, FileRead),
    Withheld(usize, Reason),
}

/// Hashes all files and hands each to `sink` as it is ready, in no order; first those that the cache knows.
///
/// `sink` runs on the calling thread; while it works, others go on until a few results wait for it. Files whose content
/// is a credential are not handed over but named in [`Summary::withheld`].
///
/// # Errors
/// [`SiteError::Changed`] when a file is not what was listed, [`SiteError::Stopped`] when the sink said so, and where
/// files cannot be read; see [`SiteError`]. All threads have ended before an error is returned, and no cache is written.
pub fn hash(
    listing: &Listing,
    options: &ListOptions,
    sink: &mut dyn FnMut(Hashed) -> Result<(), Stop>,
) -> Result<Summary, SiteError> {
    let mut cache = HashCache::load(options.cache.as_deref(), listing.directory.in_workspace());
    let mut summary = Summary { withheld: listing.withheld.clone(), ..Summary::default() };
    let mut order = Vec::new();
    for (index, file) in listing.files.iter().enumerate() {
        match cache.take(&file.path, file.moment) {
            Some(CacheMatch::Unchanged(known)) => {
                take(listing, &mut summary, &mut cache, index, FileRead::recognised(known, file.moment), sink)?;
            }
            Some(CacheMatch::SameSize(known)) => order.push((index, Some(known))),
            None => order.push((index, None)),
        }
    }
    // The largest first: a long one that came last would leave the other threads without work.
    order.sort_by_key(|(index, _)| std::cmp::Reverse(listing.files[*index].size));
    let keeper = Keeper::new(options.spool.as_deref().filter(|_| !order.is_empty()));
    let remembers = cache.is_kept();
    run(listing, &order, remembers, &keeper, options.workers(), &mut |outcome| match outcome {
        HashOutcome::Hashed(index, read) => take(listing, &mut summary, &mut cache, index, read, sink),
        HashOutcome::Withheld(index, reason) => {
            summary.withheld.push(Withheld { path: listing.files[index].path.clone(), reason });
            Ok(())
        }
    })?;
    summary.withheld.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    summary.warnings.extend(keeper.warning());
    summary.warnings.extend(cache.save());
    Ok(summary)
}

/// Makes the gzip bytes of a file again, in pieces, and returns their length.
///
/// # Errors
/// [`SiteError::Changed`] when they are not those of `hash`; pieces may have been handed over by then. Else as [`hash()`].
pub fn compress_again(
    listing: &Listing,
    index: usize,
    hash: &str,
    sink: &mut dyn FnMut(bytes::Bytes) -> Result<(), Stop>,
) -> Result<u64, SiteError> {
    FileReader::new(false).repeat(&listing.directory, &listing.files[index], hash, sink)
}

/// Counts one file and hands it over.
fn take(
    listing: &Listing,
    summary: &mut Summary,
    cache: &mut HashCache<'_>,
    index: usize,
    read: FileRead,
    sink: &mut dyn FnMut(Hashed) -> Result<(), Stop>,
) -> Result<(), SiteError> {
    let SiteFile { path, size, .. } = &listing.files[index];
    let FileRead { is_as_known, known, content, moment, .. } = read;
    summary.files += 1;
    summary.bytes += size;
    summary.gzip_bytes += known.gzip_length;
    summary.from_cache += usize::from(is_as_known);
    let hashed = Hashed { index, hash: known.hash.clone(), gzip_length: known.gzip_length, content };
    cache.add(path, moment, known);
    sink(hashed).map_err(|Stop| SiteError::Stopped)
}

/// Works through the files on threads, and hands the outcomes to `each` on this one.
fn run(
    listing: &Listing,
    order: &[(usize, Option<Known>)],
    remembers: bool,
    keeper: &Keeper,
    threads: usize,
    each: &mut dyn FnMut(HashOutcome) -> Result<(), SiteError>,
) -> Result<(), SiteError> {
    let next = AtomicUsize::new(0);
    // Ends what reads a large file, which may take a minute more.
    let stopped = AtomicBool::new(false);
    let failures = Mutex::new(Vec::new());
    let threads = threads.min(order.len());
    let (done, outcomes) = sync_channel(threads);
    let work = |done: SyncSender<HashOutcome>| {
        let mut reader = FileReader::new(remembers);
        while let Some((index, known)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            match reader.read(&listing.directory, &listing.files[*index], known.as_ref(), keeper, &stopped) {
                Ok(read) => {
                    let outcome = match read.secret {
                        Some(secret) => HashOutcome::Withheld(*index, Reason::Secret(secret)),
                        None => HashOutcome::Hashed(*index, read),
                    };
                    // Nobody listens when the consumer has stopped.
                    if done.send(outcome).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    // The others need not go on.
                    next.store(order.len(), Ordering::Relaxed);
                    stopped.store(true, Ordering::Relaxed);
                    failures.lock().unwrap_or_else(PoisonError::into_inner).push((*index, error));
                    return;
                }
            }
        }
    };
    thread::scope(|scope| {
        let mut handles = Vec::new();
        for _ in 0..threads {
            let (done, work) = (done.clone(), &work);
            let handle = thread::Builder::new().spawn_scoped(scope, move || work(done));
            handles.push(handle.map_err(|source| SiteError::Thread { source })?);
        }
        drop(done);
        let handed = deliver(outcomes, each);
        if handed.is_err() {
            stopped.store(true, Ordering::Relaxed);
        }
        for handle in handles {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        handed
    })?;
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failures.into_iter().min_by_key(|(index, error)| (matches!(error, SiteError::Stopped), *index)) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Hands over until the threads have ended or the consumer stops. Dropping the receiver is what stops the threads then.
fn deliver(
    outcomes: Receiver<HashOutcome>,
    each: &mut dyn FnMut(HashOutcome) -> Result<(), SiteError>,
) -> Result<(), SiteError> {
    outcomes.into_iter().try_for_each(each)
}
