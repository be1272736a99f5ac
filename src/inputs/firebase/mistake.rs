//! What can be wrong, or looks odd, at one place of a JSON file.

use std::fmt;

use crate::inputs::engine::error::Mistake;

/// The name under which users know the file of sites.
pub(super) const FIREBASE_JSON: &str = "firebase.json";
/// The name under which users know the file of projects and targets.
pub(super) const FIREBASERC: &str = ".firebaserc";

/// One mistake, or one thing worth a warning, in a file of Firebase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct JsonMistake {
    /// `firebase.json` or `.firebaserc`.
    pub file: &'static str,
    /// The place in the document, such as `hosting[0].rewrites[2].run.region`; empty for the whole document.
    pub path: String,
    /// The line, from 1, where the text itself cannot be read.
    pub line: Option<usize>,
    /// What is wrong there.
    pub problem: String,
    /// What to write instead.
    pub cure: String,
}

impl fmt::Display for JsonMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.path.is_empty() {
            write!(f, ", `{}`", self.path)?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.cure.is_empty() {
            write!(f, "; {}", self.cure)?;
        }
        Ok(())
    }
}

impl JsonMistake {
    /// The file, where the one of sites may have another name.
    fn file_as<'a>(&'a self, firebase_json: &'a str) -> &'a str {
        if self.file == FIREBASE_JSON { firebase_json } else { self.file }
    }

    /// In words, with the name that the file of sites has.
    pub fn named(&self, firebase_json: &str) -> String {
        let text = self.to_string();
        text.strip_prefix(self.file)
            .map_or_else(|| text.clone(), |rest| format!("{}{rest}", self.file_as(firebase_json)))
    }

    /// The same as the mistake of the input that named the file; `firebase_json` is the name of the file of sites.
    pub fn of_input(&self, input: &str, firebase_json: &str) -> Mistake {
        let file = self.file_as(firebase_json);
        let place = if self.path.is_empty() { file.to_owned() } else { format!("{file}, `{}`", self.path) };
        Mistake {
            input: input.to_owned(),
            line: self.line,
            problem: format!("{place}: {}", self.problem),
            cure: self.cure.clone(),
        }
    }
}

/// Everything found in one part of a document.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    pub(super) mistakes: Vec<JsonMistake>,
    pub(super) warnings: Vec<JsonMistake>,
}

impl Mistakes {
    pub(super) fn wrong(&mut self, path: impl Into<String>, problem: impl Into<String>, cure: impl Into<String>) {
        self.mistakes.push(mistake(FIREBASE_JSON, path, problem, cure));
    }

    pub(super) fn warn(&mut self, path: impl Into<String>, problem: impl Into<String>, cure: impl Into<String>) {
        self.warnings.push(mistake(FIREBASE_JSON, path, problem, cure));
    }
}

/// A mistake at a place of the document.
pub(super) fn mistake(
    file: &'static str,
    path: impl Into<String>,
    problem: impl Into<String>,
    cure: impl Into<String>,
) -> JsonMistake {
    JsonMistake { file, path: path.into(), line: None, problem: problem.into(), cure: cure.into() }
}
