//! Files and directories that somebody named: where they may lie, and how they are read. What is no plain file of a
//! sane size is not read: a pipe would wait for ever, a device never ends, a link may lead to the machine's own files.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

/// The largest file that somebody wrote by hand.
pub const LARGEST: u64 = 4 << 20;

/// Where paths may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// `None` is everywhere: on a terminal a path is the person's own.
    within: Option<Vec<PathBuf>>,
}

/// Why a path leads to nothing that may be used. No variant holds anything of a file.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// It lies elsewhere, or a link leads out.
    #[error("lies outside the workspace and RUNNER_TEMP, or a link leads out of them")]
    Outside,
    /// Nothing is there.
    #[error("cannot be read: nothing is there")]
    Missing,
    /// A directory, a pipe, a device.
    #[error("cannot be read: it is no plain file")]
    NoFile,
    /// Something that is no directory.
    #[error("is not a directory")]
    NoDirectory,
    /// More than anybody writes.
    #[error("cannot be read: it is larger than {0} KiB")]
    Large(u64),
    /// Not a text.
    #[error("cannot be read: it is no text in UTF-8")]
    NoText,
    /// Whatever else the system says.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
}

impl Places {
    /// Everywhere.
    pub fn anywhere() -> Self {
        Self { within: None }
    }

    /// In these directories and below them, wherever links lead.
    pub fn within(directories: Vec<PathBuf>) -> Self {
        Self { within: Some(directories) }
    }

    /// Where a path leads, links followed.
    ///
    /// # Errors
    /// When nothing is there, or when it lies elsewhere.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, PlaceError> {
        let whole = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if self.leaves(path) => PlaceError::Outside,
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => PlaceError::Missing,
            _ => PlaceError::Unreadable(error),
        })?;
        if self.allows(&whole) { Ok(whole) } else { Err(PlaceError::Outside) }
    }

    /// Where a path leads whose end may not be there yet.
    ///
    /// # Errors
    /// When it lies elsewhere.
    pub fn resolve_new(&self, path: &Path) -> Result<PathBuf, PlaceError> {
        let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
        let Some((above, whole)) = there else { return Err(PlaceError::Missing) };
        let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
        let climbs = rest.components().any(|part| !matches!(part, Component::Normal(_)));
        if climbs || !self.allows(&whole) { Err(PlaceError::Outside) } else { Ok(whole.join(rest)) }
    }

    /// A directory.
    ///
    /// # Errors
    /// When it is none, or lies elsewhere.
    pub fn directory(&self, path: &Path) -> Result<PathBuf, PlaceError> {
        let whole = self.resolve(path)?;
        if whole.is_dir() { Ok(whole) } else { Err(PlaceError::NoDirectory) }
    }

    /// The whole of a plain file of at most `most` bytes.
    ///
    /// # Errors
    /// Why it is not read.
    pub fn bytes(&self, path: &Path, most: u64) -> Result<Vec<u8>, PlaceError> {
        let file = open(&self.resolve(path)?)?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(PlaceError::Unreadable)?;
        if bytes.len() as u64 > most { Err(PlaceError::Large(most >> 10)) } else { Ok(bytes) }
    }

    /// The text of a plain file of at most [`LARGEST`] bytes.
    ///
    /// # Errors
    /// Why it is not read.
    pub fn text(&self, path: &Path) -> Result<String, PlaceError> {
        String::from_utf8(self.bytes(path, LARGEST)?).map_err(|_| PlaceError::NoText)
    }

    fn allows(&self, whole: &Path) -> bool {
        let within = |directory: &PathBuf| directory.canonicalize().is_ok_and(|directory| whole.starts_with(directory));
        self.within.as_ref().is_none_or(|directories| directories.iter().any(within))
    }

    /// Whether a path leads out by its letters alone: whether something is there is nobody's business then.
    fn leaves(&self, path: &Path) -> bool {
        let climbs = path.components().any(|part| matches!(part, Component::ParentDir));
        self.within.as_ref().is_some_and(|within| climbs || !within.iter().any(|directory| path.starts_with(directory)))
    }
}

/// Opens a plain file; opening does not wait, so that a pipe is seen to be one.
fn open(path: &Path) -> Result<File, PlaceError> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(PlaceError::Unreadable)?;
    let is_file = file.metadata().map_err(PlaceError::Unreadable)?.is_file();
    if is_file { Ok(file) } else { Err(PlaceError::NoFile) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_lead_no_further_than_paths() {
        let (root, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let (root, other) = (root.path(), other.path());
        std::fs::write(root.join("a"), "a").expect("written");
        std::fs::write(other.join("b"), "b").expect("written");
        symlink(root.join("a"), root.join("in")).expect("a link");
        symlink(other.join("b"), root.join("out")).expect("a link");
        symlink(other, root.join("away")).expect("a link");
        let places = Places::within(vec![root.to_owned()]);
        assert_eq!(places.text(&root.join("in")).expect("a text"), "a");
        for path in [root.join("out"), root.join("away/b"), root.join("../x"), other.join("b"), other.join("none")] {
            assert!(matches!(places.text(&path), Err(PlaceError::Outside)), "{}", path.display());
            assert!(Places::anywhere().resolve(&path).is_ok() || !path.exists());
        }
        assert!(matches!(places.directory(&root.join("away")), Err(PlaceError::Outside)));
        assert!(matches!(places.directory(&root.join("a")), Err(PlaceError::NoDirectory)));
        assert!(matches!(places.text(&root.join("none")), Err(PlaceError::Missing)));
        assert!(places.resolve_new(&root.join("new/er")).is_ok());
        for path in [root.join("away/new"), root.join("new/../../x"), other.join("new")] {
            assert!(matches!(places.resolve_new(&path), Err(PlaceError::Outside)), "{}", path.display());
        }
    }

    #[test]
    fn what_is_no_plain_file_is_not_read() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path();
        symlink("/dev/zero", root.join("zero")).expect("a link");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe");
        std::fs::write(root.join("large"), "x".repeat(2000)).expect("written");
        std::fs::write(root.join("bytes"), [0xff, 0xfe]).expect("written");
        let places = Places::anywhere();
        for name in ["zero", "pipe", "."] {
            assert!(matches!(places.text(&root.join(name)), Err(PlaceError::NoFile)), "{name}");
        }
        assert!(matches!(places.bytes(&root.join("large"), 1999), Err(PlaceError::Large(1))));
        assert!(matches!(places.text(&root.join("bytes")), Err(PlaceError::NoText)));
    }
}
