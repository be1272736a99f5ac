//! Little memory, no privileges: each in a process of its own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site::{CompressedContent, ListOptions, hash, list};
use crate::support::{Fixture, noise, told};

/// Runs an ignored test of this program by itself, in `workspace`.
fn in_a_process(test: &str, workspace: &Path, prepare: impl FnOnce(&mut Command)) {
    // The program may lie where another user may not go.
    let place = tempfile::tempdir().unwrap();
    Command::new("chmod").args(["755"]).arg(place.path()).arg(workspace).status().unwrap();
    let program = place.path().join("test");
    // Copied by another process, so that the copy is never open for writing here while another test starts a process.
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap().success());
    let mut command = Command::new(program);
    command.args(["--exact", &format!("limits::{test}"), "--ignored", "--nocapture"]).env("WORKSPACE", workspace);
    prepare(&mut command);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// ListOptions for the workspace of a process that was started for it; a test that is started by hand has nothing to do.
fn options(threads: usize) -> Option<ListOptions> {
    let workspace = PathBuf::from(std::env::var_os("WORKSPACE")?);
    Some(ListOptions {
        public: workspace.join("public"),
        workspace,
        ignore: vec!["left/**".to_owned()],
        asked_for: vec![],
        credential_files: vec![],
        threads: std::num::NonZeroUsize::new(threads).unwrap(),
        spool: Some(std::env::temp_dir()),
        cache: None,
    })
}

/// 64 MiB is the promise for any site.
#[test]
fn memory_stays_small() {
    let fixture = Fixture::new();
    (0..2_000).for_each(|number| fixture.file(&format!("{}/{number:06}.js", number / 100), noise(3_000)));
    (0..30).for_each(|number| fixture.file(&format!("large/{number}"), noise(1_900_000)));
    fixture.file("huge", b"some text\n".repeat(6_000_000));
    in_a_process("child_memory", fixture.workspace(), |_| ());
}

#[test]
#[ignore = "started by memory_stays_small"]
fn child_memory() {
    let Some(options) = options(8) else { return };
    let listing = list(&options).unwrap();
    // A caller that drops nothing: all of it waits to be sent.
    let mut held = Vec::new();
    hash(&listing, &options, &mut |one| {
        assert!(!matches!(one.content, CompressedContent::NotKept));
        held.push(one);
        Ok(())
    })
    .unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kibibytes < 64 * 1024, "{kibibytes} KiB for {} files", held.len());
}

#[test]
fn what_cannot_be_read_is_named() {
    let nobody = |command: &mut Command| {
        command.uid(65_534).gid(65_534);
    };
    if !fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        // Only root can become somebody else, and root may read everything.
        return;
    }
    let fixture = Fixture::with(&[("a", ""), ("d/secret", "x"), ("left/x", "")]);
    let mode = |path: &str, mode: &str| {
        assert!(Command::new("chmod").arg(mode).arg(fixture.path(path)).status().unwrap().success());
    };
    mode("d/secret", "000");
    mode("left", "311");
    in_a_process("child_unreadable_file", fixture.workspace(), nobody);
    mode("d", "311");
    in_a_process("child_unreadable_directory", fixture.workspace(), nobody);
}

#[test]
#[ignore = "started by what_cannot_be_read_is_named"]
fn child_unreadable_file() {
    let Some(options) = options(2) else { return };
    let error = hash(&list(&options).unwrap(), &options, &mut |_| Ok(())).unwrap_err();
    assert_eq!(
        told(&error),
        "Could not read the file `d/secret`\n  cause: Permission denied (os error 13)\n  hint: Make it readable (chmod \
         a+r) in the step that creates it, or put `d/secret` in `ignore`"
    );
}

#[test]
#[ignore = "started by what_cannot_be_read_is_named"]
fn child_unreadable_directory() {
    let Some(options) = options(2) else { return };
    assert_eq!(
        told(&list(&options).unwrap_err()),
        "Could not list the directory `d`\n  cause: Permission denied (os error 13)\n  hint: Make it readable (chmod -R \
         a+rX) in the step that creates it, or put `d/**` in `ignore`"
    );
}
