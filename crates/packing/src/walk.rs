//! The decision for every name in the tree: packed, left out, withheld, skipped or refused.

use rustix::fs::FileType;

use super::PackOptions;
use super::error::PackError;
use super::ignore_rules::IgnoreRules;
use super::path::TreePath;
use super::secrets::{self, CredentialFiles, WithheldFile};
use super::tree::{SourceChild, SourceTree};
use super::warning::{LinkTarget, Warning};

/// Cloud Storage's largest object. What claims more cannot be uploaded, and reading it to the end may take days.
const LARGEST_FILE: u64 = 5 << 40;

/// Cloud Build unpacks with GNU tar, which fails on a path of 4,096 bytes, and names there begin with `/workspace/`.
/// Being refused here is better than a build that cannot fetch its source.
const LONGEST_PATH: usize = 4_096 - 1 - "/workspace/".len();

/// Something to be packed, its content not read yet.
pub(super) struct PackCandidate {
    pub(super) path: TreePath,
    pub(super) what: PackKind,
}

/// What was found.
pub(super) enum PackKind {
    Directory,
    File { executable: bool, size: u64 },
    Link { target: Box<[u8]> },
}

/// What a walk brings home, in the order of the archive: a directory before what is in it, siblings by their bytes.
#[derive(Default)]
pub(super) struct PackedTree {
    pub(super) found: Vec<PackCandidate>,
    pub(super) withheld: Vec<WithheldFile>,
    pub(super) warnings: Vec<Warning>,
    /// What the rules left out; a directory counts once, however much is in it.
    pub(super) excluded: u64,
}

/// Walks the whole tree.
pub(super) fn walk(tree: &SourceTree, rules: &IgnoreRules, options: &PackOptions) -> Result<PackedTree, PackError> {
    let credentials = CredentialFiles::find(&options.credential_files);
    let mut walk = PackedTree::default();
    // A stack and no recursion: hostile trees are deep. The next child to visit is on top.
    let mut pending = tree.list(b"")?;
    pending.reverse();
    while let Some(child) = pending.pop() {
        let is_directory = child.kind == FileType::Directory;
        if rules.leave_out(child.path.as_bytes(), is_directory) {
            walk.excluded += 1;
        } else if child.path.as_bytes().len() > LONGEST_PATH {
            return Err(too_long(&child.path));
        } else if let Some(secret) = secrets::known(&child, &credentials) {
            walk.withheld.push(WithheldFile { path: child.path, secret });
        } else {
            if is_directory {
                let below = pending.len();
                pending.extend(tree.list(child.path.as_bytes())?);
                pending[below..].reverse();
            }
            walk.keep(tree, child)?;
        }
    }
    Ok(walk)
}

impl PackedTree {
    fn keep(&mut self, tree: &SourceTree, child: SourceChild) -> Result<(), PackError> {
        let SourceChild { path, kind, mode, size, .. } = child;
        let what = match kind {
            FileType::Directory => PackKind::Directory,
            FileType::RegularFile => {
                if size > LARGEST_FILE {
                    return Err(PackError::TooLarge { path, size });
                }
                PackKind::File { executable: mode & 0o100 != 0, size }
            }
            FileType::Symlink => {
                let target = tree.link_target(&path)?;
                self.warnings.extend(doubt_of_link(tree, &path, &target));
                PackKind::Link { target }
            }
            FileType::Fifo => {
                self.warnings.push(Warning::SkippedFifo(path));
                return Ok(());
            }
            FileType::Socket => {
                self.warnings.push(Warning::SkippedSocket(path));
                return Ok(());
            }
            _ => return Err(PackError::Device { path }),
        };
        self.found.push(PackCandidate { path, what });
        Ok(())
    }
}

fn too_long(path: &TreePath) -> PackError {
    let top = path.as_bytes().split(|&byte| byte == b'/').next().unwrap_or_default();
    PackError::PathTooLong { top: TreePath::join(b"", top), length: path.as_bytes().len(), limit: LONGEST_PATH }
}

/// What is wrong with a link, judged by its text first, so that nothing outside the tree is touched.
fn doubt_of_link(tree: &SourceTree, path: &TreePath, target: &[u8]) -> Option<Warning> {
    let shown = || LinkTarget(target.into());
    if target.starts_with(b"/") {
        Some(Warning::AbsoluteLink(path.clone(), shown()))
    } else if escapes(path.as_bytes(), target) {
        Some(Warning::EscapingLink(path.clone(), shown()))
    } else if !tree.leads_somewhere(path) {
        Some(Warning::BrokenLink(path.clone(), shown()))
    } else {
        None
    }
}

/// Whether the target, read from the link's directory, climbs above the root at any point.
fn escapes(path: &[u8], target: &[u8]) -> bool {
    let mut depth = path.iter().filter(|&&byte| byte == b'/').count();
    for part in target.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::escapes;

    #[test]
    fn targets_that_climb_out() {
        for (path, target, expected) in [
            ("a", "b", false),
            ("a", "../b", true),
            ("x/a", "../b", false),
            ("x/a", "../../b", true),
            ("x/a", "y/../../../b", true),
            ("x/a", "./y//../../b", false),
            ("a", ".", false),
            ("a", "..", true),
        ] {
            assert_eq!(escapes(path.as_bytes(), target.as_bytes()), expected, "{path} -> {target}");
        }
    }
}
