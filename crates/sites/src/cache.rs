//! Hashes of the last run: a file of the same size and time need not be opened, one of the same content not compressed.
//!
//! Kept in one JSON file for each site and public directory. Only files that were searched for credentials and found
//! clean are in it. Not kept are times that say nothing: the last two seconds, in which a file may be written twice, and
//! those before the year 2000, which builds give to all their files to be reproducible. Where the time says nothing or
//! is another, as in every new checkout, the content decides: hashing costs far less than compressing.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::directory::Moment;
use super::gzip::COMPRESSOR;

/// The layout of the file and what was searched for: changes whenever either does.
const VERSION: u32 = 2;

/// A file written again so soon may have the same time.
const RACY: Duration = Duration::from_secs(2);

/// 2000-01-01, in nanoseconds since 1970.
const MEANINGFUL: i64 = 946_684_800_000_000_000;

/// What a cache of the largest site has room in.
const LARGEST: u64 = 256 << 20;

/// The cache as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    version: u32,
    compressor: String,
    /// The public directory, from the workspace.
    public: String,
    files: HashMap<String, CachedFile>,
}

/// One file: size, time where it says something, what is known of it.
#[derive(Debug, Serialize, Deserialize)]
struct CachedFile(u64, Option<i64>, Known);

/// What is known of the content of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Known {
    /// SHA-256 of the gzip bytes.
    pub(super) hash: String,
    pub(super) gzip_length: u64,
    /// SHA-256 of the content itself; empty where no cache is kept.
    pub(super) content: String,
}

/// How a file compares with the last run.
#[derive(Debug)]
pub(super) enum CacheMatch {
    /// It has the size and time it had.
    Unchanged(Known),
    /// It has the size it had: the content tells.
    SameSize(Known),
}

/// What is known from the last run, and what this run adds.
#[derive(Debug)]
pub(super) struct HashCache<'a> {
    file: Option<&'a Path>,
    public: String,
    known: HashMap<String, CachedFile>,
    next: HashMap<String, CachedFile>,
    /// What the user should know.
    pub(super) warning: Option<String>,
}

impl<'a> HashCache<'a> {
    /// Reads the cache file. One that cannot be used is as good as none.
    pub(super) fn load(file: Option<&'a Path>, public: &Path) -> Self {
        let public = public.to_string_lossy().into_owned();
        let mut cache = Self { file, public, known: HashMap::new(), next: HashMap::new(), warning: None };
        match file.map(read) {
            None => {}
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Some(Err(error)) => {
                cache.warning = Some(format!("The hash cache could not be read and is not used: {error}"))
            }
            Some(Ok(stored)) if stored.version != VERSION || stored.compressor != COMPRESSOR => {}
            Some(Ok(stored)) if stored.public != cache.public => {
                cache.warning = Some("The hash cache is of another public directory and is not used".to_owned());
            }
            Some(Ok(stored)) => cache.known = stored.files,
        }
        cache
    }

    /// Whether what is learned of contents is kept.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Takes out what is known of a file, if it may be as it was.
    pub(super) fn take(&mut self, path: &str, moment: Moment) -> Option<CacheMatch> {
        let CachedFile(size, modified, known) = self.known.remove(path)?;
        if size != moment.size || !is_hash(&known.hash) || !is_hash(&known.content) {
            return None;
        }
        let is_unchanged = modified == Some(moment.modified);
        Some(if is_unchanged { CacheMatch::Unchanged(known) } else { CacheMatch::SameSize(known) })
    }

    /// Notes a file that holds no credential.
    pub(super) fn add(&mut self, path: &str, moment: Moment, known: Known) {
        if self.is_kept() {
            self.next.insert(path.to_owned(), CachedFile(moment.size, Some(moment.modified), known));
        }
    }

    /// Writes the cache in one step. That it could not is a warning: the site is complete without.
    pub(super) fn save(self) -> Option<String> {
        let (Some(file), HashCache { public, mut next, warning, .. }) = (self.file, self) else { return None };
        let latest = SystemTime::now()
            .checked_sub(RACY)
            .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_nanos()).ok())
            .unwrap_or(0);
        for CachedFile(_, modified, _) in next.values_mut() {
            *modified = modified.filter(|time| (MEANINGFUL..=latest).contains(time));
        }
        let stored = Stored { version: VERSION, compressor: COMPRESSOR.to_owned(), public, files: next };
        let failed = |error: io::Error| format!("The hash cache could not be written: {error}");
        write(file, &stored).err().map(failed).or(warning)
    }
}

/// Reads a plain file. A link is not followed, and a pipe is not waited for: both may have been left there by anybody.
fn read(file: &Path) -> io::Result<Stored> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(file);
    let no_file = || io::Error::other("it is no plain file");
    let is_link = |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    let opened = opened.map_err(|error| if is_link(&error) { no_file() } else { error })?;
    if !opened.metadata()?.is_file() {
        return Err(no_file());
    }
    let mut text = Vec::new();
    opened.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // The parser's own words may quote what is there.
    serde_json::from_slice(&text).map_err(|_| io::Error::other("it is no cache of this program"))
}

fn write(file: &Path, stored: &Stored) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let draft = directory.join(format!(".{name}.{}", std::process::id()));
    // What lies there is of a run that died, or a link that somebody put there: nothing is written through it.
    let _is_there = fs::remove_file(&draft);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&draft)
        .and_then(|mut draft| draft.write_all(&serde_json::to_vec(stored)?))
        .and_then(|()| fs::rename(&draft, file));
    if written.is_err() {
        // What is half written helps nobody.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
