//! The hash cache: what it saves, and what it must never save.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::secrets::key;
use crate::site::{ListOptions, Summary};
use crate::support::{Fixture, hashed};

/// A site whose files were written a minute ago.
fn settled(files: &[(&str, &str)]) -> Fixture {
    let fixture = Fixture::with(files);
    files.iter().for_each(|(path, _)| date(&fixture, path, SystemTime::now() - Duration::from_secs(60)));
    fixture
}

fn date(fixture: &Fixture, path: &str, time: SystemTime) {
    File::options().append(true).open(fixture.path(path)).unwrap().set_modified(time).unwrap();
}

fn cache_file(fixture: &Fixture) -> PathBuf {
    fixture.workspace().join("cache/site.json")
}

fn run(fixture: &Fixture) -> Summary {
    let options = ListOptions { cache: Some(cache_file(fixture)), ..fixture.options() };
    let (files, summary) = hashed(&options).unwrap();
    // With and without a cache the same is published.
    assert!(files == hashed(&fixture.options()).unwrap().0);
    summary
}

#[test]
fn unchanged_files_are_not_opened() {
    let fixture = settled(&[("a", "one"), ("b/c", "two"), ("d", "three")]);
    assert_eq!(run(&fixture).from_cache, 0);
    let second = run(&fixture);
    assert_eq!((second.from_cache, second.files, second.warnings.len()), (3, 3, 0));
    assert_eq!(second.bytes, 11);
    let left: Vec<_> = fs::read_dir(fixture.workspace().join("cache")).unwrap().collect();
    assert_eq!(left.len(), 1, "no draft is left");
    // A file that was changed is read; one that went is forgotten.
    fixture.file("a", "ONE");
    fs::remove_file(fixture.path("d")).unwrap();
    let third = run(&fixture);
    assert_eq!((third.from_cache, third.files), (1, 2));
    assert!(!fs::read_to_string(cache_file(&fixture)).unwrap().contains("/d\""));
}

#[test]
fn the_content_is_not_opened_at_all() {
    let fixture = settled(&[("a", "one")]);
    run(&fixture);
    // The same size and time with another content: nobody looks, as nobody does in firebase-tools.
    let time = fs::metadata(fixture.path("a")).unwrap().modified().unwrap();
    fixture.file("a", "two");
    date(&fixture, "a", time);
    let options = ListOptions { cache: Some(cache_file(&fixture)), ..fixture.options() };
    let error = hashed(&options).unwrap_err();
    assert!(error.is_change(), "it shows when the content is asked for: {error}");
}

#[test]
fn a_new_checkout_is_recognised_by_its_contents() {
    let large = "large ".repeat(500_000);
    let fixture = settled(&[("a", "one"), ("b/c", "two"), ("large.txt", &large)]);
    run(&fixture);
    for (path, content, from_cache) in [("a", "one", 3), ("a", "ONE", 2), ("large.txt", &large.to_uppercase(), 2)] {
        fixture.file(path, content);
        for (path, age) in [("a", 30), ("b/c", 20), ("large.txt", 10)] {
            date(&fixture, path, SystemTime::now() - Duration::from_secs(age));
        }
        assert_eq!(run(&fixture).from_cache, from_cache, "{path}");
        assert_eq!(run(&fixture).from_cache, 3);
    }
}

#[test]
fn what_becomes_a_credential_is_withheld() {
    let fixture = settled(&[("a.txt", &"x".repeat(key().len()))]);
    run(&fixture);
    fixture.file("a.txt", key());
    let summary = run(&fixture);
    assert_eq!((summary.from_cache, summary.files, summary.withheld.len()), (0, 0, 1));
}

#[test]
fn times_that_say_nothing_are_not_trusted() {
    for time in [
        SystemTime::now(),
        SystemTime::now() + Duration::from_secs(3_600),
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH + Duration::from_secs(315_532_800),
    ] {
        let fixture = settled(&[("a", "one"), ("b", "two")]);
        date(&fixture, "a", time);
        run(&fixture);
        fixture.file("a", "ONE");
        date(&fixture, "a", time);
        assert_eq!(run(&fixture).from_cache, 1, "{time:?}");
    }
}

