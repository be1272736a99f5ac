//! `docs/HOSTING.md` lists the keys that the code knows. `UPDATE_DOCS=1 cargo test --test firebase` writes it anew.

use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;
use slipway::inputs::firebase::keys::{ELSEWHERE, KEYS};

use crate::differences::DIFFERENCES;

const FILE: &str = "docs/HOSTING.md";

fn table() -> String {
    let mut text = String::from("\n| key | support | note |\n| --- | --- | --- |\n");
    for key in KEYS {
        text.push_str(&format!("| `{}` | {} | {} |\n", key.path, key.support.word(), key.note));
    }
    let others: Vec<String> = ELSEWHERE.iter().map(|name| format!("`{name}`")).collect();
    text.push_str(&format!("| {} | passed over | other products |\n\n", others.join(", ")));
    text
}

/// What was compared with firebase-tools, how much of it, and how often the two part on purpose.
fn compared() -> String {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let answers = read(include_str!("data/answers.json"));
    let globs = read(include_str!("../site/data/globs.json"));
    let many = |value: &Value| value.as_array().map_or_else(|| value.as_object().map_or(0, |map| map.len()), Vec::len);
    // The pairs of `tests/site/globs.rs` that are listed there, each with its reason.
    let parted = include_str!("../site/globs.rs");
    let parted = parted.split("const DIFFERENCES").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let parted = parted.lines().filter(|line| line.trim_start().starts_with("(\"")).count();
    let rows = [
        (
            "`firebase.json` documents: the same site and configuration, or a refusal",
            many(&answers["answers"]),
            DIFFERENCES.len(),
        ),
        ("names of channels", many(&answers["channels"]), 0),
        ("lives of channels", many(&answers["lives"]), 0),
        ("pairs of a path and an `ignore` glob", many(&globs["hard"]) + many(&globs["generated"]), parted),
        ("whole trees: the same list of files", many(&globs["trees"]), 0),
    ];
    let version = answers["firebase_tools"].as_str().unwrap();
    let mut text =
        format!("\n| held against firebase-tools {version} | cases | different on purpose |\n| --- | --- | --- |\n");
    rows.iter().for_each(|(what, cases, parted)| text.push_str(&format!("| {what} | {cases} | {parted} |\n")));
    text.push('\n');
    text
}

#[test]
fn the_document_lists_every_key() {
    check("firebase-json", &table());
}

#[test]
fn the_document_says_what_was_compared() {
    check("compared", &compared());
}

/// Parts of the document are written one after the other.
static WRITING: Mutex<()> = Mutex::new(());

fn check(part: &str, expected: &str) {
    let _alone = WRITING.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    let (open, close) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (found, after) = rest.split_once(&close).unwrap();
    if found == expected {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{open}{expected}{close}{after}")).unwrap();
        return;
    }
    let line = found.lines().zip(expected.lines()).find(|(is, must)| is != must);
    panic!("{FILE} is not what the code says: {line:?}\nRun UPDATE_DOCS=1 cargo test --test firebase");
}
