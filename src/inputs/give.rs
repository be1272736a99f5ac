//! Reading single inputs.

use crate::cloud_run::wanted::names::ByName;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::map;
use crate::inputs::engine::raw::RawInputs;
use crate::inputs::engine::scalar;
use crate::inputs::setting::takes_back;
use crate::inputs::spec::InputName;
use slipway_names::ids::IdError;
use slipway_names::place::PlaceError;
use slipway_names::shown::{QuotedName, QuotedText};
use slipway_runner::env::Runner;

/// Reading single inputs; a mistake goes to the findings and the value is absent.
pub(crate) struct Give<'a> {
    pub(crate) raw: &'a RawInputs,
    pub(crate) findings: &'a mut Findings,
}

impl Give<'_> {
    /// What may be told of an input's text: nothing where it may be a secret.
    fn shown(&self, name: InputName, text: &str) -> String {
        if name.row().secret { "its text".to_owned() } else { QuotedText(text).to_string() }
    }

    /// The text of an input, unless it only says that the setting is taken back.
    pub(crate) fn said(&self, name: InputName) -> Option<&str> {
        self.raw.get(name).filter(|text| !takes_back(name.text(), text))
    }

    pub(crate) fn text(&self, name: InputName) -> Option<String> {
        self.said(name).map(str::to_owned)
    }

    /// A value whose parser says why not.
    pub(crate) fn with<T, E: ToString>(
        &mut self,
        name: InputName,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.said(name)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.findings.wrong(name, format!("{} does not fit", self.shown(name, text)), why.to_string());
                None
            }
        }
    }

    /// An identifier: its error already names what was given.
    pub(crate) fn parsed<T>(&mut self, name: InputName, parse: impl FnOnce(&str) -> Result<T, IdError>) -> Option<T> {
        match parse(self.said(name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.findings.wrong(name, error.to_string(), "");
                None
            }
        }
    }

    /// The text of a file of the workspace, or of the job's own directory; a mistake when it may not be read.
    pub(crate) fn file(&mut self, runner: &Runner, name: InputName, shown: &str) -> Option<String> {
        match runner.places().text(&runner.workspace.join(shown)) {
            Ok(text) => Some(text),
            Err(error) => {
                let cure = match error {
                    PlaceError::Outside => "write a path inside the repository",
                    _ => "it is looked for relative to the workspace: is the repository checked out?",
                };
                self.findings.wrong(name, format!("{} {error}", QuotedText(shown)), cure);
                None
            }
        }
    }

    pub(crate) fn switch(&mut self, name: InputName) -> Option<bool> {
        self.with(name, scalar::switch)
    }

    /// One word out of a few.
    pub(crate) fn choice<T: Copy>(&mut self, name: InputName, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.said(name)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            return Some(*value);
        }
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        self.findings.wrong(
            name,
            format!("{} does not fit", QuotedText(text)),
            format!("write {}", words.join(" or ")),
        );
        None
    }

    /// A map input whose `null` takes an entry away, checked entry by entry: what is given, and the names that go.
    pub(crate) fn changes(
        &mut self,
        name: InputName,
        check: impl Fn(&str, &str) -> Result<(), (String, String)>,
    ) -> Option<ByName<String>> {
        let text = self.raw.whole(name)?;
        let mut all = ByName::default();
        for entry in map::parse(name.row(), map::From::Input, text, self.findings) {
            if entry.is_null {
                all.gone.push(entry.key);
                continue;
            }
            if let Err((problem, cure)) = check(&entry.key, &entry.value) {
                self.findings.wrong_at(name, Some(entry.line), problem, cure);
            }
            all.put.push((entry.key, entry.value));
        }
        self.taken_by_null(name, &all.gone);
        Some(all)
    }

    /// A map input, checked entry by entry; `None` when it was not given.
    pub(crate) fn map(
        &mut self,
        name: InputName,
        check: impl Fn(&str, &str) -> Result<(), (String, String)>,
    ) -> Option<Vec<(String, String)>> {
        let text = self.raw.whole(name)?;
        let entries = map::parse(name.row(), map::From::Input, text, self.findings);
        for entry in &entries {
            if let Err((problem, cure)) = entry.given().and_then(|()| check(&entry.key, &entry.value)) {
                self.findings.wrong_at(name, Some(entry.line), problem, cure);
            }
        }
        Some(entries.into_iter().map(|entry| (entry.key, entry.value)).collect())
    }

    /// Tells what `null` takes away, as it is also what is made of a secret that does not exist.
    pub(crate) fn taken_by_null(&mut self, name: InputName, gone: &[String]) {
        // A flag of gcloud's that takes something away cannot be taken for such a secret.
        if !gone.is_empty() && !self.findings.is_called(name.text()) {
            let names = gone.iter().map(|name| QuotedName(name).to_string()).collect::<Vec<_>>().join(", ");
            self.findings.warnings.push(format!(
                "{name}: null takes {names} away; `toJSON` of a secret that does not exist is null too, so make sure that this is meant"
            ));
        }
    }
}
