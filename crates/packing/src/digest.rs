//! The digest that names a tree: equal exactly when the archives would hold the same.

use ring::digest::{Context, SHA256};

use super::entry::{ArchiveEntry, EntryKind, Sha256};

/// Part of every digest. Raise it with any change that gives an unchanged tree other archive bytes: the headers, the
/// order, how blocks are cut and compressed, another libdeflate. Otherwise an object of an older packer would be taken
/// for this one's, and its checksum would not fit.
const FORMAT: &[u8] = b"slipway source archive, format 1";

/// The digest of a whole tree, as lowercase hex.
///
/// Each field has a fixed width or carries its length, so no two lists of entries encode alike.
pub(super) fn of_tree(entries: &[ArchiveEntry]) -> String {
    let mut hash = Context::new(&SHA256);
    bytes(&mut hash, FORMAT);
    number(&mut hash, entries.len() as u64);
    for entry in entries {
        match &entry.node {
            EntryKind::Directory => {
                hash.update(b"d");
                bytes(&mut hash, entry.path.as_bytes());
            }
            EntryKind::File { executable, size, sha256 } => {
                hash.update(if *executable { b"x" } else { b"f" });
                bytes(&mut hash, entry.path.as_bytes());
                number(&mut hash, *size);
                hash.update(sha256);
            }
            EntryKind::Link { target } => {
                hash.update(b"l");
                bytes(&mut hash, entry.path.as_bytes());
                bytes(&mut hash, target);
            }
        }
    }
    finish(hash).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of a finished hash.
pub(super) fn finish(hash: Context) -> Sha256 {
    let mut value = [0; 32];
    value.copy_from_slice(hash.finish().as_ref());
    value
}

fn bytes(hash: &mut Context, bytes: &[u8]) {
    number(hash, bytes.len() as u64);
    hash.update(bytes);
}

fn number(hash: &mut Context, number: u64) {
    hash.update(&number.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::path::TreePath;
    use super::*;

    fn entry(path: &[u8], node: EntryKind) -> ArchiveEntry {
        ArchiveEntry { path: TreePath::join(b"", path), node }
    }

    fn file(executable: bool, size: u64, sha256: u8) -> EntryKind {
        EntryKind::File { executable, size, sha256: [sha256; 32] }
    }

    #[test]
    fn every_field_counts() {
        let trees = [
            vec![],
            vec![entry(b"a", EntryKind::Directory)],
            vec![entry(b"b", EntryKind::Directory)],
            vec![entry(b"a", file(false, 1, 1))],
            vec![entry(b"a", file(true, 1, 1))],
            vec![entry(b"a", file(false, 2, 1))],
            vec![entry(b"a", file(false, 1, 2))],
            vec![entry(b"a", EntryKind::Link { target: b"bc".as_slice().into() })],
            vec![entry(b"ab", EntryKind::Link { target: b"c".as_slice().into() })],
            vec![entry(b"a", EntryKind::Directory), entry(b"b", EntryKind::Directory)],
            vec![entry(b"b", EntryKind::Directory), entry(b"a", EntryKind::Directory)],
        ];
        let mut digests: Vec<_> = trees.iter().map(|tree| of_tree(tree)).collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), trees.len());
        assert!(digests.iter().all(|digest| digest.len() == 64));
    }
}
