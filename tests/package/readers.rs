//! GNU tar, bsdtar and Python's tarfile unpack the archive into the tree it was made from.

use std::fs;
use std::process::Command;

use crate::archive::noise;
use crate::support::{Fixture, Packed, on_disk, os};

const PYTHON: &str = "
import sys, tarfile
with tarfile.open(sys.argv[1], 'r:gz') as archive:
    archive.extractall(sys.argv[2])
";

/// What GNU tar says of the record that bsdtar and Python need for long names that are not UTF-8.
const HARMLESS: &str = "tar: Ignoring unknown extended header keyword 'hdrcharset'";

/// The programs, before the archive and the directory to unpack it in.
fn readers() -> Vec<Vec<&'static str>> {
    let mut readers = vec![
        vec!["sh", "-c", r#"exec tar --extract --gzip --same-permissions --file="$0" --directory="$1""#],
        vec!["python3", "-c", PYTHON],
    ];
    if Command::new("bsdtar").arg("--version").output().is_ok() {
        readers.push(vec!["sh", "-c", r#"exec bsdtar -x -p -f "$0" -C "$1""#]);
    } else {
        eprintln!("skipped: bsdtar is not here (Debian: libarchive-tools)");
    }
    readers
}

/// Unpacks with each program and compares with what is on disk below `fixture`.
fn assert_programs_agree(fixture: &Fixture) {
    let Packed { bytes, .. } = fixture.pack();
    let expected = on_disk(fixture.root());
    let place = Fixture::new();
    place.file("archive.tar.gz", bytes);
    for (number, reader) in readers().into_iter().enumerate() {
        let unpacked = place.path(number.to_string());
        fs::create_dir(&unpacked).unwrap();
        let mut command = Command::new(reader[0]);
        command.args(&reader[1..]).arg(place.path("archive.tar.gz")).arg(&unpacked).env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.lines().all(|line| line == HARMLESS), "{reader:?}: {complaints}");
        assert!(on_disk(&unpacked) == expected, "{reader:?} reads another tree");
    }
}

/// The same, with the `tar` crate besides.
pub(crate) fn assert_all_readers_agree(fixture: &Fixture) {
    assert_programs_agree(fixture);
    assert!(fixture.pack().tree() == on_disk(fixture.root()), "the tar crate reads another tree");
}

#[test]
fn ordinary_things() {
    let fixture = Fixture::with(&[("empty", ""), ("sub/a", "a\n"), ("sub/run", "#!/bin/sh\n")]);
    fixture.mode("sub/run", 0o755);
    fixture.directory("nothing/in/here");
    fixture.link("sub/link", "a");
    fixture.link("to-directory", "sub");
    fixture.link("dangling", "no-such-thing");
    for length in [511, 512, 513, 65_535, 262_144, 524_287, 524_288, 1_100_000] {
        fixture.file(format!("sizes/{length}"), noise(length));
        fixture.file(format!("zeros/{length}"), vec![0; length]);
    }
    assert_all_readers_agree(&fixture);
}

#[test]
fn names_of_any_bytes() {
    let fixture = Fixture::new();
    let long = |byte: &[u8]| byte.repeat(250 / byte.len());
    let names: [&[u8]; 15] = [
        b"-rf",
        b"--checkpoint=1",
        b"line\nfeed",
        b" blanks ",
        b"back\\slash",
        b"\\first",
        b"c:",
        b"C:\\x",
        b"latin-\xe9",
        b"\xff\xfe",
        "漢字".as_bytes(),
        "cafe\u{301} and caf\u{e9}".as_bytes(),
        &long(b"x"),
        &long("界".as_bytes()),
        &long(b"\xe9"),
    ];
    for name in names {
        fixture.file(os(name), name);
        fixture.file(os(&[b"in/", name, b"/", name].concat()), name);
        fixture.link(os(&[b"to-", &name[..name.len().min(200)]].concat()), os(name));
    }
    assert_all_readers_agree(&fixture);
}

/// Apart, because the `tar` crate splits the records of long names at every line feed.
#[test]
fn long_names_with_line_feeds() {
    let fixture = Fixture::with(&[(&("line\nfeed/".repeat(40) + "f"), "x"), (&format!("{}\n", "x".repeat(120)), "x")]);
    fixture.link("link", "line\nfeed/".repeat(40));
    assert_programs_agree(&fixture);
}

#[test]
fn names_of_any_length() {
    let fixture = Fixture::new();
    for length in [99, 100, 101, 154, 155, 156, 157, 199, 200, 201, 254, 255, 256, 257, 258, 303, 1000, 3800] {
        // Parts of 49 bytes and a slash, the last one shorter, with a number that keeps them apart.
        let mut path = format!("{length:04}");
        while path.len() < length {
            path.push(if path.len() % 50 == 49 { '/' } else { 'p' });
        }
        let path = if path.ends_with('/') { format!("{}p", &path[..length - 1]) } else { path };
        fixture.file(&path, "x");
        fixture.link(format!("{length}.link"), &path);
    }
    fixture.directory(format!("{}/{}", "e".repeat(99), "f".repeat(99)));
    fixture.directory("g".repeat(100));
    assert_all_readers_agree(&fixture);
}

#[test]
fn a_tree_larger_than_the_blocks() {
    let fixture = Fixture::new();
    for number in 0..60 {
        fixture.file(format!("{}/{number}.bin", number % 7), noise(10_000 * number));
        fixture.file(format!("{}/{number}.txt", number % 7), "some text\n".repeat(1_000 * number));
    }
    assert_all_readers_agree(&fixture);
}

#[test]
fn gzip_itself_finds_no_fault() {
    let fixture = Fixture::new();
    fixture.file("noise", noise(2_000_000));
    fixture.file("text", "text\n".repeat(300_000));
    let Packed { bytes, .. } = fixture.pack();
    let place = Fixture::new();
    fs::write(place.path("archive.tar.gz"), &bytes).unwrap();
    let output = Command::new("gzip").arg("--test").arg(place.path("archive.tar.gz")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let members = bytes.windows(4).filter(|window| window == b"\x1f\x8b\x08\x00").count();
    assert!(members >= 7, "{members} members");
    assert_eq!(bytes[4..8], [0; 4], "no time in the header");
}
