//! What minimatch 9.0 does to patterns before it compiles them, at its optimisation level 2: `.` and `..` are resolved,
//! repeated `**` become one, and of two patterns of which one covers the other only that one stays.

use super::GlobError;
use super::braces::MOST_ALTERNATIVES;
use super::units::{Unit, ascii};

type BraceParts = Vec<Vec<Unit>>;

const STAR: Unit = ascii(b'*');
const DOT: Unit = ascii(b'.');
const GLOBSTAR: &[Unit] = &[STAR, STAR];
const PARENT: &[Unit] = &[DOT, DOT];
const HERE: &[Unit] = &[DOT];

/// Both phases.
pub(super) fn preprocess(patterns: Vec<BraceParts>) -> Result<Vec<BraceParts>, GlobError> {
    let mut patterns = resolve(patterns)?;
    unite(&mut patterns);
    patterns.retain(|parts| !parts.is_empty());
    Ok(patterns)
}

/// Resolves what says where and not what, until nothing changes.
fn resolve(mut patterns: Vec<BraceParts>) -> Result<Vec<BraceParts>, GlobError> {
    loop {
        let mut changed = false;
        let mut index = 0;
        while index < patterns.len() {
            changed |= split_parents(&mut patterns, index)?;
            let parts = &mut patterns[index];
            changed |= drop_here(parts);
            changed |= drop_parents(parts);
            index += 1;
        }
        if !changed {
            return Ok(patterns);
        }
    }
}

/// `a/**/../b/c` is `a/../b/c` and `a/**/b/c`; `**/**` is `**`.
fn split_parents(patterns: &mut Vec<BraceParts>, index: usize) -> Result<bool, GlobError> {
    let is_name =
        |part: Option<&Vec<Unit>>| part.is_some_and(|part| !part.is_empty() && part != HERE && part != PARENT);
    let mut changed = false;
    let mut from = 0;
    while let Some(at) = patterns[index].iter().skip(from).position(|part| part == GLOBSTAR).map(|at| at + from) {
        let parts = &mut patterns[index];
        while parts.get(at + 1).is_some_and(|next| next == GLOBSTAR) {
            parts.remove(at + 1);
        }
        from = at + 1;
        if parts.get(at + 1).is_none_or(|next| next != PARENT)
            || !is_name(parts.get(at + 2))
            || !is_name(parts.get(at + 3))
        {
            continue;
        }
        changed = true;
        parts.remove(at);
        let mut other = parts.clone();
        other[at] = GLOBSTAR.to_vec();
        from = at;
        patterns.push(other);
        if patterns.len() > MOST_ALTERNATIVES {
            return Err(GlobError::Alternatives { limit: MOST_ALTERNATIVES });
        }
    }
    Ok(changed)
}

/// `a/./b` and `a//b` are `a/b`; a `.` in front and a slash at the end stay.
fn drop_here(parts: &mut BraceParts) -> bool {
    let before = parts.len();
    let mut index = 1;
    while index + 1 < parts.len() {
        let unc = index == 1 && parts[1].is_empty() && parts[0].is_empty();
        if !unc && (parts[index] == HERE || parts[index].is_empty()) {
            parts.remove(index);
        } else {
            index += 1;
        }
    }
    if let [first, last] = &parts[..]
        && first == HERE
        && (last == HERE || last.is_empty())
    {
        parts.pop();
    }
    parts.len() < before
}

/// `a/b/../c` is `a/c`.
fn drop_parents(parts: &mut BraceParts) -> bool {
    let mut changed = false;
    let mut from = 1;
    while let Some(at) = parts.iter().skip(from).position(|part| part == PARENT).map(|at| at + from) {
        let before = &parts[at - 1];
        if before.is_empty() || before == HERE || before == PARENT || before == GLOBSTAR {
            from = at + 1;
            continue;
        }
        changed = true;
        let needs_dot = at == 1 && parts.get(2).is_some_and(|next| next == GLOBSTAR);
        parts.splice(at - 1..=at, needs_dot.then(|| HERE.to_vec()));
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        // minimatch goes on one part before the one it removed, and that is never looked at before part 1.
        from = (at + 1).saturating_sub(2).max(1);
    }
    changed
}

/// Of two patterns of which one covers the other, keeps that one.
fn unite(patterns: &mut [BraceParts]) {
    for first in 0..patterns.len().saturating_sub(1) {
        for second in first + 1..patterns.len() {
            if let Some(united) = cover(&patterns[first], &patterns[second]) {
                patterns[first] = Vec::new();
                patterns[second] = united;
                break;
            }
        }
    }
}

/// What covers both.
fn cover(a: &BraceParts, b: &BraceParts) -> Option<BraceParts> {
    #[derive(PartialEq)]
    enum Wider {
        Neither,
        First,
        Second,
    }
    let is_name = |part: &[Unit]| !part.is_empty() && part != GLOBSTAR;
    let (mut at_a, mut at_b) = (0, 0);
    let mut wider = Wider::Neither;
    let mut united = Vec::new();
    while let (Some(one), Some(other)) = (a.get(at_a), b.get(at_b)) {
        if one == other {
            united.push(one.clone());
        } else if one == GLOBSTAR && a.get(at_a + 1) == Some(other) {
            united.push(one.clone());
            at_a += 1;
            continue;
        } else if other == GLOBSTAR && b.get(at_b + 1) == Some(one) {
            united.push(other.clone());
            at_b += 1;
            continue;
        } else if one[..] == [STAR] && is_name(other) {
            if wider == Wider::Second {
                return None;
            }
            wider = Wider::First;
            united.push(one.clone());
        } else if other[..] == [STAR] && is_name(one) {
            if wider == Wider::First {
                return None;
            }
            wider = Wider::Second;
            united.push(other.clone());
        } else {
            return None;
        }
        at_a += 1;
        at_b += 1;
    }
    (a.len() == b.len()).then_some(united)
}
