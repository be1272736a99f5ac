//! The staged source: a gzipped tar, of one or several gzip members.

use crate::world::hex_of;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;

/// What the archive holds, by path without leading `./`.
#[derive(Debug, Default)]
pub(super) struct Archive {
    entries: BTreeMap<String, Entry>,
}

/// One file, link or directory.
#[derive(Debug)]
struct Entry {
    mode: u32,
    /// Hash of the content, or the target of a link.
    print: String,
    /// Content, of files small enough to be read by a build step's rules.
    content: Option<Vec<u8>>,
    is_directory: bool,
}

/// Files up to this size keep their content; Dockerfiles are far smaller.
const KEPT: u64 = 1 << 20;

impl Archive {
    /// Unpacks; the error is a sentence for the build's log.
    pub(super) fn read(bytes: &[u8]) -> Result<Archive, String> {
        let mut archive = Archive::default();
        let mut tar = tar::Archive::new(MultiGzDecoder::new(bytes));
        let trouble = |trouble: std::io::Error| format!("failed unarchiving source: {trouble}");
        for entry in tar.entries().map_err(trouble)? {
            let mut entry = entry.map_err(trouble)?;
            let path = entry.path_bytes();
            let path = clean(&String::from_utf8_lossy(&path));
            let kind = entry.header().entry_type();
            let mode = entry.header().mode().map_err(trouble)? & 0o777;
            let link = entry.link_name_bytes().map(|target| String::from_utf8_lossy(&target).into_owned());
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(trouble)?;
            let print = link.unwrap_or_else(|| hex_of(&content));
            let small = kind.is_file() && content.len() as u64 <= KEPT;
            let content = small.then_some(content);
            archive.entries.insert(path, Entry { mode, print, content, is_directory: kind.is_dir() });
        }
        Ok(archive)
    }

    /// Whether there is a file, link or directory at this path; directories may be implied by
    /// what lies in them.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = clean(path);
        let inside = format!("{path}/");
        path.is_empty()
            || self.entries.contains_key(&path)
            || self.entries.keys().any(|known| known.starts_with(&inside))
    }

    /// Whether this path is a directory.
    pub(super) fn is_directory(&self, path: &str) -> bool {
        let path = clean(path);
        self.has(&path) && self.entries.get(&path).is_none_or(|entry| entry.is_directory)
    }

    /// The text of a small file.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let content = self.entries.get(&clean(path))?.content.as_ref()?;
        Some(String::from_utf8_lossy(content).into_owned())
    }

    /// Whether any path fits a pattern with `*`, `?` and `[…]`.
    pub(super) fn matches(&self, pattern: &str) -> bool {
        let pattern = clean(pattern);
        let depth = pattern.split('/').count();
        self.entries.keys().any(|path| {
            // A file also stands for the directories it lies in.
            let head: Vec<&str> = path.split('/').take(depth).collect();
            head.len() == depth
                && head.iter().zip(pattern.split('/')).all(|(part, glob)| fits(glob.as_bytes(), part.as_bytes()))
        })
    }

    /// How many files there are.
    pub(super) fn files(&self) -> usize {
        self.entries.values().filter(|entry| !entry.is_directory).count()
    }

    /// Names, modes and contents in one hash.
    pub(super) fn print(&self) -> String {
        let mut text = String::new();
        for (path, entry) in &self.entries {
            text.push_str(&format!("{path}\0{:o}\0{}\n", entry.mode, entry.print));
        }
        hex_of(text.as_bytes())
    }
}

/// A path without `.` parts, doubled slashes and slashes at the ends; `..` goes up.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a name fits a shell pattern.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => fits(rest, name) || (!name.is_empty() && fits(pattern, &name[1..])),
        (Some((b'?', rest)), Some((_, name))) => fits(rest, name),
        (Some((b'[', rest)), Some((letter, name))) => {
            let Some(end) = rest.iter().position(|b| *b == b']') else { return false };
            let (set, negated) = match rest[..end].split_first() {
                Some((b'^' | b'!', set)) => (set, true),
                _ => (&rest[..end], false),
            };
            let within = |range: &[u8]| matches!(range, [low, b'-', high] if (low..=high).contains(&letter));
            let held = set.contains(letter) || set.windows(3).any(within);
            held != negated && fits(&rest[end + 1..], name)
        }
        (Some((b'\\', rest)), _) if !rest.is_empty() => name.first() == rest.first() && fits(&rest[1..], &name[1..]),
        (Some((expected, rest)), Some((letter, name))) => expected == letter && fits(rest, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(files: &[(&str, &str, u32)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, content, mode) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(*mode);
            tar.append_data(&mut header, path, content.as_bytes()).expect("an entry");
        }
        tar.into_inner().expect("a tar")
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("a member")
    }

    #[test]
    fn several_gzip_members_are_one_archive() {
        let tar = packed(&[("./Dockerfile", "FROM x", 0o644), ("src/a.py", "1", 0o755)]);
        let (head, tail) = tar.split_at(700);
        let whole = Archive::read(&gzip(&tar)).expect("one member");
        let parts = Archive::read(&[gzip(head), gzip(tail)].concat()).expect("two members");
        assert_eq!(whole.print(), parts.print());
        assert_eq!(parts.text("Dockerfile").as_deref(), Some("FROM x"));
        assert!(parts.has("src") && parts.is_directory("src") && parts.has("src/a.py") && !parts.has("sr"));
        assert_eq!(parts.files(), 2);
    }

    #[test]
    fn the_print_follows_names_modes_and_contents() {
        let print = |files: &[(&str, &str, u32)]| Archive::read(&gzip(&packed(files))).expect("an archive").print();
        let base = print(&[("a", "1", 0o644)]);
        assert_eq!(base, print(&[("./a", "1", 0o644)]));
        assert_ne!(base, print(&[("b", "1", 0o644)]));
        assert_ne!(base, print(&[("a", "2", 0o644)]));
        assert_ne!(base, print(&[("a", "1", 0o755)]));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(Archive::read(b"PK\x03\x04 a zip").is_err());
        let whole = gzip(&packed(&[("a", "1", 0o644)]));
        assert!(Archive::read(&whole[..whole.len() / 2]).is_err());
    }

    #[test]
    fn patterns_match_like_a_shell() {
        let archive = Archive::read(&gzip(&packed(&[("app/main.py", "", 0o644)]))).expect("an archive");
        for pattern in ["app/*.py", "a??", "app/[a-m]ain.py", "*/main.*", "./app/main.py"] {
            assert!(archive.matches(pattern), "{pattern}");
        }
        for pattern in ["*.py", "app/[^m]ain.py", "app/*/x"] {
            assert!(!archive.matches(pattern), "{pattern}");
        }
    }
}
