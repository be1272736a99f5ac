//! The commit that is checked out, as git's own files say it (gitrepository-layout); git itself is not run.

use std::path::{Path, PathBuf};

use slipway_names::place::Places;

/// A file of references above this size is not read.
const LARGEST: u64 = 16 << 20;

/// The commit that `at` is checked out from: by the nearest `.git` from there up to the workspace. `None` where nothing was
/// checked out, or where git keeps its references in another way.
pub fn commit(workspace: &Path, at: &Path) -> Option<String> {
    let (workspace, at) = (workspace.canonicalize().ok()?, at.canonicalize().ok()?);
    let within = at.ancestors().take_while(|place| place.starts_with(&workspace));
    within.map(|place| place.join(".git")).find_map(|place| directory(&place)).and_then(|place| head(&place))
}

/// The directory behind `.git`, which may be a file that names it, as in worktrees and submodules.
fn directory(place: &Path) -> Option<PathBuf> {
    if place.is_dir() {
        return Some(place.to_owned());
    }
    let text = read(place)?;
    Some(place.parent()?.join(text.trim().strip_prefix("gitdir:")?.trim()))
}

fn head(directory: &Path) -> Option<String> {
    let text = read(&directory.join("HEAD"))?;
    let Some(name) = text.trim().strip_prefix("ref:").map(str::trim) else { return hash(&text) };
    if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
        return None;
    }
    // A worktree has a HEAD of its own; branches are those of the repository.
    let common = read(&directory.join("commondir")).map(|text| directory.join(text.trim()));
    let common = common.unwrap_or_else(|| directory.to_owned());
    let loose = read(&directory.join(name)).or_else(|| read(&common.join(name)));
    if let Some(found) = loose.as_deref().and_then(hash) {
        return Some(found);
    }
    let packed = read(&common.join("packed-refs"))?;
    packed.lines().filter_map(|line| line.split_once(' ')).find_map(|(id, of)| (of.trim() == name).then(|| hash(id))?)
}

fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

/// A worktree's files may lie anywhere; whatever is no plain file is none of git's.
fn read(path: &Path) -> Option<String> {
    String::from_utf8(Places::anywhere().bytes(path, LARGEST).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

    #[test]
    fn a_commit_is_found_however_git_keeps_it() {
        let base = std::env::temp_dir().join(format!("slipway-checkout-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = base.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        let of = |at: &str| commit(&base, &base.join(at));
        write("empty/x", "");
        assert_eq!(of("empty"), None);
        write("detached/.git/HEAD", &format!("{HASH}\n"));
        write("detached/app/x", "");
        assert_eq!(of("detached/app").as_deref(), Some(HASH));
        write("branch/.git/HEAD", "ref: refs/heads/a/b\n");
        assert_eq!(of("branch"), None);
        write("branch/.git/packed-refs", &format!("# pack-refs\n{HASH} refs/heads/a/b\n^{HASH}\n"));
        assert_eq!(of("branch").as_deref(), Some(HASH));
        let other = HASH.replace('f', "a");
        write("branch/.git/refs/heads/a/b", &other);
        assert_eq!(of("branch"), Some(other), "a loose reference is the newer one");
        write("tree/.git", "gitdir: ../branch/.git/worktrees/t\n");
        write("branch/.git/worktrees/t/HEAD", "ref: refs/heads/a/b\n");
        write("branch/.git/worktrees/t/commondir", "../..\n");
        assert_eq!(of("tree"), of("branch"));
        write("led/.git/HEAD", "ref: refs/../../detached/.git/HEAD\n");
        assert_eq!(of("led"), None, "no reference leads elsewhere");
        std::fs::remove_dir_all(&base).expect("it goes");
    }

    #[test]
    fn what_is_no_file_of_gits_is_not_waited_for() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path();
        let pipe = |path: &Path| {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        };
        pipe(&root.join(".git"));
        assert_eq!(commit(root, root), None);
        std::fs::remove_file(root.join(".git")).expect("it goes");
        std::fs::create_dir(root.join(".git")).expect("a directory");
        pipe(&root.join(".git/HEAD"));
        assert_eq!(commit(root, root), None);
        std::fs::remove_file(root.join(".git/HEAD")).expect("it goes");
        std::os::unix::fs::symlink("/dev/zero", root.join(".git/HEAD")).expect("a link");
        assert_eq!(commit(root, root), None);
    }
}
