//! Why a value of a YAML map cannot be taken as it stands: what YAML makes of its signs, in words that hold none of it.

use super::super::error::Mistake;
use super::{MAP_CURE, MapReader, find_colon};
use slipway_names::shown::QuotedName;

/// What YAML would do to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// Leave out what follows a `#`.
    Comment,
    /// Leave out blanks at the end.
    Trailing,
    /// Leave out blanks at the beginning.
    Blanks,
    /// Join several lines.
    Lines,
    /// Join several lines in quotes.
    Folded,
    /// Take `|` or `>` for the beginning of nothing.
    EmptyBlock,
}

impl Behind {
    /// The sentence about it.
    pub(super) fn problem(self, key: &str) -> String {
        let key = QuotedName(key);
        match self {
            Behind::Comment => format!("YAML takes what follows the `#` behind the value of {key} for a comment"),
            Behind::Trailing => format!("a blank ends the line of {key}, which YAML leaves out"),
            Behind::Blanks => format!("several blanks stand before the value of {key}, which YAML leaves out"),
            Behind::Lines => format!("the value of {key} goes on in the next line, and YAML joins the lines"),
            Behind::Folded => format!("the quotes of {key} close in another line, and YAML joins the lines in them"),
            Behind::EmptyBlock => {
                format!("the value of {key} begins with `|` or `>`, which YAML takes for a block, and nothing is in it")
            }
        }
    }
}

/// What to write in place of a value that YAML changes.
pub(super) fn cure(key: &str) -> String {
    let key = slipway_names::shown::name(key).unwrap_or("KEY");
    format!(
        "write `{key}: ${{{{ toJSON(secrets.NAME) }}}}` for a secret; a text of your own goes in quotes, one with line breaks behind `|`"
    )
}

/// What keeps a plain value from being all that stands behind its key; nothing where it is just that.
pub(super) fn of_plain(behind: Option<&str>, value: &str) -> Option<Behind> {
    let Some(behind) = behind else { return Some(Behind::Lines) };
    let typed = behind.trim_start_matches([' ', '\t']);
    if typed == value {
        // One blank stands before a value, and also before one that is empty.
        return (typed.is_empty() && behind.len() > 1).then_some(Behind::Trailing);
    }
    if comment(behind) {
        Some(Behind::Comment)
    } else if typed.trim_end_matches([' ', '\t']) == value {
        Some(Behind::Trailing)
    } else {
        Some(Behind::Lines)
    }
}

/// Whether a comment begins in what stands behind a key.
fn comment(behind: &str) -> bool {
    behind.contains(" #") || behind.contains("\t#")
}

/// The mistake of a text that is no YAML from `line` on, by what stands in the entry it belongs to.
pub(super) fn of_text(reader: &MapReader, text: &str, line: usize) -> Mistake {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let outer = lines.iter().copied().filter(|line| is_entry(line)).map(indent).min().unwrap_or(0);
    let entry = lines.iter().enumerate().rev().find_map(|(index, line)| {
        let (key, behind) = parted(line).filter(|_| indent(line) == outer && is_entry(line))?;
        Some((index + 1, key, behind))
    });
    let Some((at, key, behind)) = entry else {
        return reader.mistake(Some(line), "not a YAML map from here on", MAP_CURE);
    };
    if let Some(problem) = of_sign(key, behind) {
        return reader.mistake(Some(at), problem, cure(key));
    }
    let further = text.lines().skip(at).find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    match further.filter(|further| !is_entry(further)) {
        Some(_) => {
            let problem = format!(
                "the lines after that of {} are no entries: a value with line breaks needs more than this",
                QuotedName(key)
            );
            reader.mistake(Some(at + 1), problem, cure(key))
        }
        None => reader.mistake(Some(at), format!("YAML cannot read the entry of {}", QuotedName(key)), cure(key)),
    }
}

/// What YAML makes of the signs of a value that it refuses.
fn of_sign(key: &str, behind: &str) -> Option<String> {
    let value = behind.trim();
    let first = value.chars().next()?;
    let key = QuotedName(key);
    let begins = |meaning: &str| Some(format!("the value of {key} begins with `{first}`, {meaning}"));
    let inner = find_colon(value).is_some();
    match first {
        '@' | '`' => begins("which YAML keeps for itself"),
        '%' => begins("which begins a directive in YAML"),
        '"' | '\'' => begins("and the quotes do not enclose all of it"),
        '{' | '[' => begins("which begins a collection in YAML, and none ends where the value does"),
        '}' | ']' | ',' => begins("which belongs in a collection in YAML"),
        '|' | '>' => begins("which begins a block in YAML, and text follows in the same line"),
        '&' | '*' | '!' => begins("which is an anchor, an alias or a tag in YAML"),
        '-' | '?' | ':' if value.chars().nth(1).is_none_or(char::is_whitespace) => {
            begins("which YAML takes for the sign of an item or a key")
        }
        _ if inner => Some(format!(
            "a colon with a blank behind it, or at the end, stands in the value of {key}: YAML takes it for another key"
        )),
        _ if value.contains('\t') => {
            Some(format!("a tab stands in the value of {key}, which YAML does not take there"))
        }
        _ => None,
    }
}

/// A value that is a map or a list below its key, or that only looks like one.
pub(super) fn nested(reader: &MapReader, text: &str, key: &str, line: usize) -> Mistake {
    let behind = text.lines().nth(line - 1).and_then(parted).map(|(_, behind)| behind.trim()).unwrap_or_default();
    if !behind.is_empty()
        && let Some(problem) = of_sign(key, behind)
    {
        return reader.mistake(Some(line), problem, cure(key));
    }
    reader.mistake(
        Some(line),
        format!("the value of {} is a nested map or list", QuotedName(key)),
        "write it as one text: JSON on one line, in quotes, or behind `|`",
    )
}

/// Whether a line is an entry, as far as one line can tell.
fn is_entry(line: &str) -> bool {
    !line.trim_start().starts_with('#') && parted(line).is_some_and(|(key, _)| !key.is_empty())
}

/// The key of a line, and what stands behind its colon.
fn parted(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end();
    let at = find_colon(line)?;
    let key = line.get(..at)?.trim().trim_matches(['"', '\'']);
    Some((key, line.get(at + 1..)?))
}
