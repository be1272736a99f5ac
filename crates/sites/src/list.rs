//! Which files a site has: firebase-tools' choice, less what must not be published.

use std::rc::Rc;

use rustix::fs::FileType;

use super::ListOptions;
use super::directory::{Directory, Moment, shown};
use super::error::SiteError;
use super::glob::Ignore;
use super::withheld::{Reason, Withheld, by_name};
use slipway_packing::disk::{EntryName, FileStat, Identity};
use slipway_packing::{CredentialFiles, SecretKind, printable};

/// What firebase-tools never uploads: its own logs and caches.
const ALWAYS_IGNORED: [&str; 3] = ["**/firebase-debug.log", "**/firebase-debug.*.log", ".firebase/*"];

/// Names in all directories, ignored ones included: more than the largest site has, less than memory has room for.
const MOST_NAMES: usize = 1_000_000;

/// Links to directories that are followed. Directories with links to each other make more paths than there are atoms.
const MOST_LINKS: usize = 10_000;

/// Hosting takes files of less than 2 GB.
const TOO_LARGE: u64 = 2 << 30;

/// The files of a site, and what the user should know about them. It keeps the public directory open.
#[derive(Debug)]
pub struct Listing {
    /// The files, sorted by the bytes of their paths. May be empty: a site may consist of redirects and rewrites.
    pub files: Vec<SiteFile>,
    /// What was left out to protect a secret, sorted by path; files whose content is one are found by [`super::hash()`].
    pub withheld: Vec<Withheld>,
    /// Sentences about what is odd.
    pub warnings: Vec<String>,
    pub(super) directory: Directory,
}

/// One file of a site.
#[derive(Debug, Clone)]
pub struct SiteFile {
    /// Its path as Hosting's `populateFiles` wants it: from the public directory, with a slash in front, not encoded.
    pub path: String,
    /// Its length in bytes, before compression.
    pub size: u64,
    pub(super) identity: Identity,
    pub(super) moment: Moment,
}

impl SiteFile {
    /// The path without its slash.
    pub(super) fn relative(&self) -> &str {
        &self.path[1..]
    }
}

/// Lists the files of a site by their names; no content is read.
///
/// Globbing is firebase-tools': everything below the public directory, dotfiles included, links followed, `ignore`
/// applied. Not as there: credentials and `.env` files are withheld, links out of the workspace or round in a circle
/// are refused, and so is what firebase-tools would fail on later (links to nothing, names that are not UTF-8).
///
/// # Errors
/// See [`SiteError`]. An empty directory is none.
pub fn list(options: &ListOptions) -> Result<Listing, SiteError> {
    let directory = Directory::open(&options.public, &options.workspace)?;
    let mut walk = SiteWalk {
        ignore: Ignore::default(),
        asked_for: options.asked_for.iter().map(|path| path.trim_start_matches("./").trim_start_matches('/')).collect(),
        credentials: CredentialFiles::find(&options.credential_files),
        names: 0,
        links: 0,
        files: Vec::new(),
        withheld: Vec::new(),
        warnings: Vec::new(),
        pending: vec![Pending {
            path: String::new(),
            chain: Rc::new(Chain { identity: directory.identity, above: None }),
        }],
        directory: &directory,
    };
    for pattern in ALWAYS_IGNORED.into_iter().chain(options.ignore.iter().map(String::as_str)) {
        walk.add(pattern)?;
    }
    while let Some(Pending { path, chain }) = walk.pending.pop() {
        walk.enter(&path, &chain)?;
    }
    let SiteWalk { mut files, mut withheld, mut warnings, .. } = walk;
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    withheld.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    if files.is_empty() {
        warnings.push("The public directory holds no file to publish".to_owned());
    }
    Ok(Listing { files, withheld, warnings, directory })
}

/// A directory to look into.
struct Pending {
    path: String,
    chain: Rc<Chain>,
}

/// A directory and those it was reached through.
struct Chain {
    identity: Identity,
    above: Option<Rc<Chain>>,
}

impl Chain {
    fn holds(&self, identity: Identity) -> bool {
        let mut here = Some(self);
        while let Some(chain) = here {
            if chain.identity == identity {
                return true;
            }
            here = chain.above.as_deref();
        }
        false
    }
}

struct SiteWalk<'a> {
    directory: &'a Directory,
    ignore: Ignore,
    asked_for: Vec<&'a str>,
    credentials: CredentialFiles,
    names: usize,
    links: usize,
    files: Vec<SiteFile>,
    withheld: Vec<Withheld>,
    warnings: Vec<String>,
    pending: Vec<Pending>,
}

