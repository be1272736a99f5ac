//! Partial replies: the `fields` query parameter, which every Google API takes.

use crate::discovery::Document;
use serde_json::{Map, Value};

/// A parsed selection: name to what is selected below it; an empty selection means all of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection(Vec<(String, Selection)>);

/// Reads `name,iamConfiguration/publicAccessPrevention,items(id,name)`.
pub(crate) fn read(text: &str) -> Result<Selection, String> {
    let mut rest = text;
    let selection = list(&mut rest)?;
    if rest.is_empty() { Ok(selection) } else { Err(format!("Invalid field selection {text}")) }
}

fn list(rest: &mut &str) -> Result<Selection, String> {
    let mut selection = Selection::default();
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_-*$@.".contains(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return Err(format!("Invalid field selection {rest}"));
        }
        *rest = after;
        let inner = if let Some(after) = rest.strip_prefix('/') {
            *rest = after;
            let end = rest.find([',', ')']).unwrap_or(rest.len());
            let (mut path, after) = rest.split_at(end);
            let inner = list(&mut path)?;
            *rest = after;
            inner
        } else if let Some(after) = rest.strip_prefix('(') {
            *rest = after;
            let inner = list(rest)?;
            *rest = rest.strip_prefix(')').ok_or("Invalid field selection: a bracket is open")?;
            inner
        } else {
            Selection::default()
        };
        selection.0.push((name.to_owned(), inner));
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Ok(selection),
        }
    }
}

impl Selection {
    /// The first selected name the schema does not have.
    pub(crate) fn stranger(&self, document: &Document, schema: &Value) -> Option<String> {
        let mut schema = schema;
        while let Some(inner) = schema["$ref"].as_str().and_then(|name| document.schemas.get(name)) {
            schema = inner;
        }
        if schema["type"] == "array" {
            return self.stranger(document, &schema["items"]);
        }
        let known = schema["properties"].as_object().filter(|known| !known.is_empty())?;
        self.0.iter().find_map(|(name, inner)| match known.get(name) {
            Some(schema) => inner.stranger(document, schema),
            None => (name != "*").then(|| name.clone()),
        })
    }

    /// Only the selected fields of the value.
    pub(crate) fn take(&self, value: &Value) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.take(item)).collect(),
            Value::Object(fields) => {
                let mut kept = Map::new();
                for (name, value) in fields {
                    let wanted = self.0.iter().find(|(selected, _)| selected == name || selected == "*");
                    if let Some((_, inner)) = wanted {
                        kept.insert(name.clone(), inner.take(value));
                    }
                }
                Value::Object(kept)
            }
            _ => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_selected_is_left() {
        let bucket = json!({"name": "b", "iam": {"a": 1, "b": {"c": 2}}, "items": [{"x": 1, "y": 2}], "etag": "e"});
        let taken = |text: &str| read(text).map(|selection| selection.take(&bucket));
        assert_eq!(taken("name,etag"), Ok(json!({"name": "b", "etag": "e"})));
        assert_eq!(taken("iam/b/c,items(y)"), Ok(json!({"iam": {"b": {"c": 2}}, "items": [{"y": 2}]})));
        assert!(taken("items(x").is_err());
        assert!(taken(",name").is_err());
    }

    #[test]
    fn a_field_the_schema_lacks_is_found() {
        let document = Document::read(include_str!("../../tests/schemas/storage.v1.json"));
        let stranger = |text: &str| {
            read(text).ok().and_then(|selection| selection.stranger(&document, &document.schemas["Object"]))
        };
        assert_eq!(stranger("generation,size,md5Hash,crc32c"), None);
        assert_eq!(stranger("generation,md5"), Some("md5".to_owned()));
    }
}
