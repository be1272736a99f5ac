//! The bodies of `fuzz/` on what stands in their corpora, and on a fixed number of changes to it.
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "the switch for more cases is a variable")]

#[path = "../fuzz/bodies.rs"]
mod bodies;

use std::path::Path;
use std::time::{Duration, Instant};

use bodies::{BODIES, Body};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Changed texts for each body; all together take the suite about ten seconds longer on one core.
const CASES: u32 = 1_000;

/// A reader that takes longer for a text of a few KiB has lost its way. The slowest need a second or two without optimisation:
/// a glob may stand for ten thousand others.
const LONGEST: Duration = Duration::from_secs(30);

/// The signs that mean something to the grammars under test.
const SIGNS: [&str; 44] = [
    "\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    ":",
    ": ",
    "=",
    ",",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|\n",
    ">\n",
    "---\n",
    "~",
    "null",
    "0",
    "-1",
    "1e999",
    "\u{feff}",
    "\u{0}",
    "\u{fffd}",
    "é",
    "**/",
    "!(",
    "@(",
    "${",
    "$(",
    "--",
    "<<EOF\n",
    "\u{202e}",
    "99999999999999999999",
];

#[derive(Debug, Clone)]
enum Change {
    Insert(usize, usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Replace(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), 0..SIGNS.len()).prop_map(|(at, sign)| Change::Insert(at, sign)),
        (any::<usize>(), 1..64_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<usize>(), 1..256_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
    ]
}

fn changed(text: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut text = text.to_vec();
    for change in changes {
        let place = |at: usize| at % (text.len() + 1);
        match *change {
            Change::Insert(at, sign) => {
                let at = place(at);
                text.splice(at..at, SIGNS[sign].bytes());
            }
            Change::Remove(at, length) => {
                let at = place(at);
                text.drain(at..text.len().min(at + length));
            }
            Change::Repeat(at, length) => {
                let at = place(at);
                let piece = text[at..text.len().min(at + length)].to_vec();
                text.splice(at..at, piece);
            }
            Change::Replace(at, byte) => {
                let at = place(at);
                if let Some(place) = text.get_mut(at) {
                    *place = byte;
                }
            }
        }
    }
    text
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let listed = std::fs::read_dir(&folder).expect("every body has a corpus");
    let mut files: Vec<_> = listed.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.into_iter().map(|file| std::fs::read(file).expect("a file")).collect()
}

fn in_time(body: Body, text: &[u8]) {
    let begun = Instant::now();
    body(text);
    assert!(begun.elapsed() < LONGEST, "it took {:?}", begun.elapsed());
}

fn run(name: &str) {
    let (_, body) = BODIES.into_iter().find(|(known, _)| *known == name).expect("a body of that name");
    let texts = corpus(name);
    texts.iter().for_each(|text| in_time(body, text));
    let cases = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    // The same cases every time: what a suite says must not depend on luck.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let inputs = (0..texts.len(), vec(change(), 1..8));
    runner
        .run(&inputs, |(text, changes)| {
            let text = changed(&texts[text], &changes);
            std::panic::catch_unwind(|| in_time(body, &text))
                .map_err(|_| TestCaseError::fail(format!("the text was {:?}", String::from_utf8_lossy(&text))))
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// A test for each body, so that they run side by side and a failure says its name.
macro_rules! readers {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_body_is_run_here_and_is_a_target() {
            let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml"));
            let manifest = manifest.expect("a manifest");
            assert_eq!(BODIES.map(|(name, _)| name), [$(stringify!($name)),*]);
            for (name, _) in BODIES {
                assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"target.rs\"")), "{name} is no target");
            }
        }
    };
}

readers! {
    dockerfile firebase_json firebaserc map flags manifest release yaml ignore_file glob credentials event answer
}
