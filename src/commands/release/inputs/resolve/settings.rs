//! The settings of one part: from a tree with placeholders to the texts of inputs. What is inserted is data: it can
//! make no entry, line or word that does not stand in the manifest.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::join;
use super::layout::TAKE_URLS;
use super::template::{self, TemplatePiece};
use crate::commands::release::inputs::{self as release, Gap, TemplatePlace};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::{Field, Node, Style, TreeValue};
use crate::inputs::engine::{map, scalar};
use crate::inputs::spec::{Input, InputKind};

/// Texts that are words of a command line.
const WORDS: [&str; 2] = ["command", "args"];
/// Texts that are lists with commas in them.
const LISTS: [&str; 2] = ["canary_steps", "health_status"];
/// The one input with lines that commas do not part.
const WHOLE_LINES: &str = "checks";
/// Maps that hold maps, and how deep.
const NESTED: [(&str, usize); 3] = [("pre_deploy_job", 1), ("volumes", 1), ("containers", 2)];
/// A map without entries.
const EMPTY: &str = "{\n}";

/// What placeholders stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaceholderScope<'a> {
    /// The input `values`; `None` when it could not be read, which is told already.
    pub(super) values: Option<&'a BTreeMap<String, String>>,
    /// The chosen environment.
    pub(super) environment: Option<&'a str>,
    /// The commit of this run.
    pub(super) commit: Option<&'a str>,
    /// The service parts of this release that come before.
    pub(super) earlier: &'a [String],
    /// The service parts that the environment takes away.
    pub(super) gone: &'a [String],
}

/// The settings of a part, as texts of inputs.
#[derive(Debug, Default)]
pub(super) struct PartSettings {
    /// The texts.
    pub(super) texts: BTreeMap<&'static str, String>,
    /// Where they stand.
    pub(super) places: BTreeMap<&'static str, Where>,
    /// What `values` inserted anywhere in them.
    pub(super) inserted: Vec<String>,
    /// What waits for the addresses of other parts.
    pub(super) gaps: Vec<Gap>,
}

/// Where a setting stands.
#[derive(Debug, Default)]
pub(super) struct Where {
    /// Its line in the manifest.
    pub(super) line: usize,
    /// The manifest's line of each line of its text; empty where the text has no lines of ours.
    pub(super) lines: Vec<usize>,
    /// Whether something was inserted.
    pub(super) inserted: bool,
}

/// Reads the settings of the part at `path`. Unknown names and broken placeholders are told elsewhere.
pub(super) fn read(
    inputs: &[&'static Input],
    fields: &[Field],
    path: &str,
    scope: PlaceholderScope<'_>,
    findings: &mut Findings,
) -> PartSettings {
    let mut settings = PartSettings::default();
    for field in fields {
        let Some(input) = inputs.iter().find(|input| input.name == field.key) else { continue };
        let mut reader =
            PartReader { input, scope, findings, lines: Vec::new(), gaps: Vec::new(), inserted: Vec::new() };
        let text = reader.setting(&field.value, &join(path, input.name));
        let PartReader { lines, gaps, inserted, .. } = reader;
        let place = Where { line: field.line, lines, inserted: !inserted.is_empty() };
        settings.places.insert(input.name, place);
        settings.gaps.extend(gaps);
        settings.inserted.extend(inserted);
        settings.texts.extend(text.map(|text| (input.name, text)));
    }
    // What an environment took the last entry of says nothing any more, unless it says that all goes.
    let overwrites: Vec<String> =
        settings.texts.iter().filter(|(_, text)| *text == "overwrite").map(|(name, _)| (*name).to_owned()).collect();
    settings.texts.retain(|name, text| text != EMPTY || overwrites.contains(&format!("{name}_update_strategy")));
    settings
}

struct PartReader<'a> {
    input: &'static Input,
    scope: PlaceholderScope<'a>,
    findings: &'a mut Findings,
    lines: Vec<usize>,
    gaps: Vec<Gap>,
    inserted: Vec<String>,
}