impl SiteWalk<'_> {
    fn add(&mut self, pattern: &str) -> Result<(), SiteError> {
        let beginning = || shown(&pattern.chars().take(80).collect::<String>());
        self.ignore.add(pattern).map_err(|source| SiteError::Pattern { pattern: beginning(), source })?;
        let public = format!("/{}/", self.directory.parts.join("/"));
        if pattern.starts_with('!') && !pattern.starts_with("!(") {
            self.warnings.push(format!(
                "The ignore pattern `{}` takes nothing back: `ignore` has no negation, and a `!` is part of a name",
                beginning()
            ));
        } else if pattern.starts_with('/') && !pattern.starts_with(&public) {
            self.warnings.push(format!(
                "The ignore pattern `{}` is a path from the root of the file system; write it without the first slash \
                 to begin at the public directory",
                beginning()
            ));
        }
        Ok(())
    }

    fn enter(&mut self, path: &str, chain: &Rc<Chain>) -> Result<(), SiteError> {
        let children = self.directory.list(path)?;
        self.names += children.len();
        if self.names > MOST_NAMES {
            return Err(SiteError::TooMany { limit: MOST_NAMES });
        }
        for child in children {
            let slash = if path.is_empty() { "" } else { "/" };
            match std::str::from_utf8(&child.bytes) {
                Ok(name) => self.decide(format!("{path}{slash}{name}"), &child, chain)?,
                Err(_) => self.refuse_name(path, slash, &child)?,
            }
        }
        Ok(())
    }

    /// The parts of a path for the patterns: below the public directory, and from the root.
    fn ignored(&self, path: &str, children: bool) -> bool {
        let below: Vec<&str> = path.split('/').collect();
        let mut from_root = vec![""];
        from_root.extend(self.directory.parts.iter().map(String::as_str));
        from_root.extend(&below);
        if children {
            self.ignore.ignores_children(&below, &from_root)
        } else {
            self.ignore.ignores(&below, &from_root)
        }
    }

    /// A name that is no text is refused, unless the patterns leave it out by what Node makes of it.
    fn refuse_name(&self, path: &str, slash: &str, child: &EntryName) -> Result<(), SiteError> {
        let lossy = format!("{path}{slash}{}", String::from_utf8_lossy(&child.bytes));
        let is_directory = child.target.as_ref().is_some_and(|target| target.kind == FileType::Directory);
        if self.ignored(&lossy, is_directory) {
            return Ok(());
        }
        Err(SiteError::Name { path: format!("{}{slash}{}", shown(path), printable(&child.bytes)) })
    }

    fn decide(&mut self, path: String, child: &EntryName, chain: &Rc<Chain>) -> Result<(), SiteError> {
        let is_directory = child.target.as_ref().is_some_and(|target| target.kind == FileType::Directory);
        if self.ignored(&path, is_directory) {
            return Ok(());
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        if let Some(reason) = self.secret(name, &path, child.target.as_ref()) {
            self.withheld.push(Withheld { path: format!("/{path}"), reason });
            return Ok(());
        }
        let is_link = child.own.kind == FileType::Symlink;
        let Some(target) = &child.target else { return Err(SiteError::BrokenLink { path: shown(&path) }) };
        if is_link {
            self.directory.check_link(&path)?;
        }
        match target.kind {
            FileType::Directory => {
                self.links += usize::from(is_link);
                if self.links > MOST_LINKS {
                    return Err(SiteError::TooManyLinks { limit: MOST_LINKS });
                }
                if chain.holds(target.identity) {
                    return Err(SiteError::LinkLoop { path: shown(&path) });
                }
                let chain = Rc::new(Chain { identity: target.identity, above: Some(Rc::clone(chain)) });
                self.pending.push(Pending { path, chain });
            }
            FileType::RegularFile if target.size >= TOO_LARGE => {
                let path = shown(&path);
                return Err(SiteError::TooLarge { path, size: target.size, limit: TOO_LARGE });
            }
            FileType::RegularFile => self.files.push(SiteFile {
                path: format!("/{path}"),
                size: target.size,
                identity: target.identity,
                moment: (*target).into(),
            }),
            kind => {
                let what = match kind {
                    FileType::Fifo => "a FIFO",
                    FileType::Socket => "a socket",
                    _ => "a device",
                };
                self.warnings.push(format!("`{}` is {what} and was not published", shown(&path)));
            }
        }
        Ok(())
    }

    /// The secret that something is by its name or identity.
    fn secret(&self, name: &str, path: &str, target: Option<&FileStat>) -> Option<Reason> {
        let is_directory = target.is_some_and(|target| target.kind == FileType::Directory);
        if target.is_some_and(|target| self.credentials.holds(target.identity)) {
            return Some(Reason::Secret(SecretKind::CredentialFile));
        }
        by_name(name).filter(|reason| match reason {
            Reason::Environment => !is_directory && !self.asked_for.contains(&path),
            Reason::Secret(SecretKind::AuthActionFile) => !is_directory,
            Reason::Secret(_) => true,
        })
    }
}
