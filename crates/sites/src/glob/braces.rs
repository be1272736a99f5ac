//! Braces: one pattern with `{a,b}` and `{1..3}` as the patterns it stands for, by the rules of `brace-expansion` 2.1.
//!
//! Those are Bash's rules with quirks of their own; `tests/site/globs.rs` compares. Where that package cuts a result
//! off without a word, here is an error.

use super::GlobError;
use super::units::{Unit, ascii};

/// Patterns of one pattern. A person writes dozens; each costs a comparison with every file.
pub(super) const MOST_ALTERNATIVES: usize = 10_000;

/// Units in all patterns of one pattern.
const MOST_UNITS: usize = 4_000_000;

/// Braces inside braces.
const DEEPEST: usize = 100;

const OPEN: Unit = ascii(b'{');
const CLOSE: Unit = ascii(b'}');
const COMMA: Unit = ascii(b',');

/// What stands for an escaped character while braces are looked for, in the order of `ESCAPABLE`.
const MARKS: Unit = 0x0011_0000;
const ESCAPABLE: [Unit; 5] = [ascii(b'\\'), OPEN, CLOSE, COMMA, ascii(b'.')];
const ESCAPED_CLOSE: Unit = MARKS + 2;

/// The patterns, each once, in order.
pub(super) fn expand(pattern: &[Unit]) -> Result<Vec<Vec<Unit>>, GlobError> {
    if !has_braces(pattern) {
        return Ok(vec![pattern.to_vec()]);
    }
    // Empty braces at the very beginning stay as they are.
    let escaped = match pattern {
        [OPEN, CLOSE, rest @ ..] => [&[MARKS + 1, ESCAPED_CLOSE], &escape(rest)[..]].concat(),
        _ => escape(pattern),
    };
    let mut seen = std::collections::HashSet::new();
    let mut all = Vec::new();
    for expanded in expand_escaped(escaped, 0, true)? {
        let plain: Vec<Unit> =
            expanded.iter().map(|&unit| if unit < MARKS { unit } else { ESCAPABLE[(unit - MARKS) as usize] }).collect();
        if seen.insert(plain.clone()) {
            all.push(plain);
        }
    }
    Ok(all)
}

/// Whether there is an opening brace with a closing one after it, on one line.
fn has_braces(pattern: &[Unit]) -> bool {
    let mut open = false;
    for &unit in pattern {
        match unit {
            OPEN => open = true,
            CLOSE if open => return true,
            0x0a | 0x0d | 0x2028 | 0x2029 => open = false,
            _ => {}
        }
    }
    false
}

/// Puts marks in place of a backslash and what it escapes. A pair of backslashes comes before everything else.
fn escape(pattern: &[Unit]) -> Vec<Unit> {
    let mut escaped = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let [first, after @ ..] = rest {
        let mark = after.first().and_then(|next| ESCAPABLE.iter().position(|character| character == next));
        match mark {
            Some(mark) if *first == ESCAPABLE[0] => {
                escaped.push(MARKS + mark as Unit);
                rest = &after[1..];
            }
            _ => {
                escaped.push(*first);
                rest = after;
            }
        }
    }
    escaped
}

/// The first balanced pair, or where none is balanced the leftmost innermost one: the places of its braces.
fn balanced(text: &[Unit]) -> Option<(usize, usize)> {
    let find = |brace, from: usize| text.iter().skip(from).position(|&unit| unit == brace).map(|at| at + from);
    let mut open = find(OPEN, 0);
    let mut close = find(CLOSE, open? + 1);
    close?;
    let mut begun = Vec::new();
    let mut best = None::<(usize, usize)>;
    let mut at = open;
    while let Some(here) = at {
        if open == Some(here) {
            begun.push(here);
            open = find(OPEN, here + 1);
        } else if let [only] = begun[..] {
            return Some((only, here));
        } else {
            let begin = begun.pop()?;
            if best.is_none_or(|(left, _)| begin < left) {
                best = Some((begin, here));
            }
            close = find(CLOSE, here + 1);
        }
        at = match (open, close) {
            (Some(open), Some(close)) if open < close => Some(open),
            _ => close,
        };
    }
    best
}

/// Whether a comma that no comma follows has a closing brace after it on its line.
fn comma_set_follows(text: &[Unit]) -> bool {
    let mut close = false;
    for (at, &unit) in text.iter().enumerate().rev() {
        match unit {
            CLOSE => close = true,
            0x0a | 0x0d | 0x2028 | 0x2029 => close = false,
            COMMA if close && text.get(at + 1) != Some(&COMMA) => return true,
            _ => {}
        }
    }
    false
}

/// Splits at the commas that stand in no braces.
fn members(text: &[Unit]) -> Vec<Vec<Unit>> {
    let mut members = vec![Vec::new()];
    let mut rest = text;
    let plain = |members: &mut Vec<Vec<Unit>>, text: &[Unit]| {
        for &unit in text {
            if unit == COMMA {
                members.push(Vec::new());
            } else if let Some(last) = members.last_mut() {
                last.push(unit);
            }
        }
    };
    while let Some((open, close)) = balanced(rest) {
        plain(&mut members, &rest[..open]);
        if let Some(last) = members.last_mut() {
            last.extend_from_slice(&rest[open..=close]);
        }
        rest = &rest[close + 1..];
    }
    plain(&mut members, rest);
    members
}

