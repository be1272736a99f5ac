//! What holds for every tree, over random ones.

use std::collections::BTreeMap;

use base64_of::base64;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::package::Survey;
use crate::secrets::service_account_key;
use crate::support::{Fixture, Node, entries, on_disk, options, os, pack};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// The line feed is among them because the `tar` crate, which reads the archives here, splits the records of long
/// names at it; `readers.rs` has such names.
const NOT_IN_NAMES: [u8; 3] = [0, b'/', b'\n'];

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "[a-d]{1,2}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>().prop_filter("not in names", |byte| !NOT_IN_NAMES.contains(byte)), 1..40),
        1 => "[a-c]{90,120}".prop_map(String::into_bytes),
    ]
    .prop_filter("no names", |name| !matches!(&name[..], b"." | b".."))
}

fn node() -> impl Strategy<Value = Node> {
    let content = prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..600),
        1 => (0_usize..300_000).prop_map(|length| "some text\n".bytes().cycle().take(length).collect()),
    ];
    prop_oneof![
        6 => (any::<bool>(), content).prop_map(|(executable, content)| Node::File { executable, content }),
        1 => Just(Node::Directory),
        1 => prop::collection::vec(name(), 1..3).prop_map(|parts| Node::Link(parts.join(&b"/"[..]))),
    ]
}

fn tree(most: usize) -> impl Strategy<Value = BTreeMap<Vec<u8>, Node>> {
    let path = prop::collection::vec(name(), 1..4).prop_map(|parts| parts.join(&b"/"[..]));
    prop::collection::btree_map(path, node(), 1..=most)
}

/// Lays out the tree; where names are in each other's way, the one laid first stays.
fn lay<'a>(nodes: impl Iterator<Item = (&'a Vec<u8>, &'a Node)>) -> Fixture {
    let fixture = Fixture::with(&[("anchor", "so that the tree is never empty")]);
    for (path, node) in nodes {
        let place = fixture.path(os(path));
        if std::fs::create_dir_all(place.parent().unwrap()).is_err() || place.symlink_metadata().is_ok() {
            continue;
        }
        match node {
            Node::Directory => fixture.directory(os(path)),
            Node::Link(target) => fixture.link(os(path), os(target)),
            Node::File { executable, content } => {
                fixture.file(os(path), content);
                fixture.mode(os(path), if *executable { 0o750 } else { 0o640 });
            }
        }
    }
    fixture
}

#[test]
fn trees_come_back_whole_and_the_bytes_depend_on_them_alone() {
    let strategy = (tree(20), 1_usize..9);
    let result = runner(200).run(&strategy, |(nodes, threads)| {
        let fixture = lay(nodes.iter());
        // The same things in the opposite order; what one order left out for lack of room is left out here as well.
        let there = on_disk(fixture.root());
        let other = lay(there.iter().rev());
        let (one, two) = (pack(fixture.root(), &options(1)), pack(other.root(), &options(threads)));
        prop_assert_eq!(&one.survey.digest, &two.survey.digest);
        prop_assert!(one.bytes == two.bytes);
        let mut expected = there;
        expected
            .retain(|path, _| !path.split(|&byte| byte == b'/').any(|part| part == b".git" || part == b".gitignore"));
        prop_assert!(one.tree() == expected);
        for entry in entries(&one.bytes) {
            prop_assert!(!entry.path.starts_with(b"/"));
            prop_assert!(!entry.path.split(|&byte| byte == b'/').any(|part| matches!(part, b"" | b"." | b"..")));
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn every_reader_agrees_on_random_trees() {
    let result = runner(12).run(&tree(20), |nodes| {
        crate::readers::assert_all_readers_agree(&lay(nodes.iter()));
        Ok(())
    });
    result.unwrap();
}

#[derive(Debug, Clone)]
enum Disguise {
    AuthActionFile,
    GitConfig,
    HardLink,
    Plain,
    InText,
    Escaped,
    Utf16,
    Base64,
}

/// Text that gives a leaked secret away in whatever form it travels.
const CANARY: &str = "canary-0f1e2d3c4b5a";

impl Disguise {
    fn content(&self) -> Vec<u8> {
        let key = service_account_key().replace("MIIEvQ", CANARY);
        match self {
            Disguise::AuthActionFile | Disguise::GitConfig | Disguise::HardLink => CANARY.into(),
            Disguise::Plain => key.into(),
            Disguise::InText => format!("# settings\nkey = '''{key}'''\n").into(),
            Disguise::Escaped => format!("{{\"env\": \"{}\"}}", key.escape_default()).into(),
            Disguise::Utf16 => format!("\u{feff}{key}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Disguise::Base64 => format!("data:\n  key.json: {}\n", base64(key.as_bytes())).into(),
        }
    }
}

fn disguise() -> impl Strategy<Value = Disguise> {
    prop::sample::select(vec![
        Disguise::AuthActionFile,
        Disguise::GitConfig,
        Disguise::HardLink,
        Disguise::Plain,
        Disguise::InText,
        Disguise::Escaped,
        Disguise::Utf16,
        Disguise::Base64,
    ])
}

#[test]
fn no_secret_is_ever_packed() {
    let rules = prop::sample::select(vec!["", "!*\n", "!gha-creds-*\n!**/.git\n!*.json\n", "*.tmp\n!**\n"]);
    let strategy = (tree(5), prop::collection::vec((name(), disguise()), 1..4), rules);
    let result = runner(500).run(&strategy, |(nodes, hidden, rules)| {
        let fixture = lay(nodes.iter());
        fixture.file(".gcloudignore", rules);
        let outside = Fixture::new();
        let mut options = options(2);
        for (index, (name, disguise)) in hidden.iter().enumerate() {
            let name = String::from_utf8_lossy(name);
            let path = match disguise {
                Disguise::AuthActionFile => format!("hidden/{index}/gha-creds-{name}.json"),
                Disguise::GitConfig => format!("hidden/{index}/.git/config"),
                _ => format!("hidden/{index}/{name}"),
            };
            fixture.file(&path, disguise.content());
            if matches!(disguise, Disguise::HardLink) {
                let credentials = outside.path(index.to_string());
                std::fs::hard_link(fixture.path(&path), &credentials).unwrap();
                options.credential_files.push(credentials);
            }
        }
        let packed = pack(fixture.root(), &options);
        let inside = |path: &[u8]| path.starts_with(b"hidden/");
        let leaked = packed.tree().into_iter().find(|(path, node)| inside(path) && !matches!(node, Node::Directory));
        prop_assert_eq!(leaked, None);
        let Survey { withheld, .. } = &packed.survey;
        let named = withheld.iter().filter(|withheld| inside(withheld.path.as_bytes())).count();
        prop_assert_eq!(named, hidden.len());
        Ok(())
    });
    result.unwrap();
}

mod base64_of {
    /// Base64 with a line end every 76 characters, as `base64` prints it.
    pub(super) fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for (index, group) in bytes.chunks(3).enumerate() {
            if index > 0 && index % 19 == 0 {
                text.push('\n');
            }
            let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
            for digit in 0..4 {
                let used = digit <= group.len();
                let value = (bits >> (18 - 6 * digit)) as usize & 63;
                text.push(if used { char::from(DIGITS[value]) } else { '=' });
            }
        }
        text
    }
}
