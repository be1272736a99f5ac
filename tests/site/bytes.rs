//! What is compressed, hashed and kept.

use std::num::NonZeroUsize;

use crate::site::{CompressedContent, ListOptions, SiteError, Stop, hash, list};
use crate::support::{File, Fixture, hashed, noise, sha256, unzipped};

fn check(fixture: &Fixture, files: &[File]) {
    for File { path, hash, gzip } in files {
        assert_eq!(*hash, sha256(gzip), "{path}");
        assert_eq!(gzip[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "{path}: no name and no time");
        assert_eq!(unzipped(gzip), std::fs::read(fixture.path(&path[1..])).unwrap(), "{path}");
    }
}

#[test]
fn files_of_all_sizes_come_back() {
    let fixture = Fixture::with(&[("index.html", "<p>hello</p>"), ("a/empty", ""), ("ä b/%20?#.txt", "odd")]);
    // Around the border between both ways to compress, at whole pieces of a stream, and beyond.
    for size in [2 << 20, (2 << 20) + 1, 9 << 18, (9 << 18) + 1, 3_000_000] {
        fixture.file(&format!("text-{size}"), &b"some text\n".repeat(size / 10 + 1)[..size]);
        fixture.file(&format!("noise-{size}"), noise(size));
    }
    let (files, summary) = hashed(&ListOptions { spool: Some(std::env::temp_dir()), ..fixture.options() }).unwrap();
    check(&fixture, &files);
    assert_eq!(files.len(), 13);
    assert_eq!(files[1].path, "/index.html");
    assert_eq!(files[12].path, "/ä b/%20?#.txt", "the path is not encoded");
    let bytes: u64 = files.iter().map(|file| std::fs::metadata(fixture.path(&file.path[1..])).unwrap().len()).sum();
    let gzip_bytes = files.iter().map(|file| file.gzip.len() as u64).sum();
    assert_eq!((summary.files, summary.bytes, summary.gzip_bytes, summary.from_cache), (13, bytes, gzip_bytes, 0));
    assert!(summary.warnings.is_empty() && summary.withheld.is_empty(), "{summary:?}");
}

#[test]
fn the_bytes_depend_on_the_content_alone() {
    let one = Fixture::with(&[("a", "text"), ("b/c", "more text")]);
    one.file("large", b"0123456789abcdef\n".repeat(200_000));
    let two = Fixture::new();
    two.file("large", b"0123456789abcdef\n".repeat(200_000));
    two.file("b/c", "more text");
    two.file("a", "text");
    let (expected, _) = hashed(&one.options()).unwrap();
    for threads in 1..=9 {
        let options = ListOptions { threads: NonZeroUsize::new(threads).unwrap(), ..two.options() };
        assert!(hashed(&options).unwrap().0 == expected, "{threads} threads");
    }
    // These bytes are what caches and Hosting know a content by: a change makes every site be sent anew.
    let known: Vec<&str> = expected.iter().map(|file| &file.hash[..12]).collect();
    assert_eq!(known, ["49d41235a2df", "ac51d5d5075c", "55bd4a7a4b2f"]);
}

#[test]
fn small_sites_stay_in_memory_and_large_ones_go_to_the_spool() {
    let fixture = Fixture::new();
    (0..12).for_each(|number| fixture.file(&format!("noise-{number:02}"), noise(1 << 20)));
    let spool = tempfile::tempdir().unwrap();
    let with_spool = ListOptions { spool: Some(spool.path().to_owned()), ..fixture.options() };
    let count = |options: &ListOptions, hold: bool| {
        let (mut memory, mut spooled, mut lost) = (0, 0, 0);
        let mut held = Vec::new();
        let listing = list(options).unwrap();
        let summary = hash(&listing, options, &mut |one| {
            match one.content {
                CompressedContent::Memory(_) => memory += 1,
                CompressedContent::Spooled(_) => spooled += 1,
                CompressedContent::NotKept => lost += 1,
            }
            held.extend(hold.then_some(one));
            assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0, "the spool has no name");
            Ok(())
        });
        (memory, spooled, lost, summary.unwrap().warnings.len())
    };
    assert_eq!(count(&with_spool, true), (7, 5, 0, 0), "seven such files fit into 8 MiB with their headers");
    assert_eq!(count(&with_spool, false), (12, 0, 0, 0), "what is dropped makes room");
    assert_eq!(count(&fixture.options(), true), (7, 0, 5, 0));
    let nowhere = ListOptions { spool: Some(spool.path().join("missing")), ..fixture.options() };
    assert_eq!(count(&nowhere, true), (7, 0, 5, 1), "a spool that cannot be made is a warning");
}

#[test]
fn what_is_not_kept_can_be_made_again() {
    let fixture = Fixture::with(&[("small", "text")]);
    fixture.file("large", b"large text\n".repeat(400_000));
    let (kept, _) = hashed(&ListOptions { spool: Some(std::env::temp_dir()), ..fixture.options() }).unwrap();
    let (again, _) = hashed(&fixture.options()).unwrap();
    assert!(kept == again);
    check(&fixture, &again);
}

#[test]
fn the_consumer_may_stop_at_any_file() {
    let fixture = Fixture::new();
    (0..50).for_each(|number| fixture.file(&format!("{number}"), noise(1_000)));
    let options = fixture.options();
    let listing = list(&options).unwrap();
    for most in [0, 1, 7, 49] {
        let mut seen = 0;
        let stopped = hash(&listing, &options, &mut |_| {
            seen += 1;
            if seen > most { Err(Stop) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(SiteError::Stopped)));
        assert_eq!(seen, most + 1);
    }
    // One that is far larger than the rest is not read to its end for nothing.
    std::fs::File::create(fixture.path("huge")).unwrap().set_len(1 << 30).unwrap();
    let listing = list(&options).unwrap();
    let begun = std::time::Instant::now();
    assert!(matches!(hash(&listing, &options, &mut |_| Err(Stop)), Err(SiteError::Stopped)));
    assert!(begun.elapsed().as_secs() < 5, "took {:?}", begun.elapsed());
    std::fs::remove_file(fixture.path("huge")).unwrap();
    fixture.file("large", noise(3_000_000));
    let listing = list(&options).unwrap();
    let index = listing.files.iter().position(|file| file.path == "/large").unwrap();
    let stopped = crate::site::compress_again(&listing, index, "", &mut |_| Err(Stop));
    assert!(matches!(stopped, Err(SiteError::Stopped)));
}
