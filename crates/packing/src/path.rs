//! A path inside the packed directory: its exact bytes, and how it reads in a message.

use std::fmt;

/// A path relative to the packed directory, exactly as the disk has it: any bytes but NUL, parts joined by `/`.
///
/// Displayed, it is safe to print: what is not printable UTF-8 is escaped, so that two paths never look alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Box<[u8]>);

impl TreePath {
    /// The path of `name` inside `parent`; an empty parent is the packed directory itself.
    pub(super) fn join(parent: &[u8], name: &[u8]) -> Self {
        if parent.is_empty() {
            return Self(name.into());
        }
        let mut bytes = Vec::with_capacity(parent.len() + 1 + name.len());
        bytes.extend_from_slice(parent);
        bytes.push(b'/');
        bytes.extend_from_slice(name);
        Self(bytes.into())
    }

    /// The exact bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last part.
    pub(super) fn name(&self) -> &[u8] {
        file_name(&self.0)
    }
}

/// The part of `path` after its last slash.
pub(super) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PrintablePath(&self.0).fmt(f)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreePath({self})")
    }
}

/// Bytes as text that cannot command a terminal or the runner.
pub(super) struct PrintablePath<'a>(pub(super) &'a [u8]);

impl fmt::Display for PrintablePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            let mut hashes = 0;
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    // The runner obeys `##[command]` anywhere in a line.
                    '[' if hashes >= 2 => f.write_str("\\[")?,
                    _ if c.is_control() || is_invisible(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    _ => write!(f, "{c}")?,
                }
                // An escaped character stands visibly between, whatever the runner drops.
                hashes = if c == '#' { hashes + 1 } else { 0 };
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that take no room or turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        PrintablePath(bytes).to_string()
    }

    #[test]
    fn printable_text_is_shown_as_it_is() {
        assert_eq!(shown("src/主要/Größe -rf.txt".as_bytes()), "src/主要/Größe -rf.txt");
    }

    #[test]
    fn everything_else_is_escaped() {
        assert_eq!(shown(b"a\nb\rc\td\\n"), r"a\nb\rc\td\\n");
        assert_eq!(shown(b"\x1b]8;;x\x07"), r"\u{1b}]8;;x\u{7}");
        assert_eq!(shown(b"caf\xe9/\xff"), r"caf\xe9/\xff");
        assert_eq!(shown("a\u{202e}b\u{85}c\u{2028}d".as_bytes()), r"a\u{202e}b\u{85}c\u{2028}d");
    }

    #[test]
    fn a_name_is_no_runner_command() {
        assert_eq!(shown(b"##[error]x"), r"##\[error]x");
        assert_eq!(shown(b"###[error]x"), r"###\[error]x");
        assert_eq!(shown("##\u{200b}[error]x".as_bytes()), r"##\u{200b}[error]x");
        assert_eq!(shown(b"a[0]#[x]"), "a[0]#[x]");
    }

    #[test]
    fn paths_join_and_split() {
        assert_eq!(TreePath::join(b"", b"a").as_bytes(), b"a");
        assert_eq!(TreePath::join(b"a/b", b"c").as_bytes(), b"a/b/c");
        assert_eq!(TreePath::join(b"a/b", b"c").name(), b"c");
        assert_eq!(TreePath::join(b"", b"c").name(), b"c");
    }
}
