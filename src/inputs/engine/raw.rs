//! What was typed: the texts of inputs and flags, before anything is understood.

use std::collections::BTreeMap;

use super::declare::{Input, InputName};
use super::error::Findings;

/// The texts that were given, by input name. Blank texts are absent.
#[derive(Debug, Clone, Default)]
pub struct RawInputs {
    texts: BTreeMap<&'static str, String>,
    /// Spellings of other actions that were taken.
    spelled: Vec<&'static str>,
}

impl RawInputs {
    /// Joins `INPUT_*` texts and flags over `table`; a flag wins. Unknown names are mistakes; `elsewhere` says what to
    /// write in place of those that are known from other actions.
    pub fn collect(
        table: &[&'static Input],
        elsewhere: &[(&str, &str)],
        inputs: &BTreeMap<String, String>,
        flags: &[(&'static str, String)],
        findings: &mut Findings,
    ) -> Self {
        let (mut texts, mut spelled) = (BTreeMap::new(), Vec::new());
        for (name, text) in inputs {
            // The runner itself knows these two for container actions.
            if name == "entrypoint" || name == "args" && !table.iter().any(|input| input.name == "args") {
                continue;
            }
            match table.iter().find(|input| input.name.eq_ignore_ascii_case(name)) {
                Some(Input { name: spelling, means: Some(means), .. }) => {
                    spelled.push(*spelling);
                    // Both may be given where they say the same, or where ours is what the action gives by itself.
                    let given = table.iter().any(|input| input.name == *means && !input.default.starts_with('$'));
                    if texts.insert(*means, text.clone()).is_some_and(|other| given && other != *text) {
                        findings.wrong(
                            spelling,
                            format!("`{means}` is given too, and says something else"),
                            "keep one",
                        );
                    }
                }
                Some(input) => {
                    if texts.insert(input.name, text.clone()).is_some_and(|other| other != *text) {
                        let other = "it is given in two spellings that say different things";
                        findings.wrong(input.name, other, "keep one");
                    }
                }
                None => findings.wrong(name, "there is no such input", cure(table, elsewhere, name)),
            }
        }
        for (name, text) in flags {
            if text.trim().is_empty() {
                texts.remove(name);
            } else {
                texts.insert(name, text.clone());
            }
        }
        Self { texts, spelled }
    }

    /// Whether an input was given by this name that another action has for it.
    pub fn is_spelled(&self, name: &str) -> bool {
        self.spelled.contains(&name)
    }

    /// Takes a text out, as if it had not been given.
    pub fn remove(&mut self, name: &str) {
        self.texts.remove(name);
    }

    /// Puts a text in, as if it had been given.
    pub fn set(&mut self, name: &'static str, text: String) {
        self.texts.insert(name, text);
    }

    /// Texts that come from elsewhere than inputs and flags. Blank ones are absent.
    pub fn from_texts(texts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let texts = texts.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        Self { texts, spelled: Vec::new() }
    }

    /// The text of an input, trimmed.
    pub(crate) fn get(&self, name: InputName) -> Option<&str> {
        self.whole(name).map(str::trim)
    }

    /// The text of an input with its blanks and line breaks, for grammars with lines.
    pub(crate) fn whole(&self, name: InputName) -> Option<&str> {
        self.by_text(name.text())
    }

    /// Whether an input was given.
    pub(crate) fn has(&self, name: InputName) -> bool {
        self.is_given(name.text())
    }

    /// The text of an input whose name comes from outside: a flag, a manifest, a table of fields.
    pub(crate) fn by_text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Whether an input was given whose name comes from outside.
    pub fn is_given(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }
}

/// What to write in place of a name that no input has.
pub(crate) fn cure(table: &[&'static Input], elsewhere: &[(&str, &str)], name: &str) -> String {
    if let Some((_, cure)) = elsewhere.iter().find(|(other, _)| *other == name) {
        return (*cure).to_owned();
    }
    match nearest(table.iter().map(|input| input.name), name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "the README lists the inputs".to_owned(),
    }
}

/// The name that was meant, where one is near.
pub(crate) fn nearest<'a>(names: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    // A swap of neighbours is one slip of the fingers.
    let nearest = names.map(|known| (strsim::osa_distance(known, name), known)).min();
    nearest.filter(|(steps, _)| *steps <= 2 + name.len() / 6).map(|(_, nearest)| nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::spec::deploy::name;
    use crate::inputs::spec::{CommandName, ELSEWHERE};

    fn collect(inputs: &[(&str, &str)], flags: &[(&'static str, &str)]) -> (RawInputs, Vec<String>) {
        let mut findings = Findings::default();
        let inputs = inputs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let flags: Vec<_> = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        let raw = RawInputs::collect(&CommandName::Deploy.inputs(), ELSEWHERE, &inputs, &flags, &mut findings);
        (raw, findings.mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_flag_wins_over_an_input() {
        let (raw, mistakes) = collect(&[("service", " web "), ("region", "r1")], &[("region", "r2")]);
        assert_eq!((raw.get(name::SERVICE), raw.get(name::REGION)), (Some("web"), Some("r2")));
        assert!(mistakes.is_empty());
    }

    #[test]
    fn unknown_names_get_the_name_that_was_meant() {
        let (_, mistakes) = collect(&[("servcie", "web"), ("env", "A=1"), ("zzz", "1"), ("entrypoint", "/x")], &[]);
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert!(mistakes.contains(&"servcie: there is no such input; did you mean `service`?".to_owned()));
        assert!(mistakes.iter().any(|m| m.starts_with("env: there is no such input; write `env_vars`")));
    }
}
