//! Which rules leave files out: `.gcloudignore` with what it includes, or gcloud's defaults without one; or those of a
//! file that takes its place.

use std::fmt;
use std::io;

use super::error::PackError;
use super::glob::Glob;
use super::path::TreePath;
use super::tree::SourceTree;

const GCLOUDIGNORE: &[u8] = b".gcloudignore";
const GITIGNORE: &[u8] = b".gitignore";

/// What gcloud leaves out of a directory without a `.gcloudignore`.
const DEFAULTS: [&[u8]; 3] = [GCLOUDIGNORE, b".git", GITIGNORE];

/// The bytes of all ignore files together. People write a few KiB; every path is matched against every line.
const MAX_LENGTH: u64 = 256 * 1024;

/// How deep includes may nest. People write one level, which is also all that gcloud follows.
const MAX_DEPTH: usize = 8;

/// Where the rules of a tree came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulesSource {
    /// `.gcloudignore` in the root.
    Gcloudignore,
    /// The file that was named in its place (gcloud's `--ignore-file`).
    Named,
    /// No `.gcloudignore`, so gcloud's defaults and the root's `.gitignore`.
    Gitignore,
    /// Neither file, so gcloud's defaults alone.
    Defaults,
}

impl fmt::Display for RulesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RulesSource::Gcloudignore => "`.gcloudignore`",
            RulesSource::Named => "the file of `build_ignore_file`",
            RulesSource::Gitignore => "`.gitignore`, which decides where there is no `.gcloudignore`",
            RulesSource::Defaults => "the defaults (`.git`, `.gitignore`, `.gcloudignore`)",
        })
    }
}

/// The patterns of a tree, in their order: the last that matches decides.
#[derive(Debug)]
pub(super) struct IgnoreRules {
    pub(super) source: RulesSource,
    globs: Vec<Glob>,
}

impl IgnoreRules {
    /// `named` stands in the root in place of `.gcloudignore`.
    pub(super) fn read(tree: &SourceTree, named: Option<&str>) -> Result<Self, PackError> {
        let mut reader = IgnoreFiles { tree, left: MAX_LENGTH, globs: Vec::new() };
        if let Some(name) = named {
            let file = name.as_bytes();
            let text = reader.text(file).map_err(|error| unread(file, error))?;
            reader.add(&text, &[file])?;
            return Ok(Self { source: RulesSource::Named, globs: reader.globs });
        }
        if let Some(text) = reader.root(GCLOUDIGNORE)? {
            reader.add(&text, &[GCLOUDIGNORE])?;
            return Ok(Self { source: RulesSource::Gcloudignore, globs: reader.globs });
        }
        reader.globs.extend(DEFAULTS.into_iter().filter_map(Glob::parse));
        let source = match reader.root(GITIGNORE)? {
            Some(text) => {
                reader.add(&text, &[GITIGNORE])?;
                RulesSource::Gitignore
            }
            None => RulesSource::Defaults,
        };
        Ok(Self { source, globs: reader.globs })
    }

    /// Whether `path` is left out, its parents being kept.
    pub(super) fn leave_out(&self, path: &[u8], is_directory: bool) -> bool {
        self.globs.iter().rev().find(|glob| glob.matches(path, is_directory)).is_some_and(|glob| !glob.negated)
    }
}

/// Collects patterns from files that include each other.
struct IgnoreFiles<'t> {
    tree: &'t SourceTree,
    /// Bytes that may still be read. The limit holds for the sum, as a file may be included many times.
    left: u64,
    globs: Vec<Glob>,
}

impl IgnoreFiles<'_> {
    /// The text of a file that may be missing.
    fn root(&mut self, file: &[u8]) -> Result<Option<Vec<u8>>, PackError> {
        match self.text(file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unread(file, error)),
        }
    }

    fn text(&mut self, file: &[u8]) -> io::Result<Vec<u8>> {
        let text = self.tree.read_small(file, self.left)?;
        self.left -= text.len() as u64;
        Ok(text)
    }

    /// Adds the patterns of `text`, the content of the last of `files`; each of these includes the next.
    fn add(&mut self, text: &[u8], files: &[&[u8]]) -> Result<(), PackError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match include(line) {
                Some(name) => self.include(name, index + 1, files)?,
                None => self.globs.extend(Glob::parse(line)),
            }
        }
        Ok(())
    }

    fn include(&mut self, name: &[u8], line: usize, files: &[&[u8]]) -> Result<(), PackError> {
        let file = path(files.last().copied().unwrap_or_default());
        if name.is_empty() || name == b"." || name == b".." || name.contains(&b'/') {
            return Err(PackError::IncludeElsewhere { file, line, name: path(name) });
        }
        if files.contains(&name) || files.len() > MAX_DEPTH {
            return Err(PackError::IncludeNesting { file, line, name: path(name) });
        }
        let text = self.text(name).map_err(|error| {
            refusal(name, error, |name, source| PackError::IncludeUnreadable { file, line, name, source })
        })?;
        self.add(&text, &[files, &[name]].concat())
    }
}

/// An ignore file of the root that was not read.
fn unread(file: &[u8], error: io::Error) -> PackError {
    refusal(file, error, |file, source| PackError::IgnoreFile { file, source })
}

/// What to say of an ignore file that was not read.
fn refusal(file: &[u8], error: io::Error, unreadable: impl FnOnce(TreePath, io::Error) -> PackError) -> PackError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => PackError::IgnoreFileTooLong { file: path(file), limit: MAX_LENGTH },
        _ => unreadable(path(file), error),
    }
}

/// The file an `#!include:FILE` line names. As in gcloud, blanks may stand before the `!`.
fn include(line: &[u8]) -> Option<&[u8]> {
    Some(line.strip_prefix(b"#")?.trim_ascii_start().strip_prefix(b"!include:")?.trim_ascii())
}

fn path(name: &[u8]) -> TreePath {
    TreePath::join(b"", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_lines() {
        for (line, name) in [
            ("#!include:.gitignore", Some(".gitignore")),
            ("# \t!include: a b ", Some("a b")),
            ("#!include:", Some("")),
            ("!include:x", None),
            ("## !include:x", None),
            (" #!include:x", None),
        ] {
            assert_eq!(include(line.as_bytes()), name.map(str::as_bytes), "{line:?}");
        }
    }
}
