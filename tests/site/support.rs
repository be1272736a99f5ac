//! Making public directories and asking for their files.

use std::fs;
use std::io::Read;
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::site::{CompressedContent, ListOptions, Listing, SiteError, Spooled, Summary, compress_again, hash, list};

/// A public directory that is filled by the test and gone after it.
pub(crate) struct Fixture(tempfile::TempDir);

impl Fixture {
    pub(crate) fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fs::create_dir(fixture.public()).unwrap();
        fixture
    }

    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        files.iter().for_each(|(path, content)| fixture.file(path, content));
        fixture
    }

    /// The workspace.
    pub(crate) fn workspace(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn public(&self) -> PathBuf {
        self.0.path().join("public")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.public().join(path)
    }

    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    pub(crate) fn options(&self) -> ListOptions {
        ListOptions {
            public: self.public(),
            workspace: self.workspace().to_owned(),
            ignore: vec![],
            asked_for: vec![],
            credential_files: vec![],
            threads: NonZeroUsize::new(2).unwrap(),
            spool: None,
            cache: None,
        }
    }

    /// The listing with these ignore patterns.
    pub(crate) fn list(&self, ignore: &[&str]) -> Result<Listing, SiteError> {
        let ignore = ignore.iter().map(|&pattern| pattern.to_owned()).collect();
        list(&ListOptions { ignore, ..self.options() })
    }
}

/// The paths of a listing, without their slashes.
pub(crate) fn paths(listing: &Listing) -> Vec<String> {
    listing.files.iter().map(|file| file.path.strip_prefix('/').unwrap().to_owned()).collect()
}

/// A file that was hashed, with its gzip bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) hash: String,
    pub(crate) gzip: Vec<u8>,
}

/// All files, sorted by path; what was not kept is compressed again.
pub(crate) fn hashed(options: &ListOptions) -> Result<(Vec<File>, Summary), SiteError> {
    let listing = list(options)?;
    let mut files = Vec::new();
    let mut kept_by_the_cache = Vec::new();
    let summary = hash(&listing, options, &mut |one| {
        let gzip = match &one.content {
            CompressedContent::Memory(bytes) => bytes.to_vec(),
            CompressedContent::Spooled(spooled) => whole(spooled),
            CompressedContent::NotKept => {
                kept_by_the_cache.push(one);
                return Ok(());
            }
        };
        assert_eq!(gzip.len() as u64, one.gzip_length);
        files.push(File { path: listing.files[one.index].path.clone(), hash: one.hash, gzip });
        Ok(())
    })?;
    for one in kept_by_the_cache {
        let mut gzip = Vec::new();
        let length = compress_again(&listing, one.index, &one.hash, &mut |piece| {
            gzip.extend_from_slice(&piece);
            Ok(())
        })?;
        assert_eq!((gzip.len() as u64, length), (one.gzip_length, one.gzip_length));
        files.push(File { path: listing.files[one.index].path.clone(), hash: one.hash, gzip });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((files, summary))
}

/// The bytes of a spooled content, read in odd pieces.
pub(crate) fn whole(spooled: &Spooled) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let piece = spooled.read(all.len() as u64, 99_991).unwrap();
        if piece.is_empty() {
            assert_eq!(all.len() as u64, spooled.length());
            return all;
        }
        all.extend_from_slice(&piece);
    }
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What one gzip member holds; anything after it fails the test.
pub(crate) fn unzipped(gzip: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(gzip);
    decoder.read_to_end(&mut content).unwrap();
    assert!(decoder.into_inner().is_empty(), "one member and nothing after it");
    content
}

/// Bytes that cannot be compressed, the same every time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(next).collect()
}

/// The error with everything a user reads of it.
pub(crate) fn told(error: &SiteError) -> String {
    use std::error::Error;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("\n  cause: {cause}");
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text += &format!("\n  hint: {hint}");
    }
    text
}
