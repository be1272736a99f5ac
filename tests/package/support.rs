//! Making trees, packing them, and reading archives back.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::package::{PackError, PackOptions, Survey, WithheldFile, survey};

/// A directory that is filled by the test and gone after it.
pub(crate) struct Fixture(tempfile::TempDir);

impl Fixture {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        files.iter().for_each(|(path, content)| fixture.file(path, content));
        fixture
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, path: impl AsRef<OsStr>) -> PathBuf {
        self.root().join(path.as_ref())
    }

    pub(crate) fn file(&self, path: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn directory(&self, path: impl AsRef<OsStr>) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    pub(crate) fn link(&self, path: impl AsRef<OsStr>, target: impl AsRef<OsStr>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target.as_ref(), path).unwrap();
    }

    pub(crate) fn mode(&self, path: impl AsRef<OsStr>, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn survey(&self) -> Result<Survey, PackError> {
        survey(self.root(), &options(2))
    }

    pub(crate) fn pack(&self) -> Packed {
        pack(self.root(), &options(2))
    }
}

pub(crate) fn options(threads: usize) -> PackOptions {
    PackOptions { credential_files: vec![], ignore_file: None, threads: NonZeroUsize::new(threads).unwrap() }
}

/// A survey and the archive that was written after it.
pub(crate) struct Packed {
    pub(crate) survey: Survey,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn pack(root: &Path, options: &PackOptions) -> Packed {
    let survey = survey(root, options).unwrap();
    let bytes = collect(&survey).unwrap();
    Packed { survey, bytes }
}

pub(crate) fn collect(survey: &Survey) -> Result<Vec<u8>, PackError> {
    let mut bytes = Vec::new();
    let mut sink = |piece: bytes::Bytes| {
        bytes.extend_from_slice(&piece);
        Ok(())
    };
    survey.write(&mut sink, &mut |_| ())?;
    Ok(bytes)
}

impl Packed {
    /// What is in the archive, by the `tar` crate.
    pub(crate) fn tree(&self) -> Tree {
        entries(&self.bytes).into_iter().map(|entry| (entry.path, entry.node)).collect()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        entries(&self.bytes).iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.survey.warnings.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn withheld(&self) -> Vec<String> {
        self.survey.withheld.iter().map(|WithheldFile { path, .. }| path.to_string()).collect()
    }
}

/// A tree as an archive keeps it.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directory,
    File { executable: bool, content: Vec<u8> },
    Link(Vec<u8>),
}

/// One entry as the `tar` crate reads it.
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) node: Node,
    pub(crate) header: tar::Header,
}

pub(crate) fn entries(archive: &[u8]) -> Vec<Entry> {
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(archive));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut path = entry.path_bytes().into_owned();
        if path.starts_with(b"./") {
            path.drain(..2);
        }
        let header = entry.header().clone();
        let node = match header.entry_type() {
            tar::EntryType::Directory => {
                assert_eq!(path.pop(), Some(b'/'));
                Node::Directory
            }
            tar::EntryType::Symlink => Node::Link(entry.link_name_bytes().unwrap().into_owned()),
            tar::EntryType::Regular => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                Node::File { executable: header.mode().unwrap() & 0o111 != 0, content }
            }
            other => panic!("an entry of type {other:?}"),
        };
        Entry { path, node, header }
    });
    entries.collect()
}

/// The tree on disk below `root`. `None` for what is neither file, directory nor link.
pub(crate) fn on_disk(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(root.join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            let kind = entry.file_type().unwrap();
            let node = if kind.is_dir() {
                pending.push(path.clone());
                Node::Directory
            } else if kind.is_symlink() {
                Node::Link(fs::read_link(entry.path()).unwrap().into_os_string().into_vec())
            } else {
                let executable = entry.metadata().unwrap().mode() & 0o100 != 0;
                Node::File { executable, content: fs::read(entry.path()).unwrap() }
            };
            tree.insert(path.into_os_string().into_vec(), node);
        }
    }
    tree
}

pub(crate) fn os(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// The error with everything a user reads of it.
pub(crate) fn told(error: &PackError) -> String {
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

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}
