//! Sequences in braces: `{1..10}`, `{01..10..3}`, `{a..e}`.

use super::GlobError;
use super::units::{Unit, text, units};

/// What stands between the braces.
pub(super) struct Sequence {
    from: i64,
    to: i64,
    step: i64,
    /// The width that numbers are filled up to with zeros.
    width: Option<usize>,
    is_letters: bool,
}

/// Reads the inside of braces; nothing where it is no sequence.
pub(super) fn parse(body: &[Unit]) -> Option<Sequence> {
    let body = text(body);
    let parts: Vec<&str> = body.split("..").collect();
    let (from, to, step) = match parts[..] {
        [from, to] => (from, to, None),
        [from, to, step] => (from, to, Some(step)),
        _ => return None,
    };
    if step.is_some_and(|step| !is_number(step)) {
        return None;
    }
    let is_letters = is_letter(from) && is_letter(to);
    let is_numbers = is_number(from) && is_number(to);
    if !is_letters && !is_numbers {
        return None;
    }
    let is_padded = |part: &&str| {
        let digits = part.strip_prefix('-').unwrap_or(part).as_bytes();
        matches!(digits, [b'0', b'0'..=b'9', ..])
    };
    Some(Sequence {
        from: value(from),
        to: value(to),
        step: step.map_or(1, |step| value(step).saturating_abs().max(1)),
        width: parts.iter().any(is_padded).then_some(from.len().max(to.len())),
        is_letters,
    })
}

fn is_letter(part: &str) -> bool {
    matches!(part.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z'])
}

fn is_number(part: &str) -> bool {
    let digits = part.strip_prefix('-').unwrap_or(part);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number, or of a letter its code. A number too large for 64 bits makes more values than are allowed anyway.
fn value(part: &str) -> i64 {
    match part.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => i64::from(*letter),
        _ => part.parse().unwrap_or(if part.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 }),
    }
}

impl Sequence {
    /// All values, both ends included.
    pub(super) fn values(&self, limit: usize) -> Result<Vec<Vec<Unit>>, GlobError> {
        let count = self.to.abs_diff(self.from) / self.step.unsigned_abs() + 1;
        if count > limit as u64 {
            return Err(GlobError::Alternatives { limit });
        }
        let step = if self.to < self.from { -self.step } else { self.step };
        Ok((0..count as i64).map(|index| units(&self.shown(self.from + index * step))).collect())
    }

    fn shown(&self, value: i64) -> String {
        if self.is_letters {
            // Between `Z` and `a` stands a backslash, which would escape what follows.
            return u8::try_from(value)
                .map(char::from)
                .ok()
                .filter(|&c| c != '\\')
                .map(String::from)
                .unwrap_or_default();
        }
        match self.width {
            Some(width) if value < 0 => format!("-{:0>1$}", value.unsigned_abs(), width.saturating_sub(1)),
            Some(width) => format!("{value:0>width$}"),
            None => value.to_string(),
        }
    }
}
