//! Who imports whom among the modules of one crate, read from the text of its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From a module to the modules it imports.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

/// The modules of a crate, named as in `commands/deploy/plan`, and their imports.
pub(crate) struct Graph {
    /// Imports between files; what a module takes from its own parents is left out.
    pub(crate) files: Edges,
}

/// The Rust files below a folder.
pub(crate) fn files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Product code of a file: without comments, and without the unit tests at its end.
pub(crate) fn product(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

impl Graph {
    pub(crate) fn of(source: &Path) -> Self {
        let module = |file: &Path| {
            let below = file.strip_prefix(source).unwrap().with_extension("");
            let mut names: Vec<String> = below.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
            if names.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                names.pop();
            }
            names
        };
        let all = files(source);
        let texts = all.iter().filter(|file| !file.ends_with("tests.rs"));
        let texts: BTreeMap<Vec<String>, String> =
            texts.map(|file| (module(file), product(&std::fs::read_to_string(file).unwrap()))).collect();
        let mut graph = Self { files: Edges::new() };
        for (module, text) in &texts {
            for path in paths(text) {
                let mut target = absolute(module, &path);
                while !target.is_empty() && !texts.contains_key(&target) {
                    target.pop();
                }
                if !target.is_empty() && !module.starts_with(&target) {
                    graph.files.entry(module.join("/")).or_default().insert(target.join("/"));
                }
            }
        }
        graph
    }
}

/// The folders of a crate with the imports between what lies directly in each of them.
pub(crate) fn folders(graph: &Graph) -> BTreeMap<String, Edges> {
    let mut found: BTreeMap<String, Edges> = BTreeMap::new();
    for (from, targets) in &graph.files {
        for to in targets {
            let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            // A folder's own file is not one of its children.
            let (Some(here), Some(there)) = (from.get(common), to.get(common)) else { continue };
            let edges = found.entry(from[..common].join("/")).or_default();
            edges.entry((*here).to_owned()).or_default().insert((*there).to_owned());
        }
    }
    found
}

/// Paths below `crate`, `super` or `self` that a text names, in `use` and elsewhere.
fn paths(text: &str) -> Vec<Vec<String>> {
    let uses = regex::Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?use ([^;]+);").unwrap();
    let named = regex::Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
    let mut found: Vec<String> = Vec::new();
    for tree in uses.captures_iter(text) {
        expand(&tree[1].split_whitespace().collect::<Vec<_>>().join(" "), &mut found);
    }
    found.extend(named.find_iter(text).map(|path| path.as_str().to_owned()));
    found.iter().map(|path| path.split("::").map(|name| name.trim().to_owned()).collect()).collect()
}

/// The paths of a use tree: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn expand(tree: &str, into: &mut Vec<String>) {
    let Some((start, rest)) = tree.split_once('{') else {
        into.push(tree.split(" as ").next().unwrap_or(tree).trim().to_owned());
        return;
    };
    let body = rest.rsplit_once('}').map_or(rest, |(body, _)| body);
    let (mut depth, mut item) = (0, String::new());
    for character in body.chars().chain([',']) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            if !item.trim().is_empty() {
                expand(&format!("{}{}", start.trim(), item.trim()), into);
            }
            item.clear();
        } else {
            item.push(character);
        }
    }
}

fn absolute(module: &[String], path: &[String]) -> Vec<String> {
    let above = path.iter().take_while(|name| *name == "super").count();
    match path.first().map(String::as_str) {
        Some("crate") => path[1..].to_vec(),
        Some("super") => [&module[..module.len().saturating_sub(above)], &path[above..]].concat(),
        Some("self") => [module, &path[1..]].concat(),
        _ => [module, path].concat(),
    }
}

/// The circles of a graph: sets of modules from each of which every other can be reached.
pub(crate) fn circles(edges: &Edges) -> Vec<BTreeSet<String>> {
    let reach = |from: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(module) = open.pop() {
            for next in edges.get(&module).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = edges.keys().map(|module| (module, reach(module))).collect();
    let mut found = BTreeSet::new();
    for (module, targets) in &reached {
        let ring: BTreeSet<String> = targets
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*module)))
            .cloned()
            .collect();
        if ring.len() > 1 {
            found.insert(ring);
        }
    }
    found.into_iter().collect()
}
