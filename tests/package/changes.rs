//! Files that change under the packer's hands.

use std::fs;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::archive::noise;
use crate::package::{FileChange, PackError, SURVEY_ATTEMPTS, Survey};
use crate::support::{Fixture, collect, told};

fn append(path: &Path) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
}

fn shorten(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(2).unwrap();
}

fn overwrite(path: &Path) {
    OpenOptions::new().write(true).open(path).unwrap().write_all(b"OTHER").unwrap();
}

fn vanish(path: &Path) {
    fs::remove_file(path).unwrap();
}

fn become_a_link(path: &Path) {
    vanish(path);
    std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
}

fn become_a_directory(path: &Path) {
    vanish(path);
    fs::create_dir(path).unwrap();
}

fn become_a_fifo(path: &Path) {
    vanish(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn lose_its_directory(path: &Path) {
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

type Mutation = fn(&Path);

const CHANGES: [(Mutation, FileChange); 8] = [
    (append, FileChange::Grew),
    (shorten, FileChange::Shrank),
    (overwrite, FileChange::Rewritten),
    (vanish, FileChange::Vanished),
    (become_a_link, FileChange::Replaced),
    (become_a_directory, FileChange::Replaced),
    (become_a_fifo, FileChange::Replaced),
    (lose_its_directory, FileChange::Vanished),
];

fn assert_changed(error: &PackError, expected: FileChange) {
    assert!(error.is_change());
    let PackError::Changed { path, change } = error else { panic!("{error:?}") };
    assert_eq!((path.as_bytes(), *change), (b"d/victim".as_slice(), expected));
}

#[test]
fn changes_between_survey_and_write_are_found() {
    for (change, expected) in CHANGES {
        let fixture = Fixture::with(&[("a", "first"), ("d/victim", "content")]);
        let survey = fixture.survey().unwrap();
        change(&fixture.path("d/victim"));
        assert_changed(&collect(&survey).unwrap_err(), expected);
    }
}

/// Writes, and changes the tree when the first bytes have arrived. `d/victim` is the last file, and the eight MiB
/// before it are more than the packer may have under way, so it has not been read then.
fn write_and_change(fixture: &Fixture, survey: &Survey, change: Mutation) -> Result<(), PackError> {
    let mut first = true;
    let mut sink = |_| {
        if std::mem::replace(&mut first, false) {
            change(&fixture.path("d/victim"));
        }
        Ok(())
    };
    survey.write(&mut sink, &mut |_| ()).map(|_| ())
}

#[test]
fn changes_while_writing_are_found() {
    for (change, expected) in CHANGES {
        let fixture = Fixture::with(&[("d/victim", "content")]);
        fixture.file("a", noise(8 << 20));
        let survey = fixture.survey().unwrap();
        assert_changed(&write_and_change(&fixture, &survey, change).unwrap_err(), expected);
    }
}

#[test]
fn a_file_that_changes_while_it_is_being_read_is_found() {
    for (change, expected) in [CHANGES[0], CHANGES[1], CHANGES[2]] {
        let fixture = Fixture::new();
        fixture.file("d/victim", noise(8 << 20));
        let survey = fixture.survey().unwrap();
        assert_changed(&write_and_change(&fixture, &survey, change).unwrap_err(), expected);
    }
}

#[test]
fn a_touch_is_no_change() {
    let fixture = Fixture::with(&[("d/victim", "content")]);
    let survey = fixture.survey().unwrap();
    fixture.file("d/victim", "content");
    fixture.file("d/new", "not in the survey");
    collect(&survey).unwrap();
}

#[test]
fn a_new_survey_cures_a_change() {
    let fixture = Fixture::with(&[("d/victim", "content")]);
    let mut attempts = 0;
    let archive = loop {
        attempts += 1;
        let survey = fixture.survey().unwrap();
        if attempts < SURVEY_ATTEMPTS {
            append(&fixture.path("d/victim"));
        }
        match collect(&survey) {
            Err(error) if error.is_change() && attempts < SURVEY_ATTEMPTS => {}
            result => break result,
        }
    };
    archive.unwrap();
    assert_eq!(attempts, SURVEY_ATTEMPTS);
}

#[test]
fn the_message_names_the_file_and_the_cure() {
    let fixture = Fixture::with(&[("d/victim", "content")]);
    let survey = fixture.survey().unwrap();
    append(&fixture.path("d/victim"));
    assert_eq!(
        told(&collect(&survey).unwrap_err()),
        "`d/victim` grew while it was being packed\n  hint: Let what writes into the source directory end before \
         this step, or name `d/victim` in \
         `.gcloudignore` (a new one should begin with the line `#!include:.gitignore`)"
    );
}
