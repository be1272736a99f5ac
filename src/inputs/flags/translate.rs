//! From flags to the texts of inputs.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value};

use super::maps::Maps;
use super::table::{FlagCommands, Means, Op};
use super::texts::Texts;
use super::typed::Typed;
use super::values;
use crate::inputs::engine::error::Findings;

/// What takes a setting away.
const DEFAULT: &str = "default";

/// The texts of everything that flags say; `at` is the input that they stand in.
pub(super) fn all(
    at: &'static str,
    of: FlagCommands,
    mut typed: Vec<Typed>,
    maps: Maps,
    findings: &mut Findings,
) -> Texts {
    // Of the two, the one that waits starts it as well.
    if typed.iter().any(|one| one.flag.name == "wait" && !one.no) {
        typed.retain(|one| one.flag.name != "execute-now");
    }
    let (of_containers, of_whole): (Vec<Typed>, Vec<Typed>) =
        typed.into_iter().partition(|one| one.container.is_some());
    let mut texts = part(at, of_whole, maps, findings);
    let mut sections: Vec<(String, Vec<Typed>)> = Vec::new();
    for one in of_containers {
        let name = one.container.clone().unwrap_or_default();
        match sections.iter_mut().find(|(other, _)| *other == name) {
            Some((_, section)) => section.push(one),
            None => sections.push((name, vec![one])),
        }
    }
    containers(at, of, sections, &mut texts, findings);
    texts
}

/// Sections that are about one container each: the one that requests go to is what the step deploys.
///
/// Jobs and worker pools get none: there it is the first.
fn containers(
    at: &'static str,
    of: FlagCommands,
    sections: Vec<(String, Vec<Typed>)>,
    texts: &mut Texts,
    findings: &mut Findings,
) {
    let serves = |section: &[Typed]| section.iter().any(|one| ["port", "use-http2"].contains(&one.flag.name));
    let serving = sections.iter().filter(|(_, section)| serves(section)).count();
    if of == FlagCommands::SERVICE && sections.len() > 1 && serving != 1 {
        findings.wrong(
            at,
            "of several containers exactly one gets the requests",
            "give `--port` behind the `--container` of that one, and of no other",
        );
        return;
    }
    let app = sections.iter().position(|(_, section)| serves(section)).unwrap_or(0);
    let mut beside = Object::new();
    let mut called = Vec::new();
    for (index, (name, section)) in sections.into_iter().enumerate() {
        let inner = part(at, section, Maps::default(), findings);
        if index == app {
            let by = [format!("--container {name}")];
            texts.take(inner);
            texts.say(at, "container", name, &by, findings);
            continue;
        }
        called.extend(inner.called());
        let texts = inner.into_texts().map(|(input, text)| (input.to_owned(), nested(text)));
        beside.insert(name, Value::Object(texts.collect()));
    }
    if !beside.is_empty() {
        called.insert(0, "--container".to_owned());
        called.dedup();
        texts.say(at, "containers", Value::Object(beside).to_string(), &called[..1], findings);
    }
}

/// A text in a JSON object: an object where it is one.
fn nested(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => value,
        _ => Value::String(text),
    }
}

/// What the flags of one container say, or those of the whole.
fn part(at: &'static str, typed: Vec<Typed>, maps: Maps, findings: &mut Findings) -> Texts {
    let mut part =
        FlagPart { at, texts: Texts::default(), maps, lists: BTreeMap::new(), words: BTreeMap::new(), findings };
    for one in &typed {
        part.one(one);
    }
    let FlagPart { mut texts, maps, lists, words, findings, .. } = part;
    maps.say(at, &mut texts, findings);
    for (input, (by, words)) in words {
        texts.say(at, input, Value::from(words).to_string(), &by, findings);
    }
    for (input, (by, lines)) in lists {
        let whole = lines.iter().filter(|line| !line.starts_with(['+', '-'])).count();
        if let Some(other) = by.iter().find(|name| **name != by[0]).filter(|_| ![0, lines.len()].contains(&whole)) {
            findings.wrong(at, format!("`{}` and `{other}` exclude each other", by[0]), "keep one of them");
            continue;
        }
        let text = if lines.is_empty() { DEFAULT.to_owned() } else { lines.join("\n") };
        texts.say(at, input, text, &by, findings);
    }
    texts
}

/// Flags as they were called, and what their lists hold together: a flag that is given again adds to its list.
type Given = (Vec<String>, Vec<String>);

struct FlagPart<'a> {
    at: &'static str,
    texts: Texts,
    maps: Maps,
    /// Lists by input: the flags, and the lines.
    lists: BTreeMap<&'static str, Given>,
    /// Words of command lines, in the same way.
    words: BTreeMap<&'static str, Given>,
    findings: &'a mut Findings,
}

