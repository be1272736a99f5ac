//! Random trees and rules, with git as the judge of what the rules mean.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Fixture, on_disk};

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[ab]{1,3}",
        2 => "[ab]\\.(log|txt)",
        1 => Just("{a,b}".to_owned()),
        1 => Just("a b".to_owned()),
        1 => Just("ä".to_owned()),
        1 => Just("a[b]".to_owned()),
        1 => Just("#a".to_owned()),
        1 => Just("!b".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 1..5).prop_map(|parts| parts.join("/"))
}

fn pattern_part() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => part(),
        2 => Just("*".to_owned()),
        2 => Just("**".to_owned()),
        1 => Just("***".to_owned()),
        1 => "[ab]\\*[ab]?",
        1 => "\\*\\.(log|txt)",
        1 => "[ab]?\\?[ab]?",
        1 => Just("[ab]*".to_owned()),
        1 => Just("[!a]*".to_owned()),
        1 => Just("[^b]".to_owned()),
        1 => Just("[[:alpha:]]".to_owned()),
        1 => Just("[a".to_owned()),
        1 => Just("a**b".to_owned()),
        1 => Just("**a".to_owned()),
        1 => Just("\\a".to_owned()),
        1 => Just("\\#a".to_owned()),
        1 => Just("\\!b".to_owned()),
        1 => Just("a\\".to_owned()),
        1 => Just("?".to_owned()),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(pattern_part(), 1..4);
    let ends = (prop::bool::weighted(0.25), prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    let tails = prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\\ "), 1 => Just("\r")];
    (parts, ends, tails).prop_map(|(parts, (negated, anchored, directory), tail)| {
        let sign = if negated { "!" } else { "" };
        let (start, end) = (if anchored { "/" } else { "" }, if directory { "/" } else { "" });
        format!("{sign}{start}{}{end}{tail}", parts.join("/"))
    })
}

/// The paths that git would ignore.
fn ignored_by_git(fixture: &Fixture, paths: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(fixture.root()).args(["-c", "core.excludesFile=/dev/null"]).args(arguments);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        git
    };
    assert!(git(&["init", "--quiet", "--template="]).status().unwrap().success());
    let mut check = git(&["check-ignore", "--no-index", "--stdin", "-z"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = check.stdin.take().unwrap();
    let input: Vec<u8> = paths.iter().flat_map(|path| [path, b"\0".as_slice()].concat()).collect();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = check.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    output.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect()
}

#[test]
fn rules_mean_what_git_takes_them_to_mean() {
    let pairs = AtomicUsize::new(0);
    let trees = prop::collection::vec(path(), 1..25);
    let rules = prop::collection::vec(pattern(), 1..8);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(trees, rules), |(files, patterns)| {
        let fixture = Fixture::with(&[(".anchor", "so that the tree is never empty")]);
        for file in files {
            // Where a file and a directory want the same name, the first has it.
            let path = fixture.path(&file);
            if std::fs::create_dir_all(path.parent().unwrap()).is_ok() && !path.is_dir() {
                std::fs::write(path, "").unwrap();
            }
        }
        let paths: BTreeSet<_> = on_disk(fixture.root()).into_keys().collect();
        let rules = format!("{}\n!/.anchor\n", patterns.join("\n"));
        fixture.file(".gitignore", &rules);
        let ignored = ignored_by_git(&fixture, &paths);
        std::fs::rename(fixture.path(".gitignore"), fixture.path(".gcloudignore")).unwrap();
        let packed = fixture.pack().tree();
        for path in &paths {
            let text = String::from_utf8_lossy(path);
            prop_assert_eq!(ignored.contains(path), !packed.contains_key(path), "`{}` under\n{}", text, rules);
        }
        pairs.fetch_add(paths.len() * patterns.len(), Ordering::Relaxed);
        Ok(())
    });
    result.unwrap();
    assert!(pairs.load(Ordering::Relaxed) >= 300);
}
