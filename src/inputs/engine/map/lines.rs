//! `KEY=VALUE` lines, as in a `.env` file: `#` begins a comment behind a blank, quotes enclose several lines.

use super::super::error::{Findings, Mistake};
use super::{Entry, MapReader, NULL};
use slipway_names::shown::{self as shown, QuotedName};

const NO_EQUALS_CURE: &str = "write `KEY=VALUE`; a value with line breaks needs quotes, and a secret `KEY: ${{ toJSON(secrets.NAME) }}` in a YAML map";
const VALUE_CURE: &str =
    "put the value in quotes, or write a YAML map with `KEY: ${{ toJSON(secrets.NAME) }}` for a secret";

impl MapReader {
    /// The entries, and every line that is none.
    pub(super) fn lines(&self, text: &str, findings: &mut Findings) -> Vec<Entry> {
        if let Some(pieces) = comma_list(text) {
            let lines: Vec<String> = pieces.iter().map(|(name, value)| format!("`{name}={}`", short(value))).collect();
            let problem = format!("entries are separated by line breaks, not by commas: {}", lines.join(" and "));
            let cure = "write each in a line of its own; if this is one value, put it in quotes";
            findings.mistakes.push(self.mistake(Some(1), problem, cure));
            return Vec::new();
        }
        let mut entries = Vec::new();
        let mut rest = text;
        let mut line = 1;
        while !rest.is_empty() {
            let (current, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let trimmed = current.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                (rest, line) = (after, line + 1);
                continue;
            }
            match self.entry(rest, current, line, findings) {
                Ok((entry, behind)) => {
                    line += rest.len().checked_sub(behind.len()).and_then(|used| rest.get(..used)).map_or(1, breaks);
                    rest = behind;
                    entries.extend(entry);
                }
                Err(mistake) => {
                    findings.mistakes.push(mistake);
                    (rest, line) = (after, line + 1);
                }
            }
        }
        entries
    }

    /// The entry at the beginning of `rest`, whose first line is `current`; and what follows it.
    fn entry<'a>(
        &self,
        rest: &'a str,
        current: &str,
        line: usize,
        findings: &mut Findings,
    ) -> Result<(Option<Entry>, &'a str), Mistake> {
        let trimmed = current.trim();
        let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let key = trimmed.split_once('=').map(|(key, _)| key.trim());
        let Some(key) = key.filter(|key| !key.contains(char::is_whitespace)) else {
            return Err(self.mistake(Some(line), no_equals(trimmed), NO_EQUALS_CURE));
        };
        let behind = rest.split_once('=').map_or("", |(_, behind)| behind);
        let (value, after) = self.value(behind, line)?;
        if self.strict && !value.quoted {
            // `KEY = value` is how some people write it.
            let apart = current.split('=').next().is_some_and(|key| key.ends_with(' '));
            if let Some(problem) = value.changed(key, apart) {
                return Err(self.mistake(Some(line), problem, VALUE_CURE));
            }
            // The end of a text in base64, the second line of a secret.
            if !value.text.is_empty() && value.text.bytes().all(|b| b == b'=') && key.len() > 1 {
                let problem = "this looks like the end of a text in base64, and not like an entry";
                return Err(self.mistake(Some(line), problem, VALUE_CURE));
            }
            if value.comment {
                findings.warnings.push(format!(
                    "{}, line {line}: what follows the `#` behind the value of {} is a comment; quote the value if this is part of it",
                    self.input,
                    QuotedName(key)
                ));
            }
        }
        if !value.quoted && another_assignment(&value.text) {
            findings.warnings.push(format!(
                "{}, line {line}: {} takes the whole line, with a comma and another `NAME=` in it; entries are separated by line breaks, not commas. Put each on a line of its own, or quote the value if this is meant",
                self.input,
                QuotedName(key)
            ));
        }
        let is_null = !value.quoted && value.text == NULL;
        Ok((Some(Entry { key: key.to_owned(), value: value.text, is_null, line }), after))
    }

    /// The value that begins here, and what follows its line.
    fn value<'a>(&self, text: &'a str, line: usize) -> Result<(LineValue, &'a str), Mistake> {
        let (first, after) = text.split_once('\n').unwrap_or((text, ""));
        let begins = text.trim_start_matches([' ', '\t']);
        let Some(quote) = begins.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok((LineValue::plain(first), after));
        };
        let mut value = String::new();
        let mut chars = begins.get(1..).unwrap_or_default().chars();
        while let Some(c) = chars.next() {
            match c {
                _ if c == quote => {
                    let (tail, after) = chars.as_str().split_once('\n').unwrap_or((chars.as_str(), ""));
                    let tail = tail.trim();
                    if !tail.is_empty() && !tail.starts_with('#') {
                        return Err(self.mistake(
                            Some(line),
                            "text follows the closing quote",
                            "to keep the quotes as part of the value, put all of it in the other kind of quotes",
                        ));
                    }
                    return Ok((LineValue { text: value, quoted: true, comment: false, typed: String::new() }, after));
                }
                '\\' if quote == '"' => match chars.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some(c @ ('"' | '\\' | '$' | '\'')) => value.push(c),
                    // Anything else is no escape here: `\d` in a pattern, `\Users` in a path.
                    Some(c) => value.extend(['\\', c]),
                    None => value.push('\\'),
                },
                c => value.push(c),
            }
        }
        Err(self.mistake(Some(line), format!("the quote {quote} that begins here is never closed"), "close it"))
    }
}

