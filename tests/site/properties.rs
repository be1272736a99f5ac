//! What holds for every site and every pattern, over random ones.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::site::ListOptions;
use crate::support::{Fixture, hashed, paths, sha256, unzipped};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[a-d]{1,2}", 1 => "[^/\\x00]{1,20}", 1 => "\\.[a-c]{1,3}"]
        .prop_filter("no names", |name| !matches!(name.as_str(), "." | ".." | ".git"))
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..600),
        1 => (0_usize..300_000).prop_map(|length| "some text\n".bytes().cycle().take(length).collect()),
    ]
}

#[test]
fn every_file_comes_back_and_the_threads_do_not_show() {
    let path = prop::collection::vec(name(), 1..4).prop_map(|parts| parts.join("/"));
    let strategy = (prop::collection::btree_map(path, content(), 1..20), 1_usize..9);
    let result = runner(150).run(&strategy, |(files, threads)| {
        let fixture = Fixture::new();
        let mut laid = BTreeMap::new();
        for (path, content) in files {
            let place = fixture.path(&path);
            // Where names are in each other's way, the first stays.
            if std::fs::create_dir_all(place.parent().unwrap()).is_ok() && std::fs::write(&place, &content).is_ok() {
                laid.insert(format!("/{path}"), content);
            }
        }
        let (one, _) = hashed(&fixture.options()).unwrap();
        let options = ListOptions {
            threads: NonZeroUsize::new(threads).unwrap(),
            spool: Some(std::env::temp_dir()),
            ..fixture.options()
        };
        let (other, summary) = hashed(&options).unwrap();
        prop_assert!(one == other);
        prop_assert_eq!(summary.files, laid.len());
        for file in one {
            prop_assert_eq!(&file.hash, &sha256(&file.gzip));
            prop_assert!(Some(&unzipped(&file.gzip)) == laid.get(&file.path), "{}", file.path);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn patterns_are_used_or_refused_and_nothing_else() {
    let fixture = Fixture::with(&[("a/b.js", ""), (".x", ""), ("é/日本😀", ""), ("[a]", ""), ("b", "")]);
    let all = paths(&fixture.list(&[]).unwrap());
    let wild =
        prop::collection::vec(prop::sample::select("ab.*?[]!()@+|{},\\/-^:0é😀 \n".chars().collect::<Vec<_>>()), 0..24)
            .prop_map(String::from_iter);
    let strategy = prop_oneof![3 => wild, 1 => ".{0,30}"];
    let result = runner(3_000).run(&strategy, |pattern| {
        let Ok(listing) = fixture.list(&[&pattern]) else { return Ok(()) };
        let left = paths(&listing);
        prop_assert!(left.iter().all(|path| all.contains(path)));
        // Saying it twice changes nothing, and neither does another pattern that matches nothing.
        prop_assert_eq!(&paths(&fixture.list(&[&pattern, &pattern]).unwrap()), &left);
        prop_assert_eq!(&paths(&fixture.list(&["nothing", &pattern]).unwrap()), &left);
        Ok(())
    });
    result.unwrap();
}
