//! Whether the parts of a pattern match the parts of a path, with any number of `**` among them.
//!
//! minimatch 9.0 first fits what stands before the first `**` and after the last one, then the stretches between, each
//! at its first place; only the last stretch may move on. So the time is bounded by the product of both lengths.

use super::part::PartMatch;

/// A pattern with more stretches never matches there.
const MOST_STRETCHES: usize = 200;

/// Whether the whole path matches. A path ending in an empty part had a slash at its end.
pub(super) fn matches(pattern: &[PartMatch], path: &[&str]) -> bool {
    let Some(first) = pattern.iter().position(PartMatch::is_globstar) else { return fits(pattern, path) };
    let last = pattern.iter().rposition(PartMatch::is_globstar).unwrap_or(first);
    let (head, tail) = (&pattern[..first], &pattern[last + 1..]);
    if !fits(head, &path[..path.len().min(head.len())]) {
        return false;
    }
    let mut end = path.len();
    if !tail.is_empty() {
        if tail.len() + head.len() > path.len() {
            return false;
        }
        end -= tail.len();
        if !fits(tail, &path[end..]) {
            if path.last() != Some(&"") || head.len() == end {
                return false;
            }
            end -= 1;
            if !fits(tail, &path[end..]) {
                return false;
            }
        }
    }
    if last - first < 2 {
        let between = path.get(head.len()..end).unwrap_or_default();
        return (end < path.len() || !between.is_empty()) && !between.contains(&".");
    }
    let stretches = stretches(&pattern[first + 1..last], end);
    let search = GlobstarSearch { path, stretches, has_tail: end < path.len() };
    search.rest(head.len(), 0) == Some(true)
}

/// The stretches between, each with the number of places where it may begin, as minimatch reckons it.
fn stretches(between: &[PartMatch], end: usize) -> Vec<(&[PartMatch], usize)> {
    let stretches: Vec<&[PartMatch]> = between.split(PartMatch::is_globstar).collect();
    let mut before = 0;
    let mut sums = Vec::with_capacity(stretches.len());
    for stretch in &stretches {
        sums.push(before);
        before += stretch.len();
    }
    let places = |length: usize| end.checked_sub(length).map_or(0, |last| last + 1);
    stretches.iter().zip(sums.iter().rev()).map(|(stretch, sum)| (*stretch, places(sum + stretch.len()))).collect()
}

/// Whether each part takes its name; a slash at the path's end may be left over.
fn fits(pattern: &[PartMatch], path: &[&str]) -> bool {
    let all = pattern.iter().zip(path).all(|(part, name)| part.takes(name));
    all && (pattern.len() == path.len() || (pattern.len() + 1 == path.len() && path.last() == Some(&"")))
}

struct GlobstarSearch<'a> {
    path: &'a [&'a str],
    /// The stretches, and how many places each may try to begin at.
    stretches: Vec<(&'a [PartMatch], usize)>,
    has_tail: bool,
}

impl GlobstarSearch<'_> {
    /// Fits the stretches from `index` on into the path from `start` on. `Some(false)` lets the stretch before try its
    /// next place, nothing ends the search.
    fn rest(&self, start: usize, index: usize) -> Option<bool> {
        let Some((stretch, places)) = self.stretches.get(index) else {
            let left = self.path.get(start..).unwrap_or_default();
            return Some(!left.contains(&".") && (self.has_tail || !left.is_empty()));
        };
        for at in start..*places {
            let here = self.path.get(at..at + stretch.len());
            if here.is_some_and(|here| fits(stretch, here)) && index < MOST_STRETCHES {
                match self.rest(at + stretch.len(), index + 1) {
                    Some(false) => {}
                    decided => return decided,
                }
            }
            if self.path.get(at) == Some(&".") {
                return Some(false);
            }
        }
        None
    }
}
