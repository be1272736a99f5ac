//! Commits: who descends from whom, and what a comparison of two of them says.

use super::GitHubRepository;
use std::collections::{BTreeMap, BTreeSet};

/// A commit.
#[derive(Debug, Clone)]
pub struct GitHubCommit {
    /// Its place in the order of creation, from 1.
    pub number: usize,
    /// The commits it stands on.
    pub parents: Vec<String>,
    /// Files that differ from the first of these.
    pub files: Vec<ChangedFile>,
    /// What was said about it.
    pub message: String,
}

/// A file that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path.
    pub path: String,
    /// Its path before, where the commit renames it.
    pub previous: Option<String>,
}

/// What a comparison of two commits says.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The commit that is compared with.
    pub(crate) base: String,
    /// The newest one both stand on.
    pub(crate) common: String,
    /// Commits of the head that the base lacks, oldest first.
    pub(crate) ahead: Vec<String>,
    /// How many commits of the base the head lacks.
    pub(crate) behind: usize,
    /// Files that differ between the common commit and the head, by path.
    pub(crate) files: Vec<ChangedFile>,
}

impl GitHubRepository {
    /// The commit that a branch, a tag, a hash or the beginning of one means.
    pub(crate) fn resolve(&self, name: &str) -> Option<String> {
        let short = name.strip_prefix("refs/heads/").or(name.strip_prefix("refs/tags/")).unwrap_or(name);
        if let Some(commit) = self.refs.get(short) {
            return Some(commit.clone());
        }
        let mut fitting = self.commits.keys().filter(|hash| name.len() >= 7 && hash.starts_with(name));
        fitting.next().filter(|_| fitting.next().is_none()).cloned()
    }

    /// Compares two commits; none where they have no ancestor in common.
    pub(crate) fn compare(&self, base: &str, head: &str) -> Option<Compared> {
        let (below_base, below_head) = (self.history(base), self.history(head));
        let number = |hash: &&String| self.commits.get(*hash).map_or(0, |commit| commit.number);
        let common = below_base.intersection(&below_head).max_by_key(number)?.clone();
        let mut ahead: Vec<&String> = below_head.difference(&below_base).collect();
        ahead.sort_by_key(number);
        let mut files = BTreeMap::new();
        for file in ahead.iter().filter_map(|hash| self.commits.get(*hash)).flat_map(|commit| &commit.files) {
            files.insert(file.path.clone(), file.clone());
        }
        Some(Compared {
            base: base.to_owned(),
            common,
            behind: below_base.difference(&below_head).count(),
            ahead: ahead.into_iter().cloned().collect(),
            files: files.into_values().collect(),
        })
    }

    /// A commit and all it stands on.
    fn history(&self, from: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from.to_owned()];
        while let Some(hash) = open.pop() {
            if let Some(commit) = self.commits.get(&hash)
                && seen.insert(hash)
            {
                open.extend(commit.parents.iter().cloned());
            }
        }
        seen
    }
}
