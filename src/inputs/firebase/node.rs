//! Reading one object of a document: its keys, their kinds, and a note of everything that is not as it should be.
//! `null` counts as absent, as it does for Hosting itself.

use serde_json::{Map, Value};

use super::keys;
use super::mistake::Mistakes;
use slipway_names::json::kind;

/// An object at a place.
pub(super) struct ObjectNode<'a> {
    map: &'a Map<String, Value>,
    /// Its place in this document.
    pub(super) path: String,
    /// Its place in the table of keys.
    home: &'static str,
}

impl<'a> ObjectNode<'a> {
    /// Opens an object and notes its unknown keys.
    pub(super) fn open(value: &'a Value, path: String, home: &'static str, notes: &mut Mistakes) -> Option<Self> {
        let Value::Object(map) = value else {
            notes.wrong(path, format!("this must be an object, not {}", kind(value)), "write `{ … }`");
            return None;
        };
        let node = Self { map, path, home };
        for name in node.unknown() {
            let problem = "this key is not known here and has no effect";
            notes.warn(node.place(name), problem, keys::advice(home, name));
        }
        Some(node)
    }

    /// The path of one of its keys.
    pub(super) fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A value that is there and not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Those of some keys that are there.
    pub(super) fn present(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.get(name).is_some()).collect()
    }

    /// A text that may be empty.
    pub(super) fn any_text(&self, name: &str, notes: &mut Mistakes) -> Option<&'a str> {
        let value = self.get(name)?;
        let text = value.as_str();
        if text.is_none() {
            notes.wrong(
                self.place(name),
                format!("this must be a text, not {}", kind(value)),
                if value.is_array() || value.is_object() { "write one text" } else { "put quotes around it" },
            );
        }
        text
    }

    /// A text, where an empty one says nothing and counts as absent.
    pub(super) fn text(&self, name: &str, notes: &mut Mistakes) -> Option<&'a str> {
        self.any_text(name, notes).filter(|text| !text.is_empty())
    }

    /// A text that must be there and say something.
    pub(super) fn needed(&self, name: &str, cure: &str, notes: &mut Mistakes) -> Option<&'a str> {
        match self.get(name) {
            None => notes.wrong(self.place(name), "this is missing", self.cure_for(name, cure)),
            Some(Value::String(text)) if text.is_empty() => notes.wrong(self.place(name), "this is empty", cure),
            Some(_) => return self.any_text(name, notes),
        }
        None
    }

    /// A switch.
    pub(super) fn flag(&self, name: &str, notes: &mut Mistakes) -> Option<bool> {
        let value = self.get(name)?;
        let flag = value.as_bool();
        if flag.is_none() {
            let cure = match value.as_str() {
                Some("true" | "false") => "take the quotes away",
                _ => "write `true` or `false`",
            };
            notes.wrong(self.place(name), format!("this must be `true` or `false`, not {}", kind(value)), cure);
        }
        flag
    }

    /// The items of a list, with their places; none when it is not there.
    pub(super) fn list(&self, name: &str, notes: &mut Mistakes) -> impl Iterator<Item = (String, &'a Value)> + use<'a> {
        let items: &'a [Value] = match self.get(name) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                notes.wrong(self.place(name), format!("this must be a list, not {}", kind(other)), "write `[ … ]`");
                &[]
            }
        };
        let place = self.place(name);
        items.iter().enumerate().map(move |(index, item)| (format!("{place}[{index}]"), item))
    }

    /// Keys that the table does not have.
    fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.map.keys().map(String::as_str).filter(|name| !keys::is_known(self.home, name))
    }

    /// The cure for a key that is missing: the slip that may be the reason, before anything else.
    pub(super) fn cure_for(&self, name: &str, otherwise: &str) -> String {
        match self.unknown().find(|other| keys::is_likely(other, name)) {
            Some(slip) => format!("`{slip}` is not known: write `{name}`"),
            None => otherwise.to_owned(),
        }
    }
}
