//! Trees that break other packers.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{Fixture, Node, entries, is_root, os, told};

fn mknod(fixture: &Fixture, name: &str, kind: &[&str]) -> bool {
    Command::new("mknod").arg(fixture.path(name)).args(kind).status().unwrap().success()
}

#[test]
fn a_fifo_is_skipped_and_never_opened() {
    let fixture = Fixture::with(&[("a", "a")]);
    assert!(mknod(&fixture, "pipe", &["p"]));
    let packed = fixture.pack();
    assert_eq!(packed.paths(), ["a"]);
    assert_eq!(packed.warnings(), ["`pipe` is a FIFO and was not packed"]);
}

#[test]
fn a_socket_is_skipped() {
    let fixture = Fixture::with(&[("a", "a")]);
    let _listener = UnixListener::bind(fixture.path("s")).unwrap();
    let packed = fixture.pack();
    assert_eq!(packed.paths(), ["a"]);
    assert_eq!(packed.warnings(), ["`s` is a socket and was not packed"]);
}

#[test]
fn a_device_is_refused_unless_it_is_left_out() {
    let fixture = Fixture::with(&[("a", "a")]);
    if !mknod(&fixture, "null", &["c", "1", "3"]) {
        eprintln!("skipped: making a device needs CAP_MKNOD");
        return;
    }
    assert!(fs::metadata(fixture.path("null")).unwrap().file_type().is_char_device());
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        "`null` is a device, which cannot be packed\n  hint: Remove it before this step, or name `null` in \
         `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)"
    );
    fixture.file(".gcloudignore", "null\n.gcloudignore\n");
    assert_eq!(fixture.pack().paths(), ["a"]);
}

#[test]
fn links_are_stored_and_never_followed() {
    let fixture = Fixture::with(&[("dir/file", "x")]);
    fixture.link("a-loop", "b-loop");
    fixture.link("b-loop", "a-loop");
    fixture.link("self", "self");
    fixture.link("dangling", "no/such/file");
    fixture.link("absolute", "/etc/hostname");
    fixture.link("etc", "/etc");
    fixture.link("dir/up", "../../outside");
    fixture.link("dir/root", "..");
    fixture.link("to-dir", "dir");
    fixture.link("to-file", "dir/file");
    let packed = fixture.pack();
    let tree = packed.tree();
    assert_eq!(tree.len(), 12);
    assert_eq!(tree, crate::support::on_disk(fixture.root()));
    assert_eq!(tree[b"to-dir".as_slice()], Node::Link(b"dir".to_vec()));
    assert_eq!(
        packed.warnings(),
        [
            "`a-loop` links to `b-loop`, which does not exist or leads back to the link",
            "`absolute` links to the absolute path `/etc/hostname`, which is another place in the build",
            "`b-loop` links to `a-loop`, which does not exist or leads back to the link",
            "`dangling` links to `no/such/file`, which does not exist or leads back to the link",
            "`dir/up` links to `../../outside`, outside the source directory, which the build does not have",
            "`etc` links to the absolute path `/etc`, which is another place in the build",
            "`self` links to `self`, which does not exist or leads back to the link",
        ]
    );
}

#[test]
fn a_tree_of_links_alone_is_packed() {
    let fixture = Fixture::new();
    fixture.link("l", "nowhere");
    assert_eq!(fixture.pack().paths(), ["l"]);
}

#[test]
fn names_are_kept_byte_by_byte_and_escaped_in_messages() {
    let fixture = Fixture::new();
    let names: [&[u8]; 9] = [
        b"-rf",
        b" leading and trailing ",
        b"caf\xe9.env/.env",
        b"line\nfeed.pem",
        b"tab\tand\\backslash.key",
        "主要.p12".as_bytes(),
        b"##[error]x.pem",
        b"::error::x.pem",
        b"\x1b[31mred.pem",
    ];
    names.iter().for_each(|name| fixture.file(os(name), "x"));
    let packed = fixture.pack();
    let tree = packed.tree();
    for name in names {
        assert!(tree.contains_key(name), "{:?}", os(name));
    }
    let named: Vec<_> = packed.survey.warnings.iter().map(|warning| warning.path().to_string()).collect();
    assert_eq!(
        named,
        [
            r"\u{1b}[31mred.pem",
            r"##\[error]x.pem",
            "::error::x.pem",
            r"caf\xe9.env/.env",
            r"line\nfeed.pem",
            r"tab\tand\\backslash.key",
            "主要.p12"
        ]
    );
}

