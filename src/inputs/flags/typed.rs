//! From words to flags: gcloud's rules on where a value stands, what `--no-` does, and what `--container` begins.

use super::table::{self, Flag, FlagCommands, Means, Shape};
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::raw::nearest;
use slipway_names::shown;

/// A flag as it was typed.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// Which one it is.
    pub flag: &'static Flag,
    /// Whether `--no-` stood before its name.
    pub no: bool,
    /// Its value, where it has one.
    pub value: Option<String>,
    /// The container it is about, where a `--container` stands before it.
    pub container: Option<String>,
    /// The input that it was made of, where it was typed as one.
    pub input: Option<&'static str>,
}

impl Typed {
    /// How it was called, for messages.
    pub(super) fn called(&self) -> String {
        if let Some(input) = self.input {
            return input.to_owned();
        }
        format!("--{}{}", if self.no { "no-" } else { "" }, self.flag.name)
    }
}

/// The flags of a text's words, for one of gcloud's commands. `input` is where they stand.
pub(super) fn read(input: &'static str, words: &[String], of: FlagCommands, findings: &mut Findings) -> Vec<Typed> {
    let mut reader = FlagReader { input, of, findings, container: None, last: LastWord::Nothing };
    let mut all: Vec<Typed> = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(mut typed) = reader.flag(word) else { continue };
        let takes = !matches!(typed.flag.shape, Shape::Alone | Shape::Switch);
        if takes && typed.value.is_none() {
            match words.next_if(|next| !is_flag(next)) {
                Some(value) => typed.value = Some(value.clone()),
                None => {
                    reader.valueless(&typed, words.peek().is_some());
                    // What follows was meant as the value where it is no flag.
                    words.next_if(|next| reader.parted(next).is_none());
                    continue;
                }
            }
        }
        if let (Means::Section, Some(name)) = (typed.flag.means, &typed.value) {
            reader.container = Some(name.clone());
        } else {
            typed.container = reader.container.clone().filter(|_| typed.flag.each);
            all.push(typed);
        }
    }
    let sections = reader.container.is_some();
    sectioned(input, &all, sections, findings);
    all
}

/// What is about one container stands behind the name of one, where containers are named.
fn sectioned(input: &'static str, all: &[Typed], sections: bool, findings: &mut Findings) {
    let before = all.iter().filter(|typed| sections && typed.flag.each && typed.container.is_none());
    let mut names: Vec<String> = before.map(|typed| format!("`{}`", typed.called())).collect();
    names.dedup();
    if !names.is_empty() {
        findings.wrong(
            input,
            format!("{} stands before the first `--container`", names.join(", ")),
            "write it behind the `--container` that it is about",
        );
    }
}

/// Whether a word is a flag, and not a value (argparse's rules): it begins with `-`, is more than that, and is neither a
/// negative number nor a text with blanks.
fn is_flag(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else { return false };
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    rest.parse::<f64>().is_err() && (!word.contains(' ') || !name.contains(' '))
}

struct FlagReader<'a> {
    input: &'static str,
    of: FlagCommands,
    findings: &'a mut Findings,
    /// The container that flags are about now.
    container: Option<String>,
    /// What stands before this word.
    last: LastWord,
}

/// What stands before a word.
#[derive(Clone, Copy)]
enum LastWord {
    Nothing,
    Flag(&'static Flag),
    Unknown,
}

impl FlagReader<'_> {
    fn wrong(&mut self, problem: impl Into<String>, cure: impl Into<String>) {
        self.findings.wrong(self.input, problem, cure);
    }

