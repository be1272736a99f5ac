//! stub
#![allow(missing_docs, dead_code)]
pub use crate::package::Stop;
use std::{fs::File, num::NonZeroUsize, path::PathBuf, sync::Arc};
#[derive(Debug, Clone)]
pub struct Options {
    pub public: PathBuf,
    pub workspace: PathBuf,
    pub ignore: Vec<String>,
    pub asked_for: Vec<String>,
    pub credential_files: Vec<PathBuf>,
    pub threads: NonZeroUsize,
    pub spool: Option<PathBuf>,
    pub cache: Option<PathBuf>,
}
#[derive(Debug)]
pub struct SiteFile {
    pub path: String,
    pub size: u64,
}
#[derive(Debug)]
pub struct Listing {
    pub files: Vec<SiteFile>,
    pub withheld: Vec<String>,
    pub warnings: Vec<String>,
}
#[derive(Debug)]
pub struct Spooled {
    pub file: Arc<File>,
    pub offset: u64,
    pub length: u64,
}
#[derive(Debug)]
pub enum Content {
    Memory(bytes::Bytes),
    Spooled(Spooled),
    NotKept,
}
#[derive(Debug)]
pub struct Hashed {
    pub index: usize,
    pub hash: String,
    pub gzip_length: u64,
    pub content: Content,
}
#[derive(Debug, Default)]
pub struct Summary {
    pub withheld: Vec<String>,
    pub warnings: Vec<String>,
    pub files: u64,
    pub bytes: u64,
    pub cached: u64,
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct SiteError;
impl SiteError {
    pub fn hint(&self) -> Option<String> {
        None
    }
}
pub fn list(_: &Options) -> Result<Listing, SiteError> {
    Err(SiteError)
}
pub fn hash(_: &Listing, _: &Options, _: impl FnMut(Hashed) -> Result<(), Stop>) -> Result<Summary, SiteError> {
    Err(SiteError)
}
pub fn compress_again(_: &Listing, _: usize, _: &str, _: &Options) -> Result<bytes::Bytes, SiteError> {
    Err(SiteError)
}