/// Every beginning with every end.
fn combine(
    beginnings: &[Vec<Unit>],
    between: &[Unit],
    ends: &[Vec<Unit>],
    drop_empty: bool,
) -> Result<Vec<Vec<Unit>>, GlobError> {
    let mut all = Vec::new();
    let mut length = 0;
    for beginning in beginnings {
        for end in ends {
            let one = [beginning, between, end].concat();
            if drop_empty && one.is_empty() {
                continue;
            }
            length += one.len();
            if all.len() == MOST_ALTERNATIVES || length > MOST_UNITS {
                return Err(GlobError::Alternatives { limit: MOST_ALTERNATIVES });
            }
            all.push(one);
        }
    }
    Ok(all)
}

fn expand_escaped(mut text: Vec<Unit>, depth: usize, mut is_top: bool) -> Result<Vec<Vec<Unit>>, GlobError> {
    if depth > DEEPEST {
        return Err(GlobError::Nesting { limit: DEEPEST });
    }
    let nothing = [Vec::new()];
    let mut all = vec![Vec::new()];
    let mut drop_empty = false;
    let mut is_first = true;
    let mut rewrites = 0;
    loop {
        let Some((open, close)) = balanced(&text) else { return combine(&all, &text, &nothing, drop_empty) };
        let (before, body, after) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
        let is_last = after.is_empty();
        // `${` is left alone.
        if before.last() == Some(&ascii(b'$')) {
            all = combine(&all, &text[..=close], &nothing, drop_empty && is_last)?;
            is_first = false;
        } else {
            let sequence = super::sequence::parse(body);
            if sequence.is_none() && !body.contains(&COMMA) {
                // `{a},b}`: the first closing brace closes nothing when a later one closes a set.
                if comma_set_follows(after) {
                    rewrites += 1;
                    if rewrites > DEEPEST {
                        return Err(GlobError::Nesting { limit: DEEPEST });
                    }
                    text[close] = ESCAPED_CLOSE;
                    is_top = true;
                    continue;
                }
                return combine(&all, &text, &nothing, drop_empty);
            }
            if std::mem::replace(&mut is_first, false) {
                drop_empty = is_top && sequence.is_none();
            }
            let values = match sequence {
                Some(sequence) => sequence.values(MOST_ALTERNATIVES)?,
                None => match set(body, depth)? {
                    Set::Values(values) => values,
                    Set::Single(single) => {
                        all = combine(&all, &[before, &single].concat(), &nothing, drop_empty && is_last)?;
                        if is_last {
                            return Ok(all);
                        }
                        text.drain(..=close);
                        continue;
                    }
                },
            };
            all = combine(&all, before, &values, drop_empty && is_last)?;
        }
        if is_last {
            return Ok(all);
        }
        text.drain(..=close);
    }
}

enum Set {
    Values(Vec<Vec<Unit>>),
    /// Braces around braces that stand for one thing only: kept as text.
    Single(Vec<Unit>),
}

/// The values of a comma set.
fn set(body: &[Unit], depth: usize) -> Result<Set, GlobError> {
    let mut parts = members(body);
    if let [only] = &mut parts[..] {
        // `x{{a,b}}y` is `x{a}y x{b}y`.
        let inner = expand_escaped(std::mem::take(only), depth + 1, false)?;
        parts = inner.into_iter().map(|part| [&[OPEN], &part[..], &[CLOSE]].concat()).collect();
        if let [_] = parts[..] {
            return Ok(Set::Single(parts.remove(0)));
        }
    }
    let mut values = Vec::new();
    for part in parts {
        values.extend(expand_escaped(part, depth + 1, false)?);
        if values.len() > MOST_ALTERNATIVES {
            return Err(GlobError::Alternatives { limit: MOST_ALTERNATIVES });
        }
    }
    Ok(Set::Values(values))
}

#[cfg(test)]
mod tests {
    use super::super::units::{text, units};
    use super::*;

    fn expanded(pattern: &str) -> Vec<String> {
        expand(&units(pattern)).expect("within limits").iter().map(|one| text(one)).collect()
    }

    #[test]
    fn braces_as_in_the_original() {
        for (pattern, expected) in [
            ("a", &["a"][..]),
            ("a{b,c}d", &["abd", "acd"]),
            ("a{b,}", &["ab", "a"]),
            ("{,a}", &["a"]),
            ("{a,b}{c,d}", &["ac", "ad", "bc", "bd"]),
            ("a{b,{c,d}e}", &["ab", "ace", "ade"]),
            ("{1..3}", &["1", "2", "3"]),
            ("{01..10..4}", &["01", "05", "09"]),
            ("{c..a}", &["c", "b", "a"]),
            ("{-1..1}", &["-1", "0", "1"]),
            ("{a}", &["{a}"]),
            ("{}{a,b}", &["{}a", "{}b"]),
            ("a{},b}c", &["a}c", "abc"]),
            ("{a},b}", &["a}", "b"]),
            ("${a,b}", &["${a,b}"]),
            ("x{{a,b}}y", &["x{a}y", "x{b}y"]),
            (r"\{a,b\}", &["{a,b}"]),
            (r"{a\,b,c}", &["a,b", "c"]),
            ("{a,{b,c}", &["{a,b", "{a,c"]),
            ("{a,a}", &["a"]),
        ] {
            assert_eq!(expanded(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn hostile_braces_are_refused() {
        for pattern in ["{a,b}".repeat(30), "{1..999999999}".to_owned(), "{a,".repeat(5_000) + &"}".repeat(5_000)] {
            assert!(expand(&units(&pattern)).is_err(), "{}", &pattern[..10]);
        }
    }
}
