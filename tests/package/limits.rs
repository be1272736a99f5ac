//! Little memory, few open files, no privileges: each in a process of its own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::archive::noise;
use crate::support::{Fixture, is_root, options, told};

/// Runs an ignored test of this program by itself, with `root` as the source directory.
fn in_a_process(test: &str, root: &Path, prepare: impl FnOnce(&mut Command)) {
    // The program may lie where another user may not go.
    let place = Fixture::new();
    place.mode("", 0o755);
    let program = place.path("test");
    // Copied by another process: were the copy open for writing here, a process that another test starts at
    // that moment would inherit it, and the copy could not be executed ("Text file busy").
    let copied = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap();
    assert!(copied.success());
    let mut command = Command::new("sh");
    command.args(["-c", r#"${LIMIT:-:}; exec "$0" "$@""#]).arg(program);
    command.args(["--exact", &format!("limits::{test}"), "--ignored", "--nocapture"]).env("SOURCE", root);
    prepare(&mut command);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// The source directory, in a process that was started for it; a test that is started by hand has nothing to do.
fn source() -> Option<PathBuf> {
    std::env::var_os("SOURCE").map(PathBuf::from)
}

#[test]
fn an_unreadable_file_is_named() {
    let fixture = Fixture::with(&[("a", ""), ("d/secret", "x"), ("e/x", "")]);
    fixture.mode("d/secret", 0o000);
    fixture.mode("", 0o755);
    let nobody = |command: &mut Command| {
        if is_root() {
            command.uid(65_534).gid(65_534);
        }
    };
    in_a_process("child_unreadable_file", fixture.root(), nobody);
    fixture.mode("d/secret", 0o644);
    fixture.mode("e", 0o311);
    in_a_process("child_unreadable_directory", fixture.root(), nobody);
    fixture.file(".gcloudignore", "/e\n");
    in_a_process("child_left_out", fixture.root(), nobody);
    fixture.mode("e", 0o755);
}

#[test]
#[ignore = "started by an_unreadable_file_is_named"]
fn child_unreadable_file() {
    let Some(source) = source() else { return };
    assert_eq!(
        told(&crate::package::survey(&source, &options(2)).unwrap_err()),
        "Could not read the file `d/secret`\n  cause: Permission denied (os error 13)\n  hint: Make it \
         readable (chmod -R a+rX) in the step that creates it, or name `d/secret` in \
         `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)"
    );
}

#[test]
#[ignore = "started by an_unreadable_file_is_named"]
fn child_unreadable_directory() {
    let Some(source) = source() else { return };
    let error = told(&crate::package::survey(&source, &options(2)).unwrap_err());
    assert!(error.starts_with("Could not list the directory `e`\n  cause: Permission denied (os error 13)"), "{error}");
}

#[test]
#[ignore = "started by an_unreadable_file_is_named"]
fn child_left_out() {
    let Some(source) = source() else { return };
    assert_eq!(crate::package::survey(&source, &options(2)).unwrap().files, 3);
}

#[test]
fn few_open_files_are_enough() {
    let fixture = Fixture::new();
    let deep = vec!["d"; 300].join("/");
    (0..100).for_each(|number| fixture.file(format!("{deep}/{number}"), "x"));
    (0..100).for_each(|number| fixture.file(format!("{number}/x"), "x"));
    in_a_process("child_few_files", fixture.root(), |command| {
        command.env("LIMIT", "ulimit -n 16");
    });
}

#[test]
#[ignore = "started by few_open_files_are_enough"]
fn child_few_files() {
    let Some(source) = source() else { return };
    let packed = crate::support::pack(&source, &options(8));
    assert_eq!(packed.survey.files, 200);
}

/// 40 MiB is the promise for any tree; the sparse file is larger in the ignored test below.
#[test]
fn memory_stays_small() {
    let fixture = Fixture::new();
    fs::File::create(fixture.path("sparse")).unwrap().set_len(64 << 20).unwrap();
    (0..40).for_each(|number| fixture.file(format!("{number}/noise"), noise(500_000)));
    (0..5_000).for_each(|number| fixture.file(format!("many/{}/file-{number:06}", number / 100), "x"));
    in_a_process("child_memory", fixture.root(), |_| ());
}

#[test]
#[ignore = "3 GiB take a while without optimisation"]
fn memory_stays_small_with_a_large_sparse_file() {
    let fixture = Fixture::new();
    fs::File::create(fixture.path("sparse")).unwrap().set_len(3 << 30).unwrap();
    in_a_process("child_memory", fixture.root(), |_| ());
}

#[test]
#[ignore = "started by memory_stays_small"]
fn child_memory() {
    let Some(source) = source() else { return };
    let survey = crate::package::survey(&source, &options(8)).unwrap();
    let mut bytes = 0;
    let mut sink = |piece: bytes::Bytes| {
        bytes += piece.len();
        Ok(())
    };
    survey.write(&mut sink, &mut |_| ()).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kibibytes < 40 * 1024, "{kibibytes} KiB for {bytes} bytes");
}

#[test]
fn sparse_files_come_back_whole() {
    use std::os::unix::fs::FileExt;
    let fixture = Fixture::new();
    let file = fs::File::create(fixture.path("sparse")).unwrap();
    file.set_len(3_000_000).unwrap();
    file.write_all_at(b"in the middle", 1_500_000).unwrap();
    file.write_all_at(b"at a border", 262_140).unwrap();
    let dense = Fixture::new();
    dense.file("sparse", fs::read(fixture.path("sparse")).unwrap());
    let (sparse, dense) = (fixture.pack(), dense.pack());
    assert_eq!(sparse.bytes, dense.bytes);
    assert_eq!(sparse.tree(), crate::support::on_disk(fixture.root()));
}

#[test]
fn a_file_that_claims_too_much_is_refused_unread() {
    let fixture = Fixture::with(&[("a", "")]);
    if fs::File::create(fixture.path("huge")).unwrap().set_len(6 << 40).is_err() {
        eprintln!("skipped: this file system has no files of 6 TiB");
        return;
    }
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        "The file `huge` claims 6597069766656 bytes, more than Cloud Storage takes in one object\n  hint: Remove it \
         before this step, or name `huge` in \
         `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)"
    );
}

/// Makes nested directories where no path is too long for the system, by renaming what is inside.
fn nest(fixture: &Fixture, parts: usize) {
    fixture.file("inner/f", "x");
    for _ in 0..parts {
        fs::create_dir(fixture.path("outer")).unwrap();
        fs::rename(fixture.path("inner"), fixture.path("outer").join("d".repeat(200))).unwrap();
        fs::rename(fixture.path("outer"), fixture.path("inner")).unwrap();
    }
    fs::rename(fixture.path("inner"), fixture.path("top")).unwrap();
}

#[test]
fn a_path_that_the_build_cannot_unpack_is_refused() {
    let fixture = Fixture::with(&[("a", "")]);
    nest(&fixture, 30);
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        "Below `top` is a path of 4224 bytes; the build can unpack 4084 at most\n  hint: Remove it \
         before this step, or name `top` in \
         `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)"
    );
    fixture.file(".gcloudignore", "top\n.gcloudignore\n");
    assert_eq!(fixture.pack().paths(), ["a"]);
    // The standard library cannot remove so long a path in one go.
    assert!(Command::new("rm").arg("-rf").arg(fixture.path("top")).status().unwrap().success());
}
