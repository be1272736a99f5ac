//! Making public directories and asking for their files.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::site::{Listing, Options, SiteError, list};

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

    pub(crate) fn options(&self) -> Options {
        Options {
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
        list(&Options { ignore, ..self.options() })
    }
}

/// The paths of a listing, without their slashes.
pub(crate) fn paths(listing: &Listing) -> Vec<String> {
    listing.files.iter().map(|file| file.path.strip_prefix('/').unwrap().to_owned()).collect()
}
