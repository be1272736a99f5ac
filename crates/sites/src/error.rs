//! What can go wrong between a public directory and the files of a site, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::glob::GlobError;
use slipway_failure::{Class, Explain};
use slipway_packing::{FileChange, printable};

/// Why a site was not listed or hashed.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The public directory is missing, is no directory, or may not be opened.
    #[error("Could not open the public directory `{}`", shown(public))]
    OpenPublic {
        /// The directory as it was given.
        public: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The workspace is missing or may not be looked at.
    #[error("Could not open the workspace `{}`", shown(workspace))]
    OpenWorkspace {
        /// The directory as it was given.
        workspace: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The public directory is not inside the workspace.
    #[error("The public directory `{}` lies outside the workspace, in `{}`", shown(public), shown(target))]
    PublicOutside {
        /// The directory as it was given.
        public: PathBuf,
        /// Where it is.
        target: PathBuf,
    },
    /// An ignore pattern that cannot be used.
    #[error("The ignore pattern `{pattern}` cannot be used")]
    Pattern {
        /// The beginning of the pattern.
        pattern: String,
        /// What is wrong with it.
        source: GlobError,
    },
    /// A name that is no text. Hosting's paths are JSON strings.
    #[error("The name of `{path}` is not UTF-8, as the path of a web page must be")]
    Name {
        /// The path, escaped.
        path: String,
    },
    /// A directory could not be listed.
    #[error("Could not list the directory `{path}`")]
    List {
        /// The directory.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The kind or size of something could not be asked.
    #[error("Could not look at `{path}`")]
    Inspect {
        /// What was looked at.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("Could not read the file `{path}`")]
    Read {
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A link that leads nowhere.
    #[error("`{path}` is a link to nothing")]
    BrokenLink {
        /// The link.
        path: String,
    },
    /// A link out of the workspace: what is there was never meant to be published.
    #[error("`{path}` is a link to `{}`, outside the workspace", shown(target))]
    LinkOutside {
        /// The link.
        path: String,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link to a directory that it lies in, so that its paths have no end.
    #[error("`{path}` is a link back to a directory that holds it")]
    LinkLoop {
        /// The link.
        path: String,
    },
    /// The directory holds too much, or links multiply it.
    #[error("The public directory holds more than {limit} names")]
    TooMany {
        /// How many it may hold.
        limit: usize,
    },
    /// Links to directories with links in them make paths without number.
    #[error("The public directory leads on through more than {limit} links to directories")]
    TooManyLinks {
        /// How many are followed.
        limit: usize,
    },
    /// A file that Hosting does not take.
    #[error("The file `{path}` has {size} bytes; Firebase Hosting takes less than {limit}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something was not the same from one look to the next.
    #[error("`{path}` {change} while the site was read")]
    Changed {
        /// What changed.
        path: String,
        /// How it changed.
        change: FileChange,
    },
    /// The compressed bytes that were put aside cannot be read back.
    #[error("Could not read back what was compressed")]
    Spool {
        /// The system's answer.
        source: io::Error,
    },
    /// The consumer asked to stop.
    #[error("Reading the site was stopped")]
    Stopped,
    /// The system gave no thread to work with.
    #[error("Could not start a thread for reading the site")]
    Thread {
        /// The system's answer.
        source: io::Error,
    },
}

impl SiteError {
    /// Whether the directory changed while it was read, so that a new listing may succeed.
    pub fn is_change(&self) -> bool {
        matches!(self, SiteError::Changed { .. })
    }

    /// What to do next, where something can be done.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            SiteError::OpenPublic { .. } => "Check `public` of the hosting configuration, and that the step that \
                                             builds the site ran before this one"
                .to_owned(),
            SiteError::OpenWorkspace { .. } => "Check that actions/checkout ran before this step".to_owned(),
            SiteError::PublicOutside { .. } => {
                "Build the site into a directory of the workspace, or copy it there".to_owned()
            }
            SiteError::Pattern { .. } => "Write a simpler pattern, or several, in `ignore`".to_owned(),
            SiteError::Name { path } | SiteError::BrokenLink { path } | SiteError::TooLarge { path, .. } => {
                format!("Remove `{path}` before this step, or let `ignore` name it")
            }
            SiteError::List { path, source } | SiteError::Inspect { path, source } => match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!(
                        "Make it readable (chmod -R a+rX) in the step that creates it, or put `{path}/**` in `ignore`"
                    )
                }
                _ => format!("The disk or mount may be at fault: run again, or put `{path}/**` in `ignore`"),
            },
            SiteError::Read { path, source } => match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("Make it readable (chmod a+r) in the step that creates it, or put `{path}` in `ignore`")
                }
                _ => format!("The disk or mount may be at fault: run again, or put `{path}` in `ignore`"),
            },
            SiteError::LinkOutside { path, .. } | SiteError::LinkLoop { path } => {
                format!("Replace the link by what it shall publish, or put `{path}` and `{path}/**` in `ignore`")
            }
            SiteError::TooManyLinks { .. } => {
                "Replace links by what they shall publish, or leave them out with `ignore`".to_owned()
            }
            SiteError::TooMany { .. } => {
                "Check `public`: it should name the built site alone; leave the rest out with `ignore`".to_owned()
            }
            SiteError::Changed { path, .. } => {
                format!("Let what writes into the public directory end before this step, or put `{path}` in `ignore`")
            }
            SiteError::Spool { .. } => "Check the space left for temporary files".to_owned(),
            SiteError::Stopped | SiteError::Thread { .. } => return None,
        })
    }
}

fn shown(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    printable(path.as_os_str().as_bytes()).to_string()
}

/// What the caller gave cannot be used as it is.
impl Explain for SiteError {
    fn class(&self) -> Class {
        Class::Config
    }

    fn hints(&self) -> Vec<String> {
        self.hint().into_iter().collect()
    }
}
