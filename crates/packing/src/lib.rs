//! From a directory to a deterministic `.tar.gz` stream.
//!
//! ```text
//! ignore rules ─┐
//! secrets ──────┼─> walk ─> content hashes ─> Survey (digest, warnings) ─> tar blocks ─> gzip members ─> sink
//! directory ────┘
//! ```
//!
//! Two passes over the tree: [`survey()`] decides what is packed, reads every file once and names the result by a
//! digest; [`Survey::write`] reads the files again and streams the archive. Where that digest is already in the
//! bucket, the second pass and the upload are saved. A file that differs between the passes is an error
//! ([`PackError::is_change`]) that a new survey may cure; [`SURVEY_ATTEMPTS`] says how often that is worth trying.
//!
//! The room prints nothing, reads no environment, starts no process, and blocks the calling thread.

mod archive;
mod bracket;
mod content;
mod deflate;
mod digest;
pub mod disk;
mod entry;
mod error;
mod glob;
mod gzip;
mod ignore_rules;
mod key_scan;
mod member;
mod path;
mod secrets;
mod survey;
mod tar_header;
mod threads;
mod tree;
mod walk;
mod warning;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

pub use archive::{ArchiveWritten, PackingProgress};
pub use deflate::Deflate;
pub use error::{FileChange, PackError};
pub use gzip::Stop;
pub use ignore_rules::RulesSource;
pub use key_scan::KeyScan;
pub use path::TreePath;
pub use secrets::{CredentialFiles, SecretKind, WithheldFile};
pub use survey::{Survey, survey};
pub use warning::{LinkTarget, Warning};

/// How often a tree that changes under the packer is worth surveying: a build step that is still writing its last
/// file is over by the third look, a program that writes all the time never is.
pub const SURVEY_ATTEMPTS: u32 = 3;

/// What the caller knows and the tree does not say.
#[derive(Debug, Clone)]
pub struct PackOptions {
    /// Files that hold credentials of this run, wherever they are. They and their hard links are never packed.
    pub credential_files: Vec<PathBuf>,
    /// The file in the root whose rules leave files out, in place of `.gcloudignore`.
    pub ignore_file: Option<String>,
    /// How many threads hash and compress; more than [`MAX_THREADS`] are not used. The bytes do not depend on it.
    pub threads: NonZeroUsize,
}

/// Each thread holds a block and a compressor, about 2 MiB; eight of them outrun any upload.
pub const MAX_THREADS: usize = 8;

/// The bytes of a name or path as text that is safe to print: what is not printable UTF-8 is escaped.
pub fn printable(bytes: &[u8]) -> impl fmt::Display {
    path::PrintablePath(bytes)
}

impl PackOptions {
    fn workers(&self) -> usize {
        self.threads.get().min(MAX_THREADS)
    }
}
