//! Changes of maps that gcloud has several flags for, put together: these and no others, these too, without those, none.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value};

use super::table::{Family, Op};
use super::texts::Texts;
use crate::inputs::engine::error::Findings;

/// What flags say about each map, by the input that holds it.
#[derive(Debug, Default)]
pub(super) struct Maps {
    all: BTreeMap<&'static str, MapChange>,
}

#[derive(Debug, Default)]
struct MapChange {
    /// The input that says what becomes of other entries.
    strategy: Option<&'static str>,
    /// A file that the entries are in.
    file: Option<String>,
    /// Entries; null for one that goes.
    entries: Object<String, Value>,
    /// Flags that leave nothing else.
    alone: Vec<String>,
    /// Flags that change what is there.
    beside: Vec<String>,
}

impl Maps {
    fn of(&mut self, family: Family) -> &mut MapChange {
        let change = self.all.entry(family.input()).or_default();
        change.strategy = Some(family.strategy()).filter(|name| !name.is_empty());
        change
    }

    pub(super) fn clear(&mut self, family: Family, by: String) {
        self.of(family).alone.push(by);
    }

    pub(super) fn file(&mut self, family: Family, file: &str, by: String) {
        let change = self.of(family);
        change.file = Some(file.to_owned());
        change.alone.push(by);
    }

    /// Entries that go. One that is given too stays: gcloud takes away first.
    pub(super) fn remove(&mut self, family: Family, keys: Vec<String>, by: String) {
        self.of(family).remove(keys, by);
    }

    /// Entries that come; the names of those that came before.
    pub(super) fn add(&mut self, family: Family, op: Op, entries: BTreeMap<String, String>, by: String) -> Vec<String> {
        let change = self.of(family);
        let known = |key: &String| change.entries.get(key).is_some_and(|value| !value.is_null());
        let twice: Vec<String> = entries.keys().filter(|key| known(key)).cloned().collect();
        change.entries.extend(entries.into_iter().map(|(key, value)| (key, Value::String(value))));
        let flags = if op == Op::Set { &mut change.alone } else { &mut change.beside };
        flags.push(by);
        twice
    }

    pub(super) fn clear_named(&mut self, input: &'static str, by: String) {
        self.all.entry(input).or_default().alone.push(by);
    }

    pub(super) fn remove_named(&mut self, input: &'static str, keys: Vec<String>, by: String) {
        self.all.entry(input).or_default().remove(keys, by);
    }

    pub(super) fn add_named(&mut self, input: &'static str, key: String, value: Value, by: String) {
        let change = self.all.entry(input).or_default();
        change.entries.insert(key, value);
        change.beside.push(by);
    }

    /// Says what came of them.
    pub(super) fn say(self, at: &'static str, texts: &mut Texts, findings: &mut Findings) {
        for (input, mut change) in self.all {
            change.alone.dedup();
            change.beside.dedup();
            let mut others = change.alone.iter().skip(1).chain(&change.beside);
            if let (Some(first), Some(other)) = (change.alone.first(), others.next()) {
                findings.wrong(at, format!("`{first}` and `{other}` exclude each other"), "keep one of them");
                continue;
            }
            let by: Vec<String> = change.alone.iter().chain(&change.beside).cloned().collect();
            let strategy = if change.alone.is_empty() { "merge" } else { "overwrite" };
            match change.file {
                Some(file) => texts.say(at, "env_vars_file", file, &by, findings),
                None if change.strategy.is_none() && !change.alone.is_empty() && change.entries.is_empty() => {
                    texts.say(at, input, "default".to_owned(), &by, findings);
                }
                None => texts.say(at, input, Value::Object(change.entries).to_string(), &by, findings),
            }
            if let Some(name) = change.strategy {
                texts.say(at, name, strategy.to_owned(), &by, findings);
            }
        }
    }
}

impl MapChange {
    fn remove(&mut self, keys: Vec<String>, by: String) {
        for key in keys {
            self.entries.entry(key.trim_start().to_owned()).or_insert(Value::Null);
        }
        self.beside.push(by);
    }
}
