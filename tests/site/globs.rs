//! What is ignored, compared with the answers of firebase-tools that `oracle.mjs` wrote down.

use serde_json::Value;

use crate::support::{Fixture, paths};

fn data() -> Value {
    serde_json::from_str(include_str!("data/globs.json")).unwrap()
}

/// Where the answer is not firebase-tools', and why: pattern, path, reason.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("a*\\|b", "ac", ESCAPED_BAR),
    ("a*\\|b", "cb", ESCAPED_BAR),
    ("[[:alpha:]]", "ⓐ", CLASSES),
    ("[[:lower:]]", "ⓐ", CLASSES),
    ("[[:lower:]]", "ª", CLASSES),
    ("[[:graph:]]", "\u{ad}", CLASSES),
    ("[[:alpha:]]", "ा", CLASSES),
];

const ESCAPED_BAR: &str = "minimatch hands an escaped bar to a regular expression without its backslash, where it \
                           separates alternatives: the pattern ignores all that begins with `a`; here it is a bar";

const CLASSES: &str = "beyond ASCII, classes are those of the standard library, which counts circled letters and vowel \
                       signs among the letters, the ordinal signs among the small ones, and knows no invisible marks";

/// Whether a file of this path is left out by a pattern.
fn is_ignored(path: &str, pattern: &str) -> bool {
    let fixture = Fixture::new();
    fixture.file(path, "");
    let pattern = pattern.replace("@PUBLIC@", fixture.public().to_str().unwrap());
    let listing = fixture.list(&[&pattern]).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    // What is withheld was not ignored.
    listing.files.is_empty() && listing.withheld.is_empty()
}

fn compare(pairs: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    for pair in pairs {
        let (path, pattern) = (pair["path"].as_str().unwrap(), pair["pattern"].as_str().unwrap());
        let ours = is_ignored(path, pattern);
        let listed = DIFFERENCES.iter().any(|(other, place, _)| *other == pattern && *place == path);
        match pair["ignored"].as_bool() {
            Some(theirs) if (ours == theirs) == listed => {
                wrong.push(format!("{pattern:?} on {path:?}: firebase-tools says {theirs}, this says {ours}"));
            }
            // Where firebase-tools fails, nothing is expected but an answer.
            _ => {}
        }
    }
    wrong
}

#[test]
fn every_pair_is_decided_as_by_firebase_tools() {
    let data = data();
    let (hard, generated) = (data["hard"].as_array().unwrap(), data["generated"].as_array().unwrap());
    assert!(hard.len() >= 60 && generated.len() >= 500, "{} and {}", hard.len(), generated.len());
    let wrong = [compare(hard), compare(generated)].concat();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whole_trees_are_listed_as_by_firebase_tools() {
    let data = data();
    let trees = data["trees"].as_array().unwrap();
    assert!(trees.len() >= 15, "{}", trees.len());
    for tree in trees {
        let fixture = Fixture::new();
        let texts = |value: &Value| -> Vec<String> {
            let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
            all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        texts(&tree["files"]).iter().for_each(|path| fixture.file(path, ""));
        texts(&tree["directories"]).iter().for_each(|path| std::fs::create_dir_all(fixture.path(path)).unwrap());
        for (path, target) in tree["links"].as_object().into_iter().flatten() {
            fixture.link(path, target.as_str().unwrap());
        }
        let public = fixture.public().to_str().unwrap().to_owned();
        let ignore: Vec<String> =
            texts(&tree["ignore"]).iter().map(|pattern| pattern.replace("@PUBLIC@", &public)).collect();
        let listing = fixture.list(&ignore.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        // Files that hold secrets are the one intended difference: each of them is named.
        let withheld: Vec<&str> = listing.withheld.iter().map(|one| &one.path[1..]).collect();
        let mut expected = texts(&tree["listed"]);
        expected.retain(|path| !withheld.iter().any(|one| path == one || path.starts_with(&format!("{one}/"))));
        expected.sort();
        assert_eq!(paths(&listing), expected, "{}", tree["name"]);
    }
}
