//! The shape of the house, for every crate of the workspace. Who may call whom between crates is the compiler's to say;
//! it accepts circles between the modules of one crate, and this does not.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "architecture/graph.rs"]
mod graph;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use graph::{Edges, Graph, circles, folders, product};

/// The source folders of the crates, by the crates' names.
fn crates() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![("slipway".to_owned(), root.join("src")), ("fakecloud".to_owned(), root.join("fake/src"))];
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), path.join("src")));
    }
    found.sort();
    found
}

fn sources() -> impl Iterator<Item = PathBuf> {
    crates().into_iter().filter(|(name, _)| name != "fakecloud").flat_map(|(_, source)| graph::files(&source))
}

/// Circles between files, and between folders, that are left. The list may only get shorter: what is cut goes from here.
const LEFT: &[&str] = &[
    "fakecloud, files: api/run/conditions, api/run/jobs, api/run/jobs/progress, api/run/jobs/result, api/run/jobs/view, api/run/operations, api/run/settle, api/run/traffic",
    "fakecloud, in `api/run`: conditions, jobs, operations, settle, traffic",
    "slipway, files: build/budget, build/build_failure, build/follow, build/image, build/submit, build/upload, service",
    "slipway, in ``: build, cli, cloud_build, cloud_run, commands, driver, inputs, jobs, report, service",
];

/// Every circle, as in `crate/folder: a, b, c`.
fn all_circles() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, source) in crates() {
        let graph = Graph::of(&source);
        let mut add = |place: String, edges: &Edges| {
            let rings = circles(edges);
            found.extend(
                rings.iter().map(|ring| format!("{place}: {}", Vec::from_iter(ring.iter().cloned()).join(", "))),
            );
        };
        add(format!("{name}, files"), &graph.files);
        folders(&graph).iter().for_each(|(folder, children)| add(format!("{name}, in `{folder}`"), children));
    }
    found
}

#[test]
fn no_circle_between_files_or_folders() {
    let (found, left) = (all_circles(), LEFT.iter().map(|line| (*line).to_owned()).collect::<BTreeSet<_>>());
    let new: Vec<&String> = found.difference(&left).collect();
    assert!(new.is_empty(), "new circles:\n{new:#?}");
    let gone: Vec<&String> = left.difference(&found).collect();
    assert!(gone.is_empty(), "these are cut, so take them from the list:\n{gone:#?}");
}

#[test]
fn a_circle_is_found() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")];
    let graph = edges.iter().fold(Edges::new(), |mut all, (from, to)| {
        all.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        all
    });
    let ring: BTreeSet<String> = ["a", "b", "c"].map(str::to_owned).into();
    assert_eq!(circles(&graph), [ring]);
}

/// The layer of dependencies in the image is compiled for every crate's manifest, and needs each of them by name.
#[test]
fn the_image_knows_every_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dockerfile = std::fs::read_to_string(root.join("Dockerfile")).unwrap();
    for (name, _) in crates().into_iter().filter(|(name, _)| !["slipway", "fakecloud"].contains(&name.as_str())) {
        let line = format!("COPY crates/{name}/Cargo.toml crates/{name}/");
        assert!(dockerfile.lines().any(|other| other == line), "the Dockerfile lacks `{line}`");
    }
}

/// A library that is useful outside says so, and why.
#[test]
fn every_crate_has_a_readme_of_about_ten_lines() {
    for (name, source) in crates().into_iter().filter(|(name, _)| !["slipway", "fakecloud"].contains(&name.as_str())) {
        let readme = std::fs::read_to_string(source.parent().unwrap().join("README.md"));
        let lines = readme.unwrap_or_default().lines().filter(|line| !line.trim().is_empty()).count();
        assert!((5..=20).contains(&lines), "crates/{name}/README.md has {lines} lines");
    }
}

#[test]
fn no_file_is_a_drawer() {
    for file in sources() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(!["utils", "util", "helpers", "common", "misc", "types"].contains(&name), "{}", file.display());
    }
}

#[test]
fn the_size_of_files_stays_readable() {
    let mut sizes: Vec<(usize, PathBuf)> = sources()
        .map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let product = product(&text);
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

/// Where the JSON of answers does not travel.
const WITHOUT_ANSWERS: [&str; 7] = [
    "src/inputs/",
    "crates/packing/",
    "crates/sites/",
    "crates/runner/",
    "src/local",
    "src/cloud_run/document/",
    "src/commands/deploy/inputs/",
];

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
    let mut found = Vec::new();
    for file in sources().filter(|file| !file.ends_with("tests.rs") && !file.ends_with("round_trip.rs")) {
        let shown = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        if WITHOUT_ANSWERS.iter().any(|start| shown.starts_with(start)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        found.extend(writes_by_index(&text).into_iter().map(|line| format!("{shown}:{line}")));
    }
    assert!(found.is_empty(), "write with `slipway_names::json::set`, which stops at no shape:\n{}", found.join("\n"));
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