impl FlagPart<'_> {
    fn wrong(&mut self, problem: impl Into<String>, cure: impl Into<String>) {
        self.findings.wrong(self.at, problem, cure);
    }

    fn say(&mut self, input: &'static str, text: impl Into<String>, typed: &Typed) {
        self.texts.say(self.at, input, text.into(), &[typed.called()], self.findings);
    }

    /// A value that is not empty.
    fn value<'a>(&mut self, typed: &'a Typed) -> Option<&'a str> {
        let value = typed.value.as_deref().filter(|value| !value.trim().is_empty());
        if value.is_none() {
            self.wrong(
                format!("the value of `{}` is empty, which changes nothing", typed.called()),
                "give it one, or leave the flag out",
            );
        }
        value
    }

    fn list(&mut self, typed: &Typed) -> Option<Vec<String>> {
        values::list(typed.value.as_deref().unwrap_or_default()).map_err(|why| self.unread(typed, why)).ok()
    }

    fn map(&mut self, typed: &Typed) -> Option<BTreeMap<String, String>> {
        values::map(typed.value.as_deref().unwrap_or_default()).map_err(|why| self.unread(typed, why)).ok()
    }

    fn unread(&mut self, typed: &Typed, (problem, cure): values::Unread) {
        self.wrong(format!("`{}`: {problem}", typed.called()), cure);
    }

    fn one(&mut self, typed: &Typed) {
        // gcloud has a `--no-` of every flag without a value, which changes nothing.
        if typed.no && typed.flag.shape == super::table::Shape::Alone {
            return;
        }
        match typed.flag.means {
            Means::Text(input) => {
                if let Some(value) = self.value(typed) {
                    self.say(input, value, typed);
                }
            }
            Means::OrNone(input) => {
                let value = typed.value.as_deref().filter(|value| !value.is_empty());
                self.say(input, value.unwrap_or(DEFAULT), typed);
            }
            Means::Switch(input) => self.say(input, if typed.no { "false" } else { "true" }, typed),
            Means::Fixed(all) => all.iter().for_each(|(input, text)| self.say(input, *text, typed)),
            Means::Words(input) => self.words(input, typed),
            Means::Lines(input) => self.lines(input, typed, ""),
            Means::Several(input, Op::Clear) => self.say(input, DEFAULT, typed),
            Means::Several(input, Op::Update) => self.lines(input, typed, "+"),
            Means::Several(input, Op::Remove) => self.lines(input, typed, "-"),
            Means::Several(input, Op::Set | Op::File) => self.lines(input, typed, ""),
            Means::Probe(input) => self.probe(input, typed),
            Means::Map(family, Op::Clear) => self.maps.clear(family, typed.called()),
            Means::Map(family, Op::File) => {
                if let Some(value) = self.value(typed) {
                    self.maps.file(family, value, typed.called());
                }
            }
            Means::Map(family, Op::Remove) => {
                if let Some(keys) = self.value(typed).and_then(|_| self.list(typed)) {
                    self.maps.remove(family, keys, typed.called());
                }
            }
            Means::Map(family, op) => {
                if let Some(entries) = self.value(typed).and_then(|_| self.map(typed)) {
                    let twice = self.maps.add(family, op, entries, typed.called());
                    for name in twice {
                        let name = slipway_names::shown::QuotedName(&name).to_string();
                        self.wrong(format!("`{}` gives {name} in two places", typed.called()), "keep one");
                    }
                }
            }
            Means::Volumes(op) => self.volumes("volumes", op, typed),
            Means::Mounts(op) => self.volumes("volume_mounts", op, typed),
            Means::Section => {}
            Means::Nothing(why) => {
                self.findings.warnings.push(format!("{}: `{}` means nothing here: {why}", self.at, typed.called()));
            }
            Means::Only(word, why) if typed.value.as_deref() == Some(word) => {
                self.findings.warnings.push(format!("{}: `{}` means nothing here: {why}", self.at, typed.called()));
            }
            Means::Only(word, why) => {
                let called = typed.called();
                self.wrong(format!("`{called}` is not taken with another value than `{word}`: {why}"), "remove it");
            }
            Means::Refused(why, write) => self.wrong(format!("`{}` is not taken: {why}", typed.called()), write),
        }
    }

    /// Words of a command line; an empty list takes what is there away, as in gcloud.
    fn words(&mut self, input: &'static str, typed: &Typed) {
        let Some(words) = self.list(typed) else { return };
        let (by, all) = self.words.entry(input).or_default();
        by.push(typed.called());
        all.extend(words);
    }

    fn lines(&mut self, input: &'static str, typed: &Typed, sign: &str) {
        if input == "remove_containers" && self.value(typed).is_none() {
            return;
        }
        let Some(items) = self.list(typed) else { return };
        let (by, lines) = self.lists.entry(input).or_default();
        by.push(typed.called());
        lines.extend(items.into_iter().map(|item| format!("{sign}{}", item.trim())));
    }

    fn probe(&mut self, input: &'static str, typed: &Typed) {
        let Some(entries) = self.map(typed) else { return };
        let text = if entries.is_empty() { DEFAULT.to_owned() } else { Value::from_iter(entries).to_string() };
        self.say(input, text, typed);
    }

    /// A volume that comes or goes, or where it is mounted.
    fn volumes(&mut self, input: &'static str, op: Op, typed: &Typed) {
        let name = if input == "volumes" { "name" } else { "mount-path" };
        match op {
            Op::Clear => self.maps.clear_named(input, typed.called()),
            Op::Remove => {
                if let Some(names) = self.value(typed).and_then(|_| self.list(typed)) {
                    self.maps.remove_named(input, names, typed.called());
                }
            }
            Op::Set | Op::Update | Op::File => {
                let Some(mut entries) = self.value(typed).and_then(|_| self.map(typed)) else { return };
                let Some(key) = entries.remove(name) else {
                    self.wrong(
                        format!("`{}` has no `{name}=`", typed.called()),
                        "write `name=…,type=…` for a volume, and `volume=…,mount-path=…` for where it is mounted",
                    );
                    return;
                };
                let value = match (input, entries.remove("volume")) {
                    ("volume_mounts", Some(volume)) if entries.is_empty() => Value::String(volume),
                    ("volume_mounts", _) => {
                        self.wrong(
                            format!("`{}` takes `volume=` and `mount-path=`, both and nothing else", typed.called()),
                            "write `volume=NAME,mount-path=/PATH`",
                        );
                        return;
                    }
                    (_, _) => Value::from_iter(entries),
                };
                self.maps.add_named(input, key, value, typed.called());
            }
        }
    }
}
