//! A JSON object: keys in order, duplicates kept, values as texts.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;

use super::super::error::Mistake;
use super::{Entry, MAP_CURE, MapReader, NULL};

impl MapReader {
    pub(super) fn json(&self, text: &str) -> Result<Vec<Entry>, Mistake> {
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json.deserialize_map(Pairs).and_then(|pairs| json.end().map(|()| pairs)).map_err(|error| {
            let place = format!("column {}: {}", error.column(), reason(&error));
            self.mistake(Some(error.line()), format!("this begins with `{{` but is no JSON object ({place})"), MAP_CURE)
        })?;
        // Each key is looked for behind the value before it: the text of a value may look like a key.
        let (mut seen, mut line) = (0, 1);
        let mut entry = |(key, value, length): (String, String, usize)| {
            let quoted = serde_json::Value::from(key.as_str()).to_string();
            let rest = text.get(seen..).unwrap_or_default();
            let skipped = rest.find(&quoted).and_then(|at| rest.get(..at)).unwrap_or_default();
            line += skipped.matches('\n').count();
            let begins = line;
            let after = behind(text, seen + skipped.len() + quoted.len(), length);
            line += text.get(seen + skipped.len()..after).unwrap_or_default().matches('\n').count();
            seen = after;
            // A text of these letters has two quotes more.
            let is_null = value == NULL && length == NULL.len();
            Entry { key, value, is_null, line: begins }
        };
        Ok(pairs.into_iter().map(&mut entry).collect())
    }
}

/// serde_json's reason without its position, where it is about the grammar; others may quote the text.
fn reason(error: &serde_json::Error) -> String {
    if error.classify() == Category::Data {
        return "an entry is no text or number".to_owned();
    }
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

/// Reads a JSON object in order, keeping duplicates: keys, values as texts, and how long the values are as typed.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, String, usize)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Box<serde_json::value::RawValue>>()? {
            let raw = value.get();
            let value = if raw.starts_with('"') {
                serde_json::from_str(raw).map_err(serde::de::Error::custom)?
            } else {
                raw.to_owned()
            };
            pairs.push((key, value, raw.len()));
        }
        Ok(pairs)
    }
}

/// The place `length` bytes further on, on a character's border and inside the text.
fn behind(text: &str, from: usize, length: usize) -> usize {
    (from + length..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
