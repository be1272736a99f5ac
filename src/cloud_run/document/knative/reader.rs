//! What reads a document in Knative's form: its mistakes at their lines, and fields by their paths.

use serde_json::{Value, json};

use super::super::Resource;
use super::super::path::Path;
use super::super::shape;
use super::annotation::Part;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::Node;

/// What reads a document, and where it tells mistakes.
pub(super) struct KnativeReader<'a> {
    pub(super) resource: Resource,
    pub(super) root: &'a Node,
    /// The container that the inputs name.
    pub(super) app: Option<&'a str>,
    pub(super) findings: &'a mut Findings,
}

/// What the annotations of a template say of its containers: what, the text, and where it stands.
pub(super) type AnnotationParts = Vec<(Part, String, Path)>;

impl KnativeReader<'_> {
    /// Tells a mistake at its line.
    pub(super) fn wrong(&mut self, path: &Path, problem: impl AsRef<str>, cure: impl Into<String>) {
        let line = path.line_in(self.root);
        self.findings.wrong_at("manifest", Some(line), format!("{path}: {}", problem.as_ref()), cure);
    }

    /// Whether the document says anything in a place.
    pub(super) fn is_there(&self, path: &Path) -> bool {
        path.is_in(self.root)
    }

    /// JSON in a text, as what may stand in it.
    pub(super) fn json(&mut self, kind: shape::FieldKind, text: &str, path: &Path) -> Option<Value> {
        let line = path.line_in(self.root);
        shape::read_json(kind, text, path, Some(line), self.findings)
    }
}

/// What stands between commas.
pub(super) fn commas(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect()
}

/// Sets a field below objects that are made where they are missing.
pub(super) fn set(to: &mut Value, field: &str, value: Value) {
    let mut at = to;
    for name in field.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[name];
    }
    *at = value;
}

/// What stands in a field.
pub(super) fn at<'a>(from: &'a Value, field: &str) -> Option<&'a Value> {
    field.split('.').try_fold(from, |at, name| at.get(name))
}