#[test]
fn caches_of_others_are_not_used() {
    let fixture = settled(&[("a", "one")]);
    run(&fixture);
    let good = fs::read_to_string(cache_file(&fixture)).unwrap();
    let cases = [
        (good.replace("\"version\":2", "\"version\":1"), 0),
        (good.replace("level 7", "level 8"), 0),
        (good.replace("\"public\":\"public\"", "\"public\":\"dist\""), 1),
        (good[..good.len() / 2].to_owned(), 1),
        ("a,1,2\n".to_owned(), 1),
        (String::new(), 1),
    ];
    for (text, warnings) in cases {
        assert_ne!(text, good);
        fs::write(cache_file(&fixture), &text).unwrap();
        let summary = run(&fixture);
        assert_eq!((summary.from_cache, summary.warnings.len()), (0, warnings), "{text}");
        assert_eq!(fs::read_to_string(cache_file(&fixture)).unwrap(), good, "it is replaced by a good one");
    }
    // A hash that is none is not believed.
    for hash in ["hash", "content"] {
        let mut value: serde_json::Value = serde_json::from_str(&good).unwrap();
        value["files"]["/a"][2][hash] = "A".repeat(64).into();
        fs::write(cache_file(&fixture), value.to_string()).unwrap();
        assert_eq!(run(&fixture).from_cache, 0);
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let fixture = settled(&[("a", "one")]);
    fs::write(fixture.workspace().join("cache"), "a file in the directory's place").unwrap();
    let summary = run(&fixture);
    assert_eq!(summary.warnings.len(), 1, "{:?}", summary.warnings);
    assert!(summary.warnings[0].starts_with("The hash cache could not be "), "{:?}", summary.warnings);
}

#[test]
fn secrets_are_never_cached() {
    let fixture = settled(&[("a", "one"), ("key.txt", &key())]);
    for from_cache in [0, 1] {
        let summary = run(&fixture);
        assert_eq!((summary.from_cache, summary.files, summary.withheld.len()), (from_cache, 1, 1));
        assert!(!fs::read_to_string(cache_file(&fixture)).unwrap().contains("key.txt"));
    }
    // What becomes a credential of the run is withheld though the cache knows it.
    let options = ListOptions {
        cache: Some(cache_file(&fixture)),
        credential_files: vec![fixture.path("a")],
        ..fixture.options()
    };
    assert_eq!(hashed(&options).unwrap().1.withheld.len(), 2);
}

#[test]
fn a_cache_that_is_no_plain_file_is_neither_waited_for_nor_followed() {
    let fixture = settled(&[("a", "one")]);
    let (file, other) = (cache_file(&fixture), fixture.workspace().join("other.json"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&other, "\"hunter2\"").unwrap();
    let told = |what: &str| {
        let summary = run(&fixture);
        let told = summary.warnings.join(" ");
        assert!(told.contains("could not be read") && !told.contains("hunter2"), "{what}: {told}");
        // The next run finds one of its own.
        assert_eq!(run(&fixture).from_cache, 1, "{what}");
        fs::remove_file(&file).unwrap();
    };
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    told("a pipe");
    for (what, place) in [("a device", "/dev/zero"), ("a link", other.to_str().unwrap())] {
        symlink(place, &file).unwrap();
        told(what);
    }
    fs::copy(&other, &file).unwrap();
    told("another text");
    // Nor is anything written through a link where the draft goes.
    symlink(&other, file.with_file_name(format!(".site.json.{}", std::process::id()))).unwrap();
    assert_eq!(run(&fixture).warnings.len(), 0);
    assert_eq!(fs::read_to_string(&other).unwrap(), "\"hunter2\"");
}
