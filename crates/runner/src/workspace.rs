//! The workspace as a runner gives it: whether anything is in it, what lies one level down, and whose its files are.

use std::os::unix::fs::{MetadataExt as _, lchown};
use std::path::Path;

/// Directories that are named when something lies in one of them.
const NAMED: usize = 3;

/// Whether nothing was checked out. What google-github-actions/auth leaves there, run before the checkout, is nothing.
pub fn is_empty(workspace: &Path) -> bool {
    let Ok(mut entries) = std::fs::read_dir(workspace) else { return false };
    entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("gha-creds-")))
}

/// The directories in `directory` that hold a file of this name.
pub fn one_level_down(directory: &Path, name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names
        .filter(|inner| !inner.starts_with('.') && inner != "node_modules")
        .filter(|inner| directory.join(inner).join(name).is_file())
        .collect();
    found.sort();
    found.truncate(NAMED);
    found
}

/// Gives what this process made in the workspace, down to `path`, to the workspace's owner: a container runs as root, and
/// the next checkout on a machine that stays could not remove it (actions/runner#434). Whoever may not give it away is
/// no root, and has made nothing of root's.
pub fn hand_over(workspace: &Path, path: &Path) {
    let (Ok(root), Ok(whole)) = (workspace.canonicalize(), path.canonicalize()) else { return };
    let (Ok(below), Ok(owner)) = (whole.strip_prefix(&root), root.metadata()) else { return };
    let own = rustix::process::geteuid().as_raw();
    let mut made = root.clone();
    for part in below {
        made.push(part);
        // What belongs to somebody else stays theirs.
        if made.symlink_metadata().is_ok_and(|known| known.uid() == own) {
            let _may_not = lchown(&made, Some(owner.uid()), Some(owner.gid()));
        }
    }
}

/// Writes a file. What stands in the way is replaced, not followed, and the directory must be there, inside the
/// workspace: a repository is not trusted to hold no links.
///
/// # Errors
/// When it cannot be written, or would lie elsewhere.
pub fn write(workspace: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let root = workspace.canonicalize()?;
    let file = root.join(path);
    let directory = file.parent().unwrap_or(&root);
    if !directory.canonicalize()?.starts_with(&root) {
        return Err(std::io::Error::other("it is outside of the workspace"));
    }
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::write(&file, text)?;
    hand_over(&root, &file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_one_level_down_is_found_and_credentials_alone_are_nothing() {
        let root = tempfile::tempdir().expect("a directory");
        let file = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, "").expect("a file");
        };
        assert!(is_empty(root.path()) && !is_empty(&root.path().join("gone")));
        file("gha-creds-0123456789abcdef.json");
        assert!(is_empty(root.path()));
        for path in ["web/firebase.json", "app/firebase.json", ".git/firebase.json", "node_modules/firebase.json"] {
            file(path);
        }
        file("deep/er/firebase.json");
        assert!(!is_empty(root.path()));
        assert_eq!(one_level_down(root.path(), "firebase.json"), ["app", "web"]);
    }
}
