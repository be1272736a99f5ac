//! Inputs that are maps: a YAML map, a JSON object, or `KEY=VALUE` lines. Values are texts exactly
//! as typed: `1.10` stays `1.10`, `yes` stays `yes`, a JSON document stays the document.
//!
//! A value of an input may have been put there by the runner, which knows nothing of YAML: what YAML would change or
//! take away is a mistake there. In a file somebody wrote and keeps, comments are comments. No message holds more of
//! a text than a name: any text here may hold secrets.

mod cause;
mod json;
mod lines;
mod yaml;

use std::collections::HashMap;

use super::declare::Input;
use super::error::{Findings, Mistake};
use slipway_names::shown::QuotedName;

/// One entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key as typed.
    pub key: String,
    /// The value as typed.
    pub value: String,
    /// Whether that is `null` without quotes.
    pub is_null: bool,
    /// The line of the key, from 1.
    pub line: usize,
}

impl Entry {
    /// Refuses a value that is `null` without quotes: GitHub's `toJSON` makes that of a secret that does not exist, and a
    /// service would be given the four letters in its place.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub fn given(&self) -> Result<(), (String, String)> {
        if !self.is_null {
            return Ok(());
        }
        let key = slipway_names::shown::name(&self.key).unwrap_or("NAME");
        Err((
            format!("{} is null, which is what `toJSON` makes of a secret that does not exist", QuotedName(&self.key)),
            format!(
                "store the secret, by the name that is asked for: `gh secret set {key}`; where the word is meant, write it in quotes"
            ),
        ))
    }
}

/// What YAML and JSON have for nothing.
const NULL: &str = "null";

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// An input or a flag: expressions may have been replaced in it.
    Input,
    /// A file of the repository, which holds what somebody typed.
    File,
}

/// Parses the text of a map input; mistakes and warnings go to `findings`.
pub fn parse(input: &Input, from: From, text: &str, findings: &mut Findings) -> Vec<Entry> {
    read(MapReader { input: input.name, strict: from == From::Input, nested: false }, text, findings)
}

/// Parses a map that may hold maps; such a value is the inner map's text, for [`parse_inner`].
pub fn parse_nested(input: &Input, from: From, text: &str, findings: &mut Findings) -> Vec<Entry> {
    read(MapReader { input: input.name, strict: from == From::Input, nested: true }, text, findings)
}

/// Parses the map that is the value of an entry. Lines are told from the entry's own on.
pub fn parse_inner(input: &Input, from: From, outer: &Entry, findings: &mut Findings) -> Vec<Entry> {
    inner(MapReader { input: input.name, strict: from == From::Input, nested: false }, outer, findings)
}

/// The same, of a map that may hold maps and lists again.
pub fn parse_inner_nested(input: &Input, from: From, outer: &Entry, findings: &mut Findings) -> Vec<Entry> {
    inner(MapReader { input: input.name, strict: from == From::Input, nested: true }, outer, findings)
}

fn inner(reader: MapReader, outer: &Entry, findings: &mut Findings) -> Vec<Entry> {
    // JSON and YAML in one line look alike; JSON's texts may hold characters that YAML does not take.
    let json = if outer.value.trim_start().starts_with('{') { reader.json(&outer.value).ok() } else { None };
    let before = findings.mistakes.len();
    let mut entries = match json {
        Some(entries) => entries,
        None if outer.value.trim().is_empty() => Vec::new(),
        None => reader.yaml(&outer.value, findings),
    };
    for mistake in findings.mistakes.iter_mut().skip(before) {
        mistake.line = Some(outer.line);
    }
    let begins = outer.line + usize::from(!outer.value.trim_start().starts_with('{'));
    entries.iter_mut().for_each(|entry| entry.line += begins - 1);
    once_each(reader.input, &entries, findings);
    entries
}

fn read(reader: MapReader, text: &str, findings: &mut Findings) -> Vec<Entry> {
    // Editors of another system put a mark before the first letter.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries = match grammar(text) {
        Grammar::Nothing => Vec::new(),
        Grammar::Json => findings.keep(reader.json(text)).unwrap_or_default(),
        Grammar::Yaml => reader.yaml(text, findings),
        Grammar::Lines => reader.lines(text, findings),
        Grammar::Unknown(line, text) => {
            let problem = match slipway_names::shown::name(text).filter(|name| name.len() < text.len()) {
                Some(name) => format!("neither `=` nor a colon stands behind `{name}`"),
                None => "neither `KEY: value` nor `KEY=value`".to_owned(),
            };
            findings.mistakes.push(reader.mistake(Some(line), problem, MAP_CURE));
            Vec::new()
        }
    };
    once_each(reader.input, &entries, findings);
    entries
}

fn once_each(input: &str, entries: &[Entry], findings: &mut Findings) {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(line) = first.get(entry.key.as_str()) {
            let problem = format!("{} is given twice (first in line {line})", QuotedName(&entry.key));
            findings.wrong_at(input, Some(entry.line), problem, "keep one");
        } else {
            first.insert(&entry.key, entry.line);
        }
    }
}

const MAP_CURE: &str = "write a YAML map, `KEY=VALUE` lines, or a JSON object";

enum Grammar<'a> {
    Nothing,
    Json,
    Yaml,
    Lines,
    Unknown(usize, &'a str),
}

/// The first line that is neither blank nor a comment shows the grammar: what comes first in it,
/// `=` or a colon followed by a blank.
fn grammar(text: &str) -> Grammar<'_> {
    let Some((index, line)) =
        text.lines().enumerate().find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    else {
        return Grammar::Nothing;
    };
    let line = line.trim();
    if let Some(rest) = line.strip_prefix('{') {
        // JSON has its keys in quotes.
        let bare = rest.trim_start().starts_with(|c: char| c.is_ascii_alphanumeric() || "_/.-".contains(c));
        return if bare { Grammar::Yaml } else { Grammar::Json };
    }
    let colon = if line.starts_with(['"', '\'']) { Some(0) } else { find_colon(line) };
    match (line.find('='), colon) {
        (Some(equals), Some(colon)) if equals < colon => Grammar::Lines,
        (Some(_), None) => Grammar::Lines,
        (_, Some(_)) => Grammar::Yaml,
        (None, None) => Grammar::Unknown(index + 1, line),
    }
}

/// The colon behind a key, as YAML sees it.
fn find_colon(line: &str) -> Option<usize> {
    let mut colons = line.match_indices(':').map(|(at, _)| at);
    colons.find(|at| line.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])))
}

/// How a map is read.
struct MapReader {
    input: &'static str,
    /// Whether every value must arrive as it stands.
    strict: bool,
    /// Whether a value may be a map.
    nested: bool,
}

impl MapReader {
    fn mistake(&self, line: Option<usize>, problem: impl Into<String>, cure: impl Into<String>) -> Mistake {
        Mistake { input: self.input.to_owned(), line, problem: problem.into(), cure: cure.into() }
    }
}

#[cfg(test)]
mod tests;
