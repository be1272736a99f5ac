//! How two commits lie to each other, and which files lie between them.

use serde::Deserialize;

use super::GitHub;
use super::ask::{GitHubCall, segment};
use super::error::GitHubError;

/// GitHub lists at most so many files; where so many are listed there may be more.
const MOST_FILES: usize = 300;

/// How two commits lie to each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    /// `ahead`, `behind`, `diverged` or `identical`.
    pub status: String,
    /// Commits that are in the second and not in the first.
    pub ahead_by: u64,
    /// Commits that are in the first and not in the second.
    pub behind_by: u64,
    #[serde(default)]
    files: Vec<ChangedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ChangedFile {
    filename: String,
    previous_filename: Option<String>,
}

impl Comparison {
    /// Paths that differ between the two commits, both paths of a renamed file. None when GitHub does not
    /// say: it lists 300 files at most, and only those that the second commit changed since the two parted.
    pub fn changed_paths(&self) -> Option<Vec<&str>> {
        if self.behind_by > 0 || self.files.len() >= MOST_FILES {
            return None;
        }
        let mut paths = Vec::new();
        for file in &self.files {
            paths.push(file.filename.as_str());
            paths.extend(file.previous_filename.as_deref());
        }
        Some(paths)
    }
}

#[derive(Debug, Deserialize)]
struct Commit {
    #[serde(default)]
    parents: Vec<Parent>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    sha: String,
}

impl GitHub {
    /// The parents of a commit: of a merge, what it merges.
    ///
    /// # Errors
    /// When GitHub does not know it, or the token may not read.
    pub async fn parents(&self, commit: &str) -> Result<Vec<String>, GitHubError> {
        let path = format!("/commits/{}", segment(commit));
        let mut call = GitHubCall::get(path, "contents: read", format!("read commit `{commit}`"));
        // Of the changed files none is needed.
        call.query.push(("per_page", "1".to_owned()));
        let commit: Commit = self.ask(&call).await?;
        Ok(commit.parents.into_iter().map(|parent| parent.sha).collect())
    }

    /// How commit `head` lies to commit `base`; both may be names of branches or tags too.
    ///
    /// # Errors
    /// When GitHub does not know one of them, or the token may not read.
    pub async fn compare(&self, base: &str, head: &str) -> Result<Comparison, GitHubError> {
        let path = format!("/compare/{}...{}", segment(base), segment(head));
        let mut call = GitHubCall::get(path, "contents: read", format!("compare `{base}` with `{head}`"));
        // The files are all on the first page; of the commits none is needed.
        call.query.push(("per_page", "1".to_owned()));
        self.ask(&call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(behind: u64, files: &[serde_json::Value]) -> Comparison {
        let text = json!({"status": "ahead", "ahead_by": 1, "behind_by": behind, "files": files});
        serde_json::from_value(text).expect("a comparison")
    }

    #[test]
    fn paths_are_known_when_all_of_them_were_told() {
        let renamed = json!({"filename": "b", "previous_filename": "a", "status": "renamed"});
        assert_eq!(read(0, std::slice::from_ref(&renamed)).changed_paths(), Some(vec!["b", "a"]));
        assert_eq!(read(1, &[renamed]).changed_paths(), None, "what the first alone changed is not listed");
        let many: Vec<_> = (0..300).map(|number| json!({"filename": number.to_string()})).collect();
        assert_eq!(read(0, &many).changed_paths(), None);
        assert_eq!(read(0, &many[1..]).changed_paths().map(|paths| paths.len()), Some(299));
    }
}
