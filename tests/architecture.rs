//! The import table: which room of `src/` may use which. rustc accepts cycles between modules;
//! this does not.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Room, and the rooms it may import. A room is a file or a folder directly below `src/`.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("explain", &[]),
    ("clock", &[]),
    ("net", &["model"]),
    ("wire", &["clock"]),
    ("package", &[]),
    ("site", &["package"]),
    ("console", &[]),
    ("workspace", &[]),
    ("inputs", &["model", "explain", "workspace"]),
    ("plan", &["model", "explain", "inputs"]),
    ("google", &["model", "explain", "clock", "net", "wire"]),
    ("github", &["model", "explain", "clock", "net", "wire"]),
    ("probe", &["net"]),
    (
        "steps",
        &[
            "model",
            "explain",
            "clock",
            "console",
            "inputs",
            "plan",
            "google",
            "github",
            "probe",
            "package",
            "site",
            "workspace",
        ],
    ),
    ("report", &["model", "explain", "console", "plan"]),
    ("cli", &["inputs"]),
    (
        "app",
        &[
            "model",
            "explain",
            "clock",
            "net",
            "console",
            "inputs",
            "plan",
            "google",
            "github",
            "probe",
            "steps",
            "report",
            "cli",
            "workspace",
        ],
    ),
    ("local", &["cli", "inputs"]),
    ("main", &["app", "cli", "inputs", "local"]),
    ("lib", &[]),
];

fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The rooms named in `crate::room` or, in `main.rs`, `slipway::room` paths, in product code:
/// comments, and the unit tests at a file's end, do not count.
fn imports(text: &str) -> BTreeSet<String> {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let code: String =
        product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for root in ["crate::", "slipway::"] {
        for (at, _) in code.match_indices(root) {
            let rest = &code[at + root.len()..];
            let names = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').map(|item| item.trim().to_owned()).collect(),
                None => vec![rest.to_owned()],
            };
            for name in names {
                let name: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                rooms.extend((!name.is_empty()).then_some(name));
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_what_the_table_allows_and_nothing_else() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(&source) {
        let below = file.strip_prefix(&source).unwrap();
        let room = below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let allowed =
            table.get(room.as_str()).unwrap_or_else(|| panic!("{} is in no room of the table", below.display()));
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            if import == room {
                continue;
            }
            assert!(
                allowed.contains(&import.as_str()),
                "{} imports `{import}`, which the table does not allow",
                below.display()
            );
            used.entry(room.clone()).or_default().insert(import);
        }
    }
    for (room, allowed) in TABLE {
        let used = used.get(*room).cloned().unwrap_or_default();
        for import in *allowed {
            assert!(used.contains(*import), "the table lets `{room}` import `{import}`, and nothing does: take it out");
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    fn visit<'a>(room: &'a str, table: &BTreeMap<&'a str, &'a [&'a str]>, path: &mut Vec<&'a str>) {
        assert!(!path.contains(&room), "a circle: {} -> {room}", path.join(" -> "));
        path.push(room);
        table.get(room).expect("every import is a room").iter().for_each(|next| visit(next, table, path));
        path.pop();
    }
    table.keys().for_each(|room| visit(room, &table, &mut Vec::new()));
}

#[test]
fn no_room_is_a_drawer() {
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(!["utils", "util", "helpers", "common", "misc", "types"].contains(&name), "{}", file.display());
    }
}

#[test]
fn the_size_of_files_stays_readable() {
    let mut sizes: Vec<(usize, PathBuf)> = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            (
                product.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).count(),
                file,
            )
        })
        .collect();
    sizes.sort();
    let (largest, file) = sizes.last().unwrap();
    assert!(*largest <= 450, "{} has {largest} lines of code", file.display());
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= 150, "the median file has {median} lines of code");
}

/// Rooms where the JSON of answers travels.
const OF_ANSWERS: [&str; 8] = ["google", "github", "probe.rs", "plan", "steps", "report", "app", "model"];

/// Places in product code that write through an index into JSON: `x["key"] = …`, `&mut x["key"]`, `x["key"].take()` and
/// the like. They stop the program where the value is no object; reading by an index does not, and clippy sees slices.
fn writes_by_index(text: &str) -> Vec<usize> {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let key = r#"\[(?:"[^"\]]*"|[A-Z][A-Z_]+(?:\.\d)?|\*?(?:key|name|field))\]"#;
    let written = format!(
        r"\w{key}(?:\[[^\]]*\])*(?:\s*[-+]?=[^=>]|\s*\.(?:take|as_object_mut|as_array_mut|get_mut|pointer_mut|push)\()|&mut\s+[\w.]+(?:\[[^\]]*\])*{key}"
    );
    let written = regex::Regex::new(&written).unwrap();
    let code = |line: &str| !line.trim_start().starts_with("//");
    let lines = product.lines().enumerate().filter(|(_, line)| code(line) && written.is_match(line));
    lines.map(|(number, _)| number + 1).collect()
}

#[test]
fn json_of_answers_is_never_written_through_an_index() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for room in OF_ANSWERS.map(|room| source.join(room)) {
        let files = if room.is_dir() { sources(&room) } else { vec![room] };
        for file in files.into_iter().filter(|file| !file.ends_with("tests.rs") && !file.ends_with("round_trip.rs")) {
            let text = std::fs::read_to_string(&file).unwrap();
            found.extend(writes_by_index(&text).into_iter().map(|line| format!("{}:{line}", file.display())));
        }
    }
    assert!(found.is_empty(), "write with `model::json::set`, which stops at no shape:\n{}", found.join("\n"));
    for text in [
        "body[\"traffic\"] = x;",
        "a[\"b\"][REPLACED] = x;",
        "object(&mut v[\"a\"]).insert(x)",
        "v[\"a\"].take()",
        "to[name] = 1;",
        "x[\"a\"][0] = 1;",
    ] {
        assert_eq!(writes_by_index(text).len(), 1, "{text}");
    }
    for text in ["if a[\"b\"] == c {", "let x = a[\"b\"].as_str();", "Some(x) if x[\"a\"] => 1"] {
        assert_eq!(writes_by_index(text).len(), 0, "{text}");
    }
}