#[test]
fn hard_links_become_files_of_their_own() {
    let linked = Fixture::with(&[("a", "same")]);
    fs::hard_link(linked.path("a"), linked.path("b")).unwrap();
    let copied = Fixture::with(&[("b", "same"), ("a", "same")]);
    let (linked, copied) = (linked.pack(), copied.pack());
    assert_eq!(linked.bytes, copied.bytes);
    assert_eq!(linked.tree()[b"b".as_slice()], Node::File { executable: false, content: b"same".to_vec() });
}

#[test]
fn modes_owners_and_times_are_levelled() {
    let fixture = Fixture::new();
    for (path, mode) in [("setuid", 0o4755), ("private", 0o600), ("open", 0o666), ("mine", 0o700), ("theirs", 0o655)] {
        fixture.file(path, "x");
        fixture.mode(path, mode);
    }
    fixture.directory("sticky");
    fixture.mode("sticky", 0o1777);
    let set_time = |path: &str, time| fs::File::open(fixture.path(path)).unwrap().set_modified(time).unwrap();
    set_time("private", SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000_000));
    set_time("open", SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33));
    if is_root() {
        chown(fixture.path("open"), Some(12_345), Some(54_321)).unwrap();
    }
    let packed = fixture.pack();
    let modes: Vec<_> = entries(&packed.bytes)
        .iter()
        .map(|entry| {
            let header = &entry.header;
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!((header.username_bytes(), header.groupname_bytes()), (Some(&b""[..]), Some(&b""[..])));
            assert_eq!(header.mtime().unwrap(), 946_684_800);
            (String::from_utf8_lossy(&entry.path).into_owned(), header.mode().unwrap())
        })
        .collect();
    let expected =
        [("mine", 0o755), ("open", 0o644), ("private", 0o644), ("setuid", 0o755), ("sticky", 0o755), ("theirs", 0o644)];
    assert_eq!(modes, expected.map(|(path, mode)| (path.to_owned(), mode)));
    assert_eq!(fs::metadata(fixture.path("setuid")).unwrap().permissions().mode() & 0o7777, 0o4755);
}

#[test]
fn empty_directories_are_kept() {
    let fixture = Fixture::with(&[("a", "")]);
    fixture.directory("empty/inside");
    assert_eq!(fixture.pack().paths(), ["a", "empty", "empty/inside"]);
}

#[test]
fn nothing_to_upload_is_refused_and_explained() {
    let fixture = Fixture::new();
    let root = fixture.root().display().to_string();
    fixture.directory("empty");
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        format!(
            "There is nothing to upload in `{root}`\n  hint: Check the path: the directory holds no file. \
             Was it checked out or built before this step?"
        )
    );
    fixture.file(".git/HEAD", "");
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        format!(
            "There is nothing to upload in `{root}`: everything in it is left out by the defaults (`.git`, \
             `.gitignore`, `.gcloudignore`)\n  hint: Check the path: the directory holds no file. Was it checked out \
             or built before this step?"
        )
    );
    fs::remove_dir_all(fixture.path(".git")).unwrap();
    fixture.file("gha-creds-0123456789abcdef.json", "{}");
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        format!(
            "There is nothing to upload in `{root}`\n  hint: All it holds are credentials, and those are never \
             uploaded: check the path"
        )
    );
    fixture.file("a", "a");
    fixture.file(".gitignore", "*\n");
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        format!(
            "There is nothing to upload in `{root}`: everything in it is left out by `.gitignore`, which decides where \
             there is no `.gcloudignore`\n  hint: Add a `.gcloudignore` that keeps the files the build needs; without \
             one `.gitignore` decides"
        )
    );
    fixture.file(".gcloudignore", "*\n");
    assert_eq!(
        told(&fixture.survey().unwrap_err()),
        format!(
            "There is nothing to upload in `{root}`: everything in it is left out by `.gcloudignore`\n  hint: Let \
             `.gcloudignore` keep the files the build needs"
        )
    );
}

#[test]
fn a_missing_root_is_named() {
    let fixture = Fixture::with(&[("file", "")]);
    for (name, cause) in
        [("no\nsuch", "No such file or directory (os error 2)"), ("file", "Not a directory (os error 20)")]
    {
        let error = crate::package::survey(&fixture.path(name), &crate::support::options(1)).unwrap_err();
        let shown = fixture.path(name.replace('\n', "\\n")).display().to_string();
        assert_eq!(
            told(&error),
            format!(
                "Could not open the source directory `{shown}`\n  cause: {cause}\n  hint: Check the path, and that \
                 actions/checkout ran before this step"
            )
        );
    }
}
