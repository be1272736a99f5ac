//! The headers of a tar archive: plain ustar where everything fits, a PAX record before it for what does not.

use super::entry::{ArchiveEntry, EntryKind};

/// Everything in a tar archive comes in blocks of this size.
pub(super) const BLOCK: usize = 512;

/// 2000-01-01 00:00:00 UTC, for every entry. One date, because the real ones differ with every checkout; not 1970,
/// because zip files, and tools that make them, know no year before 1980; not today, because `make` and caches take
/// files from the future for changed ones.
const MTIME: u64 = 946_684_800;

/// The largest number in the eleven octal digits of a ustar field.
const LARGEST_OCTAL: u64 = (1 << 33) - 1;

/// The bytes before an entry's content.
pub(super) fn encode(entry: &ArchiveEntry) -> Vec<u8> {
    let mut name = Vec::new();
    if let [b'\\', ..] | [b'a'..=b'z' | b'A'..=b'Z', b':', ..] = entry.path.as_bytes() {
        // bsdtar would take it for the beginning of an absolute path on Windows, and remove it.
        name.extend_from_slice(b"./");
    }
    name.extend_from_slice(entry.path.as_bytes());
    let (kind, mode, size, target) = match &entry.node {
        EntryKind::Directory => {
            name.push(b'/');
            (b'5', 0o755, 0, [].as_slice())
        }
        EntryKind::File { executable, size, .. } => {
            (b'0', if *executable { 0o755 } else { 0o644 }, *size, [].as_slice())
        }
        EntryKind::Link { target } => (b'2', 0o777, 0, &**target),
    };

    let mut records = Vec::new();
    let (prefix, short_name) = split(&name).unwrap_or_else(|| {
        record(&mut records, "path", &name);
        (b"", b"long-path")
    });
    let short_target = if target.len() <= 100 {
        target
    } else {
        record(&mut records, "linkpath", target);
        b"long-target"
    };
    let short_size = if size <= LARGEST_OCTAL {
        size
    } else {
        record(&mut records, "size", size.to_string().as_bytes());
        0
    };

    let mut bytes = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        if std::str::from_utf8(&records).is_err() {
            // Records are UTF-8 unless one at the beginning says otherwise. GNU tar takes bytes as they are anyway.
            let mut all = Vec::new();
            record(&mut all, "hdrcharset", b"BINARY");
            all.append(&mut records);
            records = all;
        }
        bytes.extend_from_slice(&ustar(b'x', b"", b"PaxHeader", 0o644, records.len() as u64, b""));
        bytes.extend_from_slice(&records);
        bytes.resize(bytes.len() + padding(records.len() as u64), 0);
    }
    bytes.extend_from_slice(&ustar(kind, prefix, short_name, mode, short_size, short_target));
    bytes
}

/// How many bytes fill the last block of `size` bytes.
pub(super) fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// What follows the last entry.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The name as the prefix and name fields of ustar, which are joined by a slash; nothing if it does not fit.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((b"", name));
    }
    let slash = (1..name.len() - 1).rev().find(|&at| name[at] == b'/' && at <= 155)?;
    (name.len() - slash - 1 <= 100).then(|| (&name[..slash], &name[slash + 1..]))
}

/// Appends `length key=value\n`, where the length counts its own digits too.
fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = " =\n".len() + key.len() + value.len();
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

fn ustar(kind: u8, prefix: &[u8], name: &[u8], mode: u32, size: u64, target: &[u8]) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000"); // uid
    put(116, b"0000000"); // gid
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{MTIME:011o}").as_bytes());
    put(148, b"        "); // the checksum counts as blanks in itself
    put(156, &[kind]);
    put(157, target);
    put(257, b"ustar\x0000");
    put(329, b"0000000"); // device numbers, where GNU tar wants digits
    put(337, b"0000000");
    put(345, prefix);
    let checksum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..155].copy_from_slice(format!("{checksum:06o}\0").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::super::path::TreePath;
    use super::*;

    fn file(path: &str, size: u64) -> ArchiveEntry {
        ArchiveEntry {
            path: TreePath::join(b"", path.as_bytes()),
            node: EntryKind::File { executable: false, size, sha256: [0; 32] },
        }
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
    }

    #[test]
    fn a_plain_header() {
        let header = encode(&file("src/main.rs", 1234));
        assert_eq!(header.len(), BLOCK);
        assert_eq!(text(&header[..100]), "src/main.rs");
        assert_eq!(text(&header[100..108]), "0000644");
        assert_eq!(text(&header[124..136]), "00000002322");
        assert_eq!(text(&header[136..148]), "07033241600");
        assert_eq!(&header[156..157], b"0");
        assert_eq!(&header[257..265], b"ustar\x0000");
        assert_eq!(&header[265..329], [0; 64], "no user, no group");
    }

    #[test]
    fn long_names_are_split_or_recorded() {
        let (a, b, c) = ("a".repeat(100), "b".repeat(100), "c".repeat(156));
        assert_eq!(encode(&file(&a, 0)).len(), BLOCK);
        let header = encode(&file(&format!("{a}/{b}"), 0));
        assert_eq!((text(&header[..100]), text(&header[345..500])), (b.clone(), a.clone()));
        for long in [format!("{a}x"), format!("{c}/{b}"), format!("{a}/{b}x")] {
            let header = encode(&file(&long, 0));
            assert_eq!(header.len(), 3 * BLOCK);
            assert_eq!(&header[156..157], b"x");
            let record = format!("{} path={long}\n", long.len() + 10);
            assert_eq!(text(&header[BLOCK..2 * BLOCK]), record);
            assert_eq!(record.len(), long.len() + 10);
        }
        let directory = ArchiveEntry { path: TreePath::join(b"", a.as_bytes()), node: EntryKind::Directory };
        assert_eq!(encode(&directory).len(), 3 * BLOCK, "its slash is the 101st byte");
    }

    #[test]
    fn what_looks_absolute_on_windows_gets_a_dot() {
        for (name, stored) in [(r"\a", r"./\a"), ("c:a", "./c:a"), ("1:a", "1:a"), ("c", "c"), ("ab:", "ab:")] {
            assert_eq!(text(&encode(&file(name, 0))[..100]), stored);
        }
    }

    #[test]
    fn sizes_and_targets_that_do_not_fit() {
        let header = encode(&file("f", LARGEST_OCTAL));
        assert_eq!(text(&header[124..136]), "77777777777");
        let header = encode(&file("f", LARGEST_OCTAL + 1));
        assert_eq!(text(&header[BLOCK..2 * BLOCK]), "19 size=8589934592\n");
        let target = "t".repeat(101);
        let link = ArchiveEntry {
            path: TreePath::join(b"", b"l"),
            node: EntryKind::Link { target: target.as_bytes().into() },
        };
        assert_eq!(text(&encode(&link)[BLOCK..2 * BLOCK]), format!("115 linkpath={target}\n"));
    }

    #[test]
    fn records_say_when_they_are_not_utf_8() {
        let path = TreePath::join(b"", &b"\xe9".repeat(101));
        let header = encode(&ArchiveEntry { path, node: EntryKind::Directory });
        assert!(header[BLOCK..].starts_with(b"21 hdrcharset=BINARY\n112 path=\xe9"));
    }

    #[test]
    fn a_record_counts_its_own_length() {
        for length in [1, 85, 86, 87, 88, 980, 990, 991, 9_980, 9_990] {
            let mut records = Vec::new();
            record(&mut records, "path", &vec![b'p'; length]);
            let told: usize = text(&records).split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
            assert_eq!(told, records.len());
        }
    }

    #[test]
    fn padding_fills_blocks() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
