//! What flags say, as texts of inputs, and who said it.

use slipway_names::shown::listed;
use std::collections::BTreeMap;

use super::table::Family;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::RawInputs;

/// Inputs that say where: a flag and the input may say the same.
const PLACES: [&str; 3] = ["project_id", "region", "quota_project"];

/// Inputs that are one setting together.
const TOGETHER: [&[&str]; 3] = [
    &["env_vars", "env_vars_file", "env_vars_update_strategy"],
    &["secrets", "secrets_update_strategy"],
    &["traffic_tags", "traffic_tags_update_strategy"],
];

/// Texts by input.
#[derive(Debug, Default)]
pub(super) struct Texts {
    said: BTreeMap<&'static str, TextShown>,
}

#[derive(Debug)]
struct TextShown {
    text: String,
    /// The flags that say it, as they were called.
    by: Vec<String>,
}

impl Texts {
    /// Takes what flags say. Of one flag given twice the last counts, as in gcloud; two flags exclude each other.
    pub(super) fn say(
        &mut self,
        at: &'static str,
        input: &'static str,
        text: String,
        by: &[String],
        findings: &mut Findings,
    ) {
        let before = self.said.get(input);
        let other =
            before.filter(|said| said.text != text).and_then(|said| said.by.iter().find(|name| !by.contains(name)));
        // An input that stands ahead of the flags is a flag that is given again.
        if let (Some(other), Some(by)) = (other.filter(|other| other.starts_with("--")), by.first()) {
            let problem = format!("`{other}` and `{by}` are about the same setting");
            findings.wrong(at, problem, "keep one of them");
            return;
        }
        let mut all = self.said.remove(input).map(|said| said.by).unwrap_or_default();
        all.extend(by.iter().cloned());
        all.dedup();
        self.said.insert(input, TextShown { text, by: all });
    }

    /// Takes over what another one holds; both are about different settings.
    pub(super) fn take(&mut self, other: Self) {
        self.said.extend(other.said);
    }

    /// The texts alone.
    pub(super) fn into_texts(self) -> impl Iterator<Item = (&'static str, String)> {
        self.said.into_iter().map(|(input, said)| (input, said.text))
    }

    /// Every flag that said something.
    pub(super) fn called(&self) -> Vec<String> {
        let mut all: Vec<String> = self.said.values().flat_map(|said| said.by.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Puts them among the inputs. Where the same setting has an input too, that is a mistake that names both.
    pub(super) fn put(self, at: &'static str, raw: &mut RawInputs, findings: &mut Findings) {
        let given: Vec<&'static str> =
            self.said.keys().copied().filter_map(|input| conflict(raw, input, &self.said)).collect();
        for (input, said) in self.said {
            let names = listed(&said.by);
            let other = together(input).find(|other| given.contains(other));
            match other {
                // The strategy goes with the map, which was told.
                Some(_) if Family::ALL.iter().any(|family| family.strategy() == input) => {}
                Some(other) => findings.wrong(
                    at,
                    format!("{names} and the input `{other}` are about the same setting"),
                    if PLACES.contains(&other) {
                        "write the same in both, or keep one of them"
                    } else {
                        "keep one of them"
                    },
                ),
                None => {
                    raw.set(input, said.text);
                    if let Some(called) = called(at, &said.by).filter(|called| called != input) {
                        findings.call(input, called);
                    }
                }
            }
        }
    }
}

/// How it was said, in an input or in flags.
fn called(at: &str, by: &[String]) -> Option<String> {
    let (flags, inputs): (Vec<&str>, Vec<&str>) =
        by.iter().map(String::as_str).partition(|name| name.starts_with("--"));
    let flags = Some(flags.join(", ")).filter(|flags| !flags.is_empty()).map(|flags| format!("{at}, {flags}"));
    inputs.into_iter().map(str::to_owned).chain(flags).reduce(|all, next| format!("{all}; {next}"))
}

/// The inputs that are one setting with this one, itself first.
fn together(input: &'static str) -> impl Iterator<Item = &'static str> {
    let group = TOGETHER.iter().find(|group| group.contains(&input)).copied().unwrap_or_default();
    std::iter::once(input).chain(group.iter().copied().filter(move |other| *other != input))
}

/// The input that was given about what flags say too.
fn conflict(raw: &RawInputs, input: &'static str, said: &BTreeMap<&'static str, TextShown>) -> Option<&'static str> {
    together(input).find(|other| {
        let same = PLACES.contains(other)
            && said.get(other).is_some_and(|said| raw.by_text(other).map(str::trim) == Some(said.text.trim()));
        raw.is_given(other) && !same
    })
}
