//! Ignore patterns with the meaning that firebase-tools gives them: `glob` 10 with `minimatch` 9, in its `ignore`
//! option, so always with dotfiles, without negation and without comments.
//!
//! ```text
//! pattern ─ braces ─> alternatives ─ slashes ─> parts ─ preprocess ─> parts ─ part ─> what each asks of a name
//! ```
//!
//! All of it happens twice, as there: `glob` takes a pattern apart, puts it together again and gives it to minimatch
//! once more. Where minimatch cuts something off or runs for hours, [`GlobError`] says so.

mod braces;
mod class;
mod expression;
mod extglob;
mod globstar;
mod part;
mod preprocess;
mod rule;
mod sequence;
mod units;

use part::PartMatch;
pub use rule::GlobRule;
use units::{Unit, ascii, text, units};

/// minimatch's own limit, in UTF-16 units.
const LONGEST: usize = 64 * 1024;

/// Why a pattern is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// The pattern is too long.
    #[error("It is longer than {limit} characters")]
    Length {
        /// How long it may be.
        limit: usize,
    },
    /// Braces, or `..` after `**`, make too many patterns of one.
    #[error("It stands for more than {limit} patterns")]
    Alternatives {
        /// How many it may stand for.
        limit: usize,
    },
    /// Braces or extended globs are nested too deep.
    #[error("It is nested more than {limit} deep")]
    Nesting {
        /// How deep it may be.
        limit: usize,
    },
    /// An extended glob becomes too large.
    #[error("One of its parts has more than {limit} pieces")]
    Extended {
        /// How many pieces it may have.
        limit: usize,
    },
}

/// All ignore patterns of a site.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    relative: Vec<Compiled>,
    absolute: Vec<Compiled>,
}

/// One alternative of a pattern.
#[derive(Debug)]
struct Compiled {
    /// What it stands for when it is read a second time; one of them has to match.
    sets: Vec<Vec<PartMatch>>,
    /// Whether it ends in `**`, so that what it matches need not be entered.
    children: bool,
}

impl Ignore {
    /// Adds a pattern.
    pub(super) fn add(&mut self, pattern: &str) -> Result<(), GlobError> {
        let pattern = units(pattern);
        if pattern.len() > LONGEST {
            return Err(GlobError::Length { limit: LONGEST });
        }
        for mut parts in alternatives(&pattern)? {
            // `.` in front says nothing, when it is one by its text.
            while parts.first().is_some_and(|part| part[..] == [ascii(b'.')]) {
                parts.remove(0);
            }
            if parts.is_empty() {
                continue;
            }
            let is_absolute = parts.len() > 1 && is_empty(&parts[0]);
            let children = text(&parts[parts.len() - 1]) == "**";
            let mut sets = Vec::new();
            for parts in alternatives(&again(&parts))? {
                sets.push(parts.iter().map(|part| PartMatch::compile(part)).collect::<Result<_, _>>()?);
            }
            let list = if is_absolute { &mut self.absolute } else { &mut self.relative };
            if list.len() == braces::MOST_ALTERNATIVES {
                return Err(GlobError::Alternatives { limit: braces::MOST_ALTERNATIVES });
            }
            list.push(Compiled { sets, children });
        }
        Ok(())
    }

    /// Whether a path is ignored. Both are the parts of one path: below the public directory, and from the root of the
    /// file system.
    pub(super) fn ignores(&self, below: &[&str], from_root: &[&str]) -> bool {
        let any = |list: &[Compiled], path: &[&str]| {
            let ended = [path, &[""]].concat();
            list.iter().any(|one| one.matches(path) || one.matches(&ended))
        };
        any(&self.relative, below) || (!self.absolute.is_empty() && any(&self.absolute, from_root))
    }

    /// Whether nothing below a directory needs to be looked at.
    pub(super) fn ignores_children(&self, below: &[&str], from_root: &[&str]) -> bool {
        let any = |list: &[Compiled], path: &[&str]| {
            let ended = [path, &[""]].concat();
            list.iter().any(|one| one.children && one.matches(&ended))
        };
        any(&self.relative, below) || (!self.absolute.is_empty() && any(&self.absolute, from_root))
    }
}

impl Compiled {
    fn matches(&self, path: &[&str]) -> bool {
        self.sets.iter().any(|parts| globstar::matches(parts, path))
    }
}

fn is_empty(part: &[Unit]) -> bool {
    part.is_empty()
}

/// A pattern as lists of parts.
fn alternatives(pattern: &[Unit]) -> Result<Vec<Vec<Vec<Unit>>>, GlobError> {
    if pattern.is_empty() {
        return Ok(Vec::new());
    }
    let split = braces::expand(pattern)?.iter().map(|one| slashes(one)).collect();
    preprocess::preprocess(split)
}

/// Splits at slashes, of which several count as one.
fn slashes(pattern: &[Unit]) -> Vec<Vec<Unit>> {
    const SLASH: Unit = ascii(b'/');
    let mut parts: Vec<Vec<Unit>> = pattern.split(|&unit| unit == SLASH).map(<[Unit]>::to_vec).collect();
    let last = parts.len() - 1;
    let mut index = 0;
    parts.retain(|part| {
        index += 1;
        !part.is_empty() || index == 1 || index == last + 1
    });
    parts
}

/// The parts as one pattern again.
fn again(parts: &[Vec<Unit>]) -> Vec<Unit> {
    parts.join(&ascii(b'/'))
}
