//! A place in a document, as it is told, and the line where it stands.

use std::fmt;

use crate::inputs::engine::tree::{Node, TreeValue};

/// A place in a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Path(Vec<PathStep>);

#[derive(Debug, Clone)]
enum PathStep {
    Key(String),
    /// A key that may hold dots and slashes.
    Entry(String),
    Index(usize),
}

impl Path {
    /// The places of these keys below each other.
    pub(super) fn of(keys: &[&str]) -> Self {
        keys.iter().fold(Self::default(), |path, key| path.key(key))
    }

    /// The field of an object that stands here.
    pub(super) fn key(&self, key: &str) -> Self {
        self.then(PathStep::Key(key.to_owned()))
    }

    /// The entry of a map that stands here.
    pub(super) fn entry(&self, key: &str) -> Self {
        self.then(PathStep::Entry(key.to_owned()))
    }

    /// The item of a list that stands here.
    pub(super) fn index(&self, index: usize) -> Self {
        self.then(PathStep::Index(index))
    }

    fn then(&self, step: PathStep) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// The line of what stands here, or of the nearest that is there around it.
    pub(super) fn line_in(&self, root: &Node) -> usize {
        self.walk(root).last().map_or(root.line, |(line, _)| *line)
    }

    /// Whether anything stands here.
    pub(super) fn is_in(&self, root: &Node) -> bool {
        self.walk(root).len() == self.0.len()
    }

    /// The lines and nodes on the way here, as far as they are there.
    fn walk<'a>(&self, root: &'a Node) -> Vec<(usize, &'a Node)> {
        let mut found: Vec<(usize, &Node)> = Vec::new();
        for step in &self.0 {
            let next = match (&found.last().map_or(root, |(_, node)| *node).value, step) {
                (TreeValue::Map(fields), PathStep::Key(key) | PathStep::Entry(key)) => {
                    fields.iter().find(|field| field.key == *key).map(|field| (field.line, &field.value))
                }
                (TreeValue::List(items), PathStep::Index(index)) => items.get(*index).map(|node| (node.line, node)),
                _ => None,
            };
            let Some(next) = next else { break };
            found.push(next);
        }
        found
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Key(key) if number == 0 => f.write_str(key)?,
                PathStep::Key(key) => write!(f, ".{key}")?,
                PathStep::Entry(key) => write!(f, "[{key}]")?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