impl PartReader<'_> {
    fn wrong(&mut self, path: &str, line: usize, problem: impl Into<String>, cure: impl Into<String>) {
        self.findings.wrong_at(path, Some(line), problem, cure);
    }

    fn setting(&mut self, node: &Node, path: &str) -> Option<String> {
        let name = self.input.name;
        match (self.input.kind, &node.value) {
            (InputKind::Map, _) | (InputKind::Either, TreeValue::Map(_)) => self.map(node, path),
            (InputKind::Lines, TreeValue::Map(_)) => {
                self.wrong(path, node.line, "this must be a list or a text, not a map", "write `- ITEM` lines");
                None
            }
            (InputKind::Lines, _) => self.items(node, path),
            (_, TreeValue::Text { text, .. }) if name == "credentials_json" => self.credentials(text, node.line, path),
            _ if WORDS.contains(&name) => self.words(node, path),
            (_, TreeValue::List(items)) if LISTS.contains(&name) => {
                let items: Option<Vec<String>> = items.iter().map(|item| self.one(item, path)).collect();
                items.map(|items| items.join(", "))
            }
            _ => self.one(node, path),
        }
    }

    /// One text.
    fn one(&mut self, node: &Node, path: &str) -> Option<String> {
        match &node.value {
            TreeValue::Text { text, .. } => self.insert(text, node.line, path).map(|(text, _)| text),
            _ => {
                let cure = "write it as one text: in quotes, or behind `|`";
                self.wrong(path, node.line, format!("this must be one text, not {}", node.kind()), cure);
                None
            }
        }
    }

    /// A key in the repository is everybody's who reads it.
    fn credentials(&mut self, text: &str, line: usize, path: &str) -> Option<String> {
        match template::parse(text).as_deref() {
            Ok([TemplatePiece::Value(_)]) => self.insert(text, line, path).map(|(text, _)| text),
            Ok(_) => {
                let cure = "write `${values.NAME}`, and pass the key with the input `values`";
                self.wrong(path, line, "a key does not belong in a file of the repository", cure);
                None
            }
            Err(_) => None,
        }
    }

    /// Words of a command line: a list, or a text that is parted before anything is inserted.
    fn words(&mut self, node: &Node, path: &str) -> Option<String> {
        let words: Vec<Option<String>> = match &node.value {
            TreeValue::List(items) => items.iter().map(|item| self.one(item, path)).collect(),
            TreeValue::Text { text, .. } => match scalar::words(text) {
                Ok(words) if !words.is_empty() => {
                    let insert = |word: &String| self.insert(word, node.line, path).map(|(text, _)| text);
                    words.iter().map(insert).collect()
                }
                // Nothing is inserted here, so that the mistake may quote it.
                _ => return Some(text.clone()),
            },
            TreeValue::Map(_) => vec![self.one(node, path)],
        };
        let words: Vec<String> = words.into_iter().collect::<Option<_>>()?;
        Some(Json::from(words).to_string())
    }

    /// Items of a list or lines of a text, one a line.
    fn items(&mut self, node: &Node, path: &str) -> Option<String> {
        let commas = self.input.name != WHOLE_LINES;
        let mut items: Vec<(String, usize)> = Vec::new();
        match &node.value {
            TreeValue::List(nodes) => {
                for node in nodes {
                    items.extend(self.one(node, path).map(|text| (text, node.line)));
                }
            }
            TreeValue::Text { text, .. } => {
                for (line, at) in text.lines().zip(node.line..) {
                    let parts: Vec<&str> = if commas { line.split(',').collect() } else { vec![line] };
                    let comment = line.trim_start().starts_with('#');
                    for part in parts.into_iter().map(str::trim).filter(|part| !comment && !part.is_empty()) {
                        items.extend(self.insert(part, at, path).map(|(text, _)| (text, at)));
                    }
                }
            }
            TreeValue::Map(_) => {}
        }
        let mut lines = Vec::new();
        for (item, line) in items {
            let item = item.trim();
            if item.starts_with('#') || item.contains(['\n', '\r']) || commas && item.contains(',') {
                let problem =
                    "an item must be one thing, and this one begins with `#` or has a comma or a line break in it";
                let problem = if commas { problem } else { "an item must be one line that does not begin with `#`" };
                self.wrong(path, line, problem, "write each as an item of its own");
            } else if !item.is_empty() {
                lines.push(item.to_owned());
                self.lines.push(line);
            }
        }
        Some(lines.join("\n"))
    }

    /// A map as a JSON object with an entry a line.
    fn map(&mut self, node: &Node, path: &str) -> Option<String> {
        let fields = match &node.value {
            TreeValue::Map(fields) => fields.clone(),
            TreeValue::Text { text, .. } if text.trim().is_empty() => return None,
            TreeValue::Text { text, style } => self.parse(text, *style, node.line, path)?,
            TreeValue::List(_) => {
                self.wrong(path, node.line, "this must be a map, not a list", "write `KEY: value` lines below it");
                return None;
            }
        };
        Some(self.object(&fields, node.line, path, self.levels()))
    }

    /// How many levels of maps its entries may hold.
    fn levels(&self) -> usize {
        NESTED.iter().find(|(name, _)| *name == self.input.name).map_or(0, |(_, levels)| *levels)
    }

    /// A map in a text, in the grammar of the input. Placeholders are in it still.
    fn parse(&mut self, text: &str, style: Style, line: usize, path: &str) -> Option<Vec<Field>> {
        // So that lines of the text are lines of the manifest.
        let padded = format!("{}{text}", "\n".repeat(line.saturating_sub(1)));
        let mut findings = Findings::default();
        let nested = self.levels() > 0;
        let parse = if nested { map::parse_nested } else { map::parse };
        let entries = parse(self.input, map::From::File, &padded, &mut findings);
        let field = |entry: map::Entry, value: TreeValue| {
            let line = entry.line;
            Field { key: entry.key, line, value: Node { line, value } }
        };
        let mut fields = Vec::new();
        for entry in entries {
            let value = if nested && ["env", "secrets"].contains(&entry.key.as_str()) {
                let inner = map::parse_inner(self.input, map::From::File, &entry, &mut findings).into_iter();
                let text = |inner: &map::Entry| TreeValue::Text { text: inner.value.clone(), style };
                TreeValue::Map(
                    inner
                        .map(|inner| {
                            let value = text(&inner);
                            field(inner, value)
                        })
                        .collect(),
                )
            } else {
                TreeValue::Text { text: entry.value.clone(), style }
            };
            fields.push(field(entry, value));
        }
        let wrong = !findings.mistakes.is_empty();
        for mistake in findings.mistakes {
            self.wrong(path, mistake.line.unwrap_or(line), mistake.problem, mistake.cure);
        }
        let rest = |warning: &str| warning.strip_prefix(self.input.name).map(str::to_owned);
        let warnings = findings.warnings.iter().map(|warning| format!("{path}{}", rest(warning).unwrap_or_default()));
        self.findings.warnings.extend(warnings);
        (!wrong).then_some(fields)
    }

    fn object(&mut self, fields: &[Field], line: usize, path: &str, levels: usize) -> String {
        let mut text = String::from("{");
        self.lines.push(line);
        let mut separator = "\n";
        for field in fields {
            let path = join(path, &field.key);
            self.lines.push(field.line);
            let value = match &field.value.value {
                TreeValue::Map(inner) if levels > 0 => {
                    // The brace of an inner map stands in the line of its key.
                    self.lines.pop();
                    Some(self.object(inner, field.line, &path, levels - 1))
                }
                TreeValue::List(items) if levels > 0 && !WORDS.contains(&field.key.as_str()) => {
                    let items: Option<Vec<String>> = items.iter().map(|item| self.one(item, &path)).collect();
                    items.map(|items| Json::from(items).to_string())
                }
                _ if levels > 0 && WORDS.contains(&field.key.as_str()) => self
                    .words(&field.value, &path)
                    .map(|words| if words.starts_with('[') { words } else { Json::from(words).to_string() }),
                TreeValue::Text { text, .. } => self.entry(text, field, &path),
                _ => self.one(&field.value, &path),
            };
            // What could not be read is told, and nothing may be said about its absence.
            let value = value.unwrap_or_else(|| "\"\"".to_owned());
            text.push_str(&format!("{separator}{}: {value}", Json::from(field.key.as_str())));
            separator = ",\n";
        }
        self.lines.push(line);
        text.push_str("\n}");
        text
    }

    fn entry(&mut self, text: &str, field: &Field, path: &str) -> Option<String> {
        let (text, pieces) = self.insert(text, field.value.line, path)?;
        let place = if self.input.name == "build_args" { TemplatePlace::BuildArgs } else { TemplatePlace::EnvVars };
        if pieces.iter().any(|piece| matches!(piece, release::Piece::Url(_))) {
            self.gaps.push(Gap { place, key: field.key.clone(), pieces });
        }
        Some(Json::from(text).to_string())
    }

    /// A text with everything inserted but addresses; and its pieces.
    fn insert(&mut self, text: &str, line: usize, path: &str) -> Option<(String, Vec<release::Piece>)> {
        let mut shown = String::new();
        let mut pieces = Vec::new();
        let mut complete = true;
        for piece in template::parse(text).ok()? {
            let text = match piece {
                TemplatePiece::Url(name) => {
                    let here = TAKE_URLS.contains(&self.input.name);
                    if !here || !self.scope.earlier.contains(&name) {
                        if here && self.scope.gone.contains(&name) {
                            let problem = format!("the environment takes `{name}` away, whose address is needed here");
                            self.wrong(path, line, problem, "take this setting away too, or keep the part");
                        }
                        complete = false;
                        continue;
                    }
                    shown.push_str(&format!("${{services.{name}.url}}"));
                    pieces.push(release::Piece::Url(name));
                    continue;
                }
                TemplatePiece::Text(text) => Some(text),
                TemplatePiece::Value(name) => self.value(&name, line, path),
                TemplatePiece::Environment => {
                    let environment = self.scope.environment.map(str::to_owned);
                    if environment.is_none() {
                        self.wrong(
                            path,
                            line,
                            "no environment is chosen",
                            "add `environments` to the manifest, or remove `${environment}`",
                        );
                    }
                    environment
                }
                TemplatePiece::Commit => {
                    let commit = self.scope.commit.map(str::to_owned);
                    if commit.is_none() {
                        self.wrong(
                            path,
                            line,
                            "the commit of this run is not known",
                            "on a runner GITHUB_SHA names it; set it elsewhere",
                        );
                    }
                    commit
                }
            };
            match text {
                Some(text) => {
                    shown.push_str(&text);
                    pieces.push(release::Piece::Text(text));
                }
                None => complete = false,
            }
        }
        complete.then_some((shown, pieces))
    }

    fn value(&mut self, name: &str, line: usize, path: &str) -> Option<String> {
        let values = self.scope.values?;
        if let Some(value) = values.get(name) {
            self.inserted.push(value.clone());
            return Some(value.clone());
        }
        let cure = format!("pass it: `{name}: ${{{{ toJSON(secrets.{name}) }}}}` below `values`");
        self.wrong(path, line, format!("the input `values` has no `{name}`"), cure);
        None
    }
}
