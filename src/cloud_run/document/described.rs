//! Holds a table of fields against Google's published description, for tests.

use serde_json::Value;

use super::shape::{FieldKind, Fields};

/// Walks the description and the table side by side, which must have the same fields of the same types; what is left out
/// must be Google's to write, or one of `ours`. Returns how many fields are read.
#[track_caller]
pub(super) fn compare(document: &str, name: &str, fields: Fields, ours: &[&str]) -> usize {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let mut walk = SchemaWalk { schemas: &document["schemas"], ours, seen: Vec::new(), read: 0 };
    walk.object(name, fields);
    walk.read
}

struct SchemaWalk<'a> {
    schemas: &'a Value,
    ours: &'a [&'a str],
    seen: Vec<String>,
    read: usize,
}

impl SchemaWalk<'_> {
    fn object(&mut self, name: &str, fields: Fields) {
        if self.seen.iter().any(|seen| seen == name) {
            return;
        }
        self.seen.push(name.to_owned());
        let none = serde_json::Map::new();
        let described = self.schemas[name]["properties"].as_object().unwrap_or(&none);
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let mut there: Vec<&str> = described.keys().map(String::as_str).collect();
        names.sort_unstable();
        there.sort_unstable();
        assert_eq!(names, there, "{name}");
        for (field, kind) in fields {
            let full = format!("{name}.{field}");
            let property = &described[*field];
            let left_out = property["readOnly"] == true || self.ours.contains(&full.as_str());
            assert_eq!(left_out, matches!(kind, FieldKind::Written), "{full}");
            if !left_out && !matches!(kind, FieldKind::Refused(_)) {
                self.read += 1;
                self.value(&full, property, *kind);
            }
        }
    }

    fn value(&mut self, full: &str, property: &Value, kind: FieldKind) {
        let is = |name: &str| &property[name];
        match kind {
            FieldKind::Object(fields) => {
                let name = property["$ref"].as_str().unwrap_or_else(|| panic!("{full} is no object"));
                self.object(name, fields);
            }
            FieldKind::List(kind) => {
                assert_eq!(is("type"), "array", "{full}");
                self.value(full, &property["items"], *kind);
            }
            FieldKind::Texts | FieldKind::Notes => {
                assert_eq!(property["additionalProperties"]["type"], "string", "{full}")
            }
            FieldKind::Flag => assert_eq!(is("type"), "boolean", "{full}"),
            FieldKind::Fraction => assert_eq!(is("type"), "number", "{full}"),
            FieldKind::Number | FieldKind::Mode => {
                assert_eq!((is("type"), is("format")), (&"integer".into(), &"int32".into()), "{full}")
            }
            FieldKind::Words(words) => assert_eq!(property["enum"], serde_json::json!(words), "{full}"),
            FieldKind::Duration => assert_eq!(is("format"), "google-duration", "{full}"),
            FieldKind::Text => assert_eq!((is("type"), is("enum")), (&"string".into(), &Value::Null), "{full}"),
            FieldKind::Map(_) | FieldKind::Written | FieldKind::Refused(_) => panic!("{full} is of no such kind"),
        }
    }
}
