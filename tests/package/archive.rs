//! The bytes: the same for the same tree, whatever else differs.

use std::fs;
use std::os::unix::fs::{chown, lchown};
use std::time::{Duration, SystemTime};

use ring::digest::{SHA256, digest};

use crate::package::{PackError, PackingProgress, Stop, survey};
use crate::support::{Fixture, Packed, is_root, options, pack};

fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that compress well and are the same everywhere.
fn text(length: usize) -> String {
    let mut text = String::new();
    for number in 0_u64.. {
        if text.len() >= length {
            break;
        }
        text += &format!("line {} of the file\n", number * number % 1009);
    }
    text
}

/// Bytes that do not compress.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn sample(fixture: &Fixture, reverse: bool) {
    let mut paths = vec!["Dockerfile", "a-b", "a/b", "a/c/d", "a.b", "z/größe", "z/run.sh"];
    if reverse {
        paths.reverse();
    }
    for path in paths {
        fixture.file(path, format!("content of {path}\n"));
    }
    fixture.file("big", text(700_000));
    fixture.file("noise", noise(700_000));
    fixture.mode("z/run.sh", 0o755);
    fixture.directory("empty");
    fixture.link("link", "a/b");
}

#[test]
fn the_format_is_pinned() {
    let fixture = Fixture::new();
    sample(&fixture, false);
    let packed = fixture.pack();
    assert_eq!(
        packed.paths(),
        [
            "Dockerfile",
            "a",
            "a/b",
            "a/c",
            "a/c/d",
            "a-b",
            "a.b",
            "big",
            "empty",
            "link",
            "noise",
            "z",
            "z/größe",
            "z/run.sh"
        ]
    );
    // Whoever has to change these two lines changes FORMAT in digest.rs as well: an archive in a bucket that has the
    // old bytes must not be found under the new name.
    assert_eq!(packed.survey.digest, "2241844434b1cb6a4991740966621c5751aec252b9e2fe6be06cdafa1ff4837a");
    assert_eq!(sha256(&packed.bytes), "9a255a3269e9b27c0c2d923b1ec22e67a398b3d42ea6348e07bee6e405aa3a36");
}

#[test]
fn the_same_tree_elsewhere_gives_the_same_bytes() {
    let (one, other) = (Fixture::new(), Fixture::new());
    sample(&one, false);
    sample(&other, true);
    for (path, mode) in [("Dockerfile", 0o600), ("a/b", 0o666), ("a", 0o700), ("z/run.sh", 0o711), ("empty", 0o2775)] {
        other.mode(path, mode);
    }
    fs::File::open(other.path("a/b")).unwrap().set_modified(SystemTime::now() - Duration::from_secs(999)).unwrap();
    if is_root() {
        chown(other.path("a/b"), Some(1001), Some(118)).unwrap();
        lchown(other.path("link"), Some(1001), Some(118)).unwrap();
    }
    let (one, other) = (one.pack(), other.pack());
    assert_eq!(one.survey.digest, other.survey.digest);
    assert_eq!(one.bytes, other.bytes);
}

#[test]
fn the_number_of_threads_does_not_show() {
    let fixture = Fixture::new();
    sample(&fixture, false);
    fixture.file("more", text(3_000_000));
    let packs = [1, 2, 3, 8, 99].map(|threads| pack(fixture.root(), &options(threads)));
    assert!(packs.iter().all(|pack| pack.survey.digest == packs[0].survey.digest));
    assert!(packs.iter().all(|pack| pack.bytes == packs[0].bytes));
}

#[test]
fn whatever_is_packed_is_in_the_digest() {
    let digest = |change: &dyn Fn(&Fixture)| {
        let fixture = Fixture::new();
        sample(&fixture, false);
        change(&fixture);
        fixture.survey().unwrap().digest
    };
    let changes: [&dyn Fn(&Fixture); 8] = [
        &|_| (),
        &|fixture| fixture.file("a/b", "content of a/B\n"),
        &|fixture| fixture.mode("a/b", 0o744),
        &|fixture| fs::rename(fixture.path("a/b"), fixture.path("a/e")).unwrap(),
        &|fixture| fixture.directory("also-empty"),
        &|fixture| fs::remove_file(fixture.path("a-b")).unwrap(),
        &|fixture| {
            fs::remove_file(fixture.path("link")).unwrap();
            fixture.link("link", "a/c");
        },
        &|fixture| {
            fs::remove_file(fixture.path("link")).unwrap();
            fixture.file("link", "a/b");
        },
    ];
    let mut digests = changes.map(digest).to_vec();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), changes.len());
}

#[test]
fn what_is_left_out_is_not_in_the_digest() {
    let (one, other) = (Fixture::with(&[("a", "a")]), Fixture::with(&[("a", "a"), (".git/HEAD", "ref")]));
    other.file("gha-creds-0123456789abcdef.json", "{}");
    assert_eq!(one.survey().unwrap().digest, other.survey().unwrap().digest);
}

#[test]
fn the_survey_counts() {
    let fixture = Fixture::with(&[("a", "12345"), ("d/b", "123"), ("x.log", "1"), ("logs/1", ""), ("logs/2", "")]);
    fixture.link("l", "a");
    fixture.file(".gcloudignore", "*.log\nlogs\n.gcloudignore\n");
    let survey = fixture.survey().unwrap();
    assert_eq!((survey.files, survey.bytes, survey.excluded), (2, 8, 3));
}

#[test]
fn the_pieces_add_up() {
    let fixture = Fixture::with(&[("text", &text(2_000_000))]);
    fixture.file("noise", noise(2_000_000));
    let survey = fixture.survey().unwrap();
    let (mut bytes, mut reports) = (Vec::new(), Vec::new());
    let written = survey
        .write(
            &mut |piece| {
                assert!(!piece.is_empty() && piece.len() < 600 * 1024);
                bytes.extend_from_slice(&piece);
                Ok(())
            },
            &mut |progress| reports.push(progress),
        )
        .unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    assert_eq!(written.crc32c, crc32c::crc32c(&bytes));
    assert!(reports.is_sorted_by_key(|report| report.packed));
    let total = PackingProgress { packed: reports[0].total, total: reports[0].total };
    assert_eq!(reports.last(), Some(&total));
    let Packed { bytes: again, .. } = fixture.pack();
    assert_eq!(bytes, again);
}

#[test]
fn noise_is_stored_and_text_is_not() {
    let text = Fixture::with(&[("text", &text(1_000_000))]).pack().bytes.len();
    let fixture = Fixture::new();
    fixture.file("noise", noise(1_000_000));
    let noise = fixture.pack().bytes.len();
    assert!(text < 100_000, "{text}");
    assert!((1_000_000..1_002_000).contains(&noise), "{noise}");
}

#[test]
fn a_sink_that_stops_is_not_called_again() {
    let fixture = Fixture::new();
    fixture.file("noise", noise(20_000_000));
    let survey = survey(fixture.root(), &options(4)).unwrap();
    for last in [1, 5] {
        let mut calls = 0;
        let mut sink = |_| {
            calls += 1;
            if calls == last { Err(Stop) } else { Ok(()) }
        };
        let error = survey.write(&mut sink, &mut |_| ()).unwrap_err();
        assert!(matches!(error, PackError::Stopped));
        assert_eq!(calls, last);
    }
}
