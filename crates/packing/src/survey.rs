//! The first pass: what would be packed, under which name, and what the user should know about it.

use std::path::Path;

use super::content::{self, FileContent, FileToRead};
use super::entry::{ArchiveEntry, EntryKind};
use super::error::PackError;
use super::ignore_rules::{IgnoreRules, RulesSource};
use super::secrets::{self, WithheldFile};
use super::tree::SourceTree;
use super::walk::{self, PackCandidate, PackKind, PackedTree};
use super::warning::Warning;
use super::{PackOptions, digest};

/// A tree that was walked and hashed. It keeps the directory open until it is dropped.
#[derive(Debug)]
pub struct Survey {
    /// Names the content: equal on every machine exactly when the archive would be. 64 lowercase hex digits.
    pub digest: String,
    /// How many files will be packed; links and directories do not count.
    pub files: u64,
    /// How many bytes these files hold.
    pub bytes: u64,
    /// Files that were left out to protect a secret, sorted by path.
    pub withheld: Vec<WithheldFile>,
    /// What is odd about the tree, sorted by path.
    pub warnings: Vec<Warning>,
    /// Which rules decided.
    pub rules: RulesSource,
    /// How many files and directories the rules left out; a directory counts once, however much is in it.
    pub excluded: u64,
    pub(super) tree: SourceTree,
    pub(super) entries: Vec<ArchiveEntry>,
    pub(super) threads: usize,
}

impl Survey {
    /// Whether a file of this path, relative and with forward slashes, will be packed.
    pub fn holds(&self, path: &str) -> bool {
        let is_file = |entry: &ArchiveEntry| !matches!(entry.node, EntryKind::Directory);
        self.entries.iter().any(|entry| entry.path.as_bytes() == path.as_bytes() && is_file(entry))
    }
}

/// Looks at everything in `root` and reads every file that would be packed.
///
/// # Errors
/// Where the tree cannot be read or may not be packed; see [`PackError`].
pub fn survey(root: &Path, options: &PackOptions) -> Result<Survey, PackError> {
    let tree = SourceTree::open(root)?;
    let rules = IgnoreRules::read(&tree, options.ignore_file.as_deref())?;
    let PackedTree { found, mut withheld, mut warnings, excluded } = walk::walk(&tree, &rules, options)?;
    let threads = options.workers();
    let contents = content::read_all(&tree, &wanted(&found), threads)?;

    let (mut files, mut bytes) = (0, 0);
    let mut entries = Vec::with_capacity(found.len());
    let mut contents = contents.into_iter();
    for PackCandidate { path, what } in found {
        let node = match what {
            PackKind::Directory => EntryKind::Directory,
            PackKind::Link { target } => EntryKind::Link { target },
            PackKind::File { executable, size, .. } => {
                let FileContent { sha256, secret } = contents.next().expect("every file was read");
                if let Some(secret) = secret {
                    withheld.push(WithheldFile { path, secret });
                    continue;
                }
                if secrets::is_private_name(path.as_bytes()) {
                    warnings.push(Warning::PrivateFile(path.clone()));
                }
                files += 1;
                bytes += size;
                EntryKind::File { executable, size, sha256 }
            }
        };
        entries.push(ArchiveEntry { path, node });
    }
    if entries.iter().all(|entry| matches!(entry.node, EntryKind::Directory)) {
        let root = root.to_owned();
        return Err(PackError::Nothing { root, excluded, rules: rules.source, withheld: withheld.len() });
    }
    withheld.sort_by(|a, b| a.path.cmp(&b.path));
    warnings.sort_by(|a, b| a.path().cmp(b.path()));
    let digest = digest::of_tree(&entries);
    Ok(Survey { digest, files, bytes, withheld, warnings, rules: rules.source, excluded, tree, entries, threads })
}

/// The files among what was found.
fn wanted(found: &[PackCandidate]) -> Vec<FileToRead<'_>> {
    found
        .iter()
        .filter_map(|PackCandidate { path, what }| match *what {
            PackKind::File { size, .. } => Some(FileToRead { path, size }),
            PackKind::Directory | PackKind::Link { .. } => None,
        })
        .collect()
}
