//! `docs/HOSTING.md` lists the keys that the code knows. `UPDATE_DOCS=1 cargo test --test firebase` writes it anew.

use std::path::Path;

use slipway::inputs::firebase::keys::{ELSEWHERE, KEYS};

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

#[test]
fn the_document_lists_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    let (open, close) = ("<!-- firebase-json -->\n", "<!-- /firebase-json -->");
    let (before, rest) = text.split_once(open).unwrap();
    let (found, after) = rest.split_once(close).unwrap();
    let expected = table();
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