struct LineValue {
    text: String,
    quoted: bool,
    /// Whether a comment follows it.
    comment: bool,
    /// All that stands behind the `=` where there are no quotes.
    typed: String,
}

impl LineValue {
    /// A value without quotes: up to a comment, without blanks around it.
    fn plain(line: &str) -> Self {
        let typed = line.trim_end_matches('\r');
        let text = if typed.trim_start().starts_with('#') { "" } else { typed };
        let cut = text.find(" #").or_else(|| text.find("\t#")).and_then(|at| text.get(..at));
        let text = cut.unwrap_or(text).trim().to_owned();
        let comment = cut.is_some() || typed.trim_start().starts_with('#');
        Self { text, quoted: false, comment, typed: typed.to_owned() }
    }

    /// What would arrive changed, in words; `apart` where a blank stands before the `=` too. A `#` with a blank behind it is a comment that somebody wrote.
    fn changed(&self, key: &str, apart: bool) -> Option<String> {
        let key = QuotedName(key);
        let rest = self.typed.trim_start();
        if self.comment {
            let comment = rest.get(self.text.len()..).unwrap_or_default().trim_start().strip_prefix('#');
            let written = !self.text.is_empty() && comment.is_none_or(|rest| rest.is_empty() || rest.starts_with(' '));
            return (!written)
                .then(|| format!("what follows the `#` in the value of {key} would be left out as a comment"));
        }
        let typed = self.typed.strip_prefix(' ').filter(|_| apart).unwrap_or(&self.typed);
        if typed.starts_with(char::is_whitespace) && !self.text.is_empty() {
            return Some(format!("a blank stands before the value of {key}, and would be left out"));
        }
        if typed.ends_with(char::is_whitespace) {
            return Some(format!("a blank ends the line of {key}, and would be left out"));
        }
        None
    }
}

/// A line without `KEY=` at its beginning. Of its text at most a name is told.
fn no_equals(line: &str) -> String {
    match shown::name(line).filter(|name| name.len() < line.len()) {
        Some(name) => format!("no `=` behind `{name}`"),
        None => "no `KEY=` begins this line".to_owned(),
    }
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

/// The entries of deploy-cloudrun's form, `A=1,B=2`: one line, every piece a name and `=`, nothing quoted.
fn comma_list(text: &str) -> Option<Vec<(&str, &str)>> {
    let text = text.trim();
    if text.contains(['\n', '"', '\'']) {
        return None;
    }
    let pieces: Option<Vec<(&str, &str)>> = text.split(',').map(|piece| piece.trim().split_once('=')).collect();
    let name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    pieces.filter(|pieces| pieces.len() > 1 && pieces.iter().all(|(key, _)| name(key)))
}

/// A value in a correction: nothing so short is a secret.
fn short(value: &str) -> &str {
    if value.len() <= 2 { value } else { "…" }
}

/// Whether a value has `,NAME=` inside: the sign of a list written for a comma-separated grammar.
fn another_assignment(value: &str) -> bool {
    value.split(',').skip(1).filter_map(|piece| piece.split_once('=')).any(|(name, _)| {
        let name = name.trim_start();
        let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(upper)
    })
}
