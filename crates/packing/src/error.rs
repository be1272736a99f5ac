//! What can go wrong while packing, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::RulesSource;
use super::path::{PrintablePath, TreePath};
use slipway_failure::{Class, Explain};

/// Why a tree was not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The directory itself is missing, is no directory, or may not be opened.
    #[error("Could not open the source directory `{}`", shown(root))]
    OpenRoot {
        /// The directory as it was given.
        root: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A directory inside the tree could not be listed.
    #[error("Could not list the directory `{path}`")]
    List {
        /// The directory.
        path: TreePath,
        /// The system's answer.
        source: io::Error,
    },
    /// The kind, size or link target of something could not be asked.
    #[error("Could not look at `{path}`")]
    Inspect {
        /// What was looked at.
        path: TreePath,
        /// The system's answer.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("Could not read the file `{path}`")]
    Read {
        /// The file.
        path: TreePath,
        /// The system's answer.
        source: io::Error,
    },
    /// A file is larger than any object in Cloud Storage can be.
    #[error("The file `{path}` claims {size} bytes, more than Cloud Storage takes in one object")]
    TooLarge {
        /// The file.
        path: TreePath,
        /// The size it claims.
        size: u64,
    },
    /// A path is longer than the build's `tar` can create.
    #[error("Below `{top}` is a path of {length} bytes; the build can unpack {limit} at most")]
    PathTooLong {
        /// The first part of the path.
        top: TreePath,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A device node: its content has no end and its meaning is this machine's.
    #[error("`{path}` is a device, which cannot be packed")]
    Device {
        /// The device node.
        path: TreePath,
    },
    /// Something was not the same from one look to the next.
    #[error("`{path}` {change} while it was being packed")]
    Changed {
        /// What changed.
        path: TreePath,
        /// How it changed.
        change: FileChange,
    },
    /// An ignore file is there but cannot be read.
    #[error("Could not read the ignore file `{file}`")]
    IgnoreFile {
        /// Its name.
        file: TreePath,
        /// The system's answer.
        source: io::Error,
    },
    /// The ignore file and what it includes are unreasonably long.
    #[error("The rules of `{file}` with everything it includes are longer than {limit} bytes")]
    IgnoreFileTooLong {
        /// The file in which the limit was passed.
        file: TreePath,
        /// The limit.
        limit: u64,
    },
    /// An `#!include:` names something that is not in the same directory.
    #[error("`{file}`, line {line}: cannot include `{name}`, only files next to it")]
    IncludeElsewhere {
        /// The file with the directive.
        file: TreePath,
        /// Its line, from 1.
        line: usize,
        /// What the directive names.
        name: TreePath,
    },
    /// An `#!include:` names a file that cannot be read.
    #[error("`{file}`, line {line}: could not include `{name}`")]
    IncludeUnreadable {
        /// The file with the directive.
        file: TreePath,
        /// Its line, from 1.
        line: usize,
        /// The file it names.
        name: TreePath,
        /// The system's answer.
        source: io::Error,
    },
    /// Ignore files include each other in a circle, or without an end in sight.
    #[error("`{file}`, line {line}: including `{name}` goes round in a circle or too deep")]
    IncludeNesting {
        /// The file with the directive.
        file: TreePath,
        /// Its line, from 1.
        line: usize,
        /// The file it names.
        name: TreePath,
    },
    /// No file would be in the archive.
    #[error("There is nothing to upload in `{}`{}", shown(root), left_out(.excluded, .rules))]
    Nothing {
        /// The directory as it was given.
        root: PathBuf,
        /// How many files and directories the rules left out.
        excluded: u64,
        /// Where those rules came from.
        rules: RulesSource,
        /// How many files were left out as secrets.
        withheld: usize,
    },
    /// The consumer of the archive asked to stop.
    #[error("Packing was stopped")]
    Stopped,
    /// The system gave no thread to work with.
    #[error("Could not start a thread for packing")]
    Thread {
        /// The system's answer.
        source: io::Error,
    },
}

/// What happened to a file under the packer's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// It is not there any more.
    Vanished,
    /// It has become something else than a file.
    Replaced,
    /// It is shorter than before.
    Shrank,
    /// It is longer than before.
    Grew,
    /// Its content is not the same.
    Rewritten,
}

impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileChange::Vanished => "vanished",
            FileChange::Replaced => "was replaced by something else",
            FileChange::Shrank => "shrank",
            FileChange::Grew => "grew",
            FileChange::Rewritten => "was rewritten",
        })
    }
}

impl PackError {
    /// Whether the tree changed while it was read, so that a new survey may succeed.
    pub fn is_change(&self) -> bool {
        matches!(self, PackError::Changed { .. })
    }

    /// What to do next, where something can be done.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            PackError::OpenRoot { .. } => "Check the path, and that actions/checkout ran before this step".to_owned(),
            PackError::List { path, source }
            | PackError::Inspect { path, source }
            | PackError::Read { path, source } => match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("Make it readable (chmod -R a+rX) in the step that creates it, or {}", name_it(path))
                }
                _ => format!("The disk or mount may be at fault: run again, or {}", name_it(path)),
            },
            PackError::TooLarge { path, .. }
            | PackError::Device { path }
            | PackError::PathTooLong { top: path, .. } => {
                format!("Remove it before this step, or {}", name_it(path))
            }
            PackError::Changed { path, .. } => {
                format!("Let what writes into the source directory end before this step, or {}", name_it(path))
            }
            PackError::IgnoreFile { file, .. } => format!("Make `{file}` a readable text file, or remove it"),
            PackError::IgnoreFileTooLong { .. } => {
                "Replace lists of single files by patterns for their directories".to_owned()
            }
            PackError::IncludeElsewhere { file, .. } => {
                format!("Copy the rules into `{file}`: `#!include:` takes a file name without a directory")
            }
            PackError::IncludeUnreadable { file, name, .. } => {
                format!("Add `{name}` to the source directory, or remove the line from `{file}`")
            }
            PackError::IncludeNesting { file, .. } => format!("Remove the `#!include:` line from `{file}`"),
            PackError::Nothing { excluded: 0, withheld: 1.., .. } => {
                "All it holds are credentials, and those are never uploaded: check the path".to_owned()
            }
            PackError::Nothing { excluded: 1.., rules: RulesSource::Gcloudignore, .. } => {
                "Let `.gcloudignore` keep the files the build needs".to_owned()
            }
            PackError::Nothing { excluded: 1.., rules: RulesSource::Named, .. } => {
                "Let the file of `build_ignore_file` keep the files the build needs".to_owned()
            }
            PackError::Nothing { excluded: 1.., rules: RulesSource::Gitignore, .. } => {
                "Add a `.gcloudignore` that keeps the files the build needs; without one `.gitignore` decides"
                    .to_owned()
            }
            PackError::Nothing { .. } => {
                "Check the path: the directory holds no file. Was it checked out or built before this step?".to_owned()
            }
            PackError::Stopped | PackError::Thread { .. } => return None,
        };
        Some(hint)
    }
}

/// How to leave something out. A first `.gcloudignore` must not put an end to what `.gitignore` has done so far.
fn name_it(path: &TreePath) -> String {
    format!("name `{path}` in `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)")
}

fn shown(path: &std::path::Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    PrintablePath(path.as_os_str().as_bytes()).to_string()
}

fn left_out(excluded: &u64, rules: &RulesSource) -> String {
    if *excluded == 0 { String::new() } else { format!(": everything in it is left out by {rules}") }
}

/// What the caller gave cannot be used as it is.
impl Explain for PackError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        self.hint().into_iter().collect()
    }
}
