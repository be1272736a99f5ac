//! From a public directory to what Firebase Hosting is sent: which files, their hashes, their compressed bytes.
//!
//! ```text
//! ignore patterns ─┐
//! secrets by name ─┼─> list ─> Listing ─> hash on all threads ─> Hashed (hash, compressed bytes), one by one
//! directory ───────┘                          │       ^
//!                          secrets by content ┘       └ cache of unchanged files
//! ```
//!
//! [`list()`] decides by names alone and reads no content; [`hash()`] reads each file once. Hosting knows a file by the
//! SHA-256 of its gzip bytes, so those bytes are made anyway, and kept until the caller drops them: nothing is
//! compressed twice. Which files these are is decided as firebase-tools decides it, except that credentials are never
//! among them.
//!
//! The room prints nothing, reads no environment, starts no process, uses no network, and blocks the calling thread.

mod cache;
mod content;
mod directory;
mod error;
mod glob;
mod gzip;
mod hash;
mod list;
mod reader;
mod spool;
mod withheld;

use std::num::NonZeroUsize;
use std::path::PathBuf;

pub use content::CompressedContent;
pub use error::SiteError;
pub use glob::{GlobError, GlobRule};
pub use hash::{Hashed, Summary, compress_again, hash};
pub use list::{Listing, SiteFile, list};
pub use slipway_packing::Stop;
pub use spool::Spooled;
pub use withheld::{Reason, Withheld};

/// What the caller knows and the directory does not say.
#[derive(Debug, Clone)]
pub struct ListOptions {
    /// The directory to publish.
    pub public: PathBuf,
    /// Nothing outside of this directory is published, whatever links there.
    pub workspace: PathBuf,
    /// `ignore` of the hosting configuration, with firebase-tools' meaning.
    pub ignore: Vec<String>,
    /// Files of environment variables (`.env`, `.env.…`) to publish all the same: paths relative to the public directory.
    pub asked_for: Vec<String>,
    /// Files that hold credentials of this run, wherever they are. They and their hard links are never published.
    pub credential_files: Vec<PathBuf>,
    /// How many threads read and compress; more than [`MAX_THREADS`] are not used. The bytes do not depend on it.
    pub threads: NonZeroUsize,
    /// A directory for compressed bytes that memory has no room for.
    pub spool: Option<PathBuf>,
    /// The file with the hashes of the last run: one for each site and public directory.
    pub cache: Option<PathBuf>,
}

/// Each thread holds a file of up to 2 MiB before and after compression; eight of them outrun any upload.
pub const MAX_THREADS: usize = 8;

impl ListOptions {
    fn workers(&self) -> usize {
        self.threads.get().min(MAX_THREADS)
    }
}