    /// The flag in a word, with the value behind its `=`.
    fn flag(&mut self, word: &str) -> Option<Typed> {
        if !is_flag(word) {
            self.stray();
            return None;
        }
        let Some((flag, no, value)) = self.parted(word) else {
            self.last = LastWord::Unknown;
            self.unknown(word.split('=').next().unwrap_or(word));
            return None;
        };
        self.last = LastWord::Flag(flag);
        let typed = Typed { flag, no, value, container: None, input: None };
        if matches!(flag.shape, Shape::Alone | Shape::Switch) && typed.value.is_some() {
            let problem = format!("`{}` takes no value", typed.called());
            let cure = match flag.shape {
                Shape::Switch => format!("write `--{0}` or `--no-{0}`", flag.name),
                _ => format!("write `{}` alone, or leave it out", typed.called()),
            };
            self.wrong(problem, cure);
            return None;
        }
        Some(typed)
    }

    /// The flag of a word, whether it is said the other way round, and the value behind its `=`.
    fn parted(&self, word: &str) -> Option<(&'static Flag, bool, Option<String>)> {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
        let (flag, no) = self.known(name)?;
        Some((flag, no, value))
    }

    /// The flag of that name, and whether it is said the other way round.
    fn known(&self, name: &str) -> Option<(&'static Flag, bool)> {
        let name = match name {
            "-q" => "--quiet",
            "-h" => "--help",
            name => name,
        };
        let name = name.strip_prefix("--")?;
        if let Some(flag) = table::find(self.of, name) {
            return Some((flag, false));
        }
        let flag = table::find(self.of, name.strip_prefix("no-")?)?;
        matches!(flag.shape, Shape::Alone | Shape::Switch).then_some((flag, true))
    }

    /// A word that belongs to nothing. It may be the end of a secret.
    fn stray(&mut self) {
        let problem = match self.last {
            // What is wrong was told, and this is the value of it.
            LastWord::Unknown => return,
            LastWord::Flag(flag) if matches!(flag.shape, Shape::Alone | Shape::Switch) => {
                format!("a word follows `--{}`, which takes no value", flag.name)
            }
            LastWord::Flag(flag) => format!("a second word follows `--{}`", flag.name),
            LastWord::Nothing => "it begins with a word that is no flag".to_owned(),
        };
        self.last = LastWord::Unknown;
        self.wrong(
            problem,
            "put a value with blanks in it in quotes, the name of the flag with it: `\"--flag=two words\"`",
        );
    }

    fn unknown(&mut self, name: &str) {
        let shown = shown::name(name).filter(|name| name.starts_with('-') && !name.contains(['.', '/', '_']));
        let here = self.of.words();
        let bare = name.trim_start_matches('-');
        let elsewhere = FlagCommands::EACH.iter().find(|(of, _)| table::find(*of, bare).is_some());
        let names = || table::all().filter(|flag| flag.of.has(self.of)).map(|flag| flag.name);
        match (shown, elsewhere) {
            (Some(shown), Some((_, other))) => {
                self.wrong(format!("`{shown}` is a flag of `{other}`, and not of `{here}`"), "remove it");
            }
            (Some(shown), None) => {
                let begun =
                    names().filter(|name| bare.len() > 1 && name.starts_with(bare)).min_by_key(|name| name.len());
                let near = begun.or_else(|| nearest(names(), bare)).map_or_else(
                    || "docs/PARITY.md lists the flags".to_owned(),
                    |near| format!("did you mean `--{near}`?"),
                );
                self.wrong(format!("`{here}` has no flag `{shown}`"), near);
            }
            (None, _) => self.wrong(
                format!("a word that begins with `-` is no flag of `{here}` (not shown, as it may be a secret)"),
                "put a value that begins with `-` in one pair of quotes with its flag: `\"--flag=-value\"`",
            ),
        }
    }

    fn valueless(&mut self, typed: &Typed, more: bool) {
        let called = typed.called();
        let cure = if more {
            format!(
                "write `{called}=VALUE`; where the value begins with `-`, in one pair of quotes: `\"{called}=-VALUE\"`"
            )
        } else {
            format!("write `{called}=VALUE`")
        };
        self.wrong(format!("`{called}` has no value"), cure);
    }
}
