//! The bracket expression of a pattern, such as `[a-z]`, with the meaning git gives it.

/// A set of bytes; never the slash, which no bracket expression matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ByteSet(Box<[u64; 4]>);

impl ByteSet {
    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & 1 << (byte & 63) != 0
    }

    /// Reads an expression from after its `[`, and returns it with what follows its `]`. Nothing where it does not
    /// end or names no known class: in git such a pattern matches nothing.
    pub(super) fn parse(pattern: &[u8]) -> Option<(Self, &[u8])> {
        let (negated, mut rest) = match pattern {
            [b'!' | b'^', rest @ ..] => (true, rest),
            _ => (false, pattern),
        };
        let mut members = ByteSet(Box::new([0; 4]));
        // What a following `-` would make the lower end of a range.
        let mut low = None;
        let mut first = true;
        loop {
            (low, rest) = match (rest, low) {
                ([b']', after @ ..], _) if !first => {
                    if negated {
                        members.0.iter_mut().for_each(|bits| *bits = !*bits);
                    }
                    members.0[usize::from(b'/' >> 6)] &= !(1 << (b'/' & 63));
                    return Some((members, after));
                }
                ([b'-', b'\\', high, after @ ..], Some(low)) => {
                    members.add(low..=*high);
                    (None, after)
                }
                ([b'-', high, after @ ..], Some(low)) if *high != b']' => {
                    members.add(low..=*high);
                    (None, after)
                }
                ([b'[', b':', after @ ..], _) => {
                    let end = after.iter().position(|&byte| byte == b']')?;
                    match after[..end].strip_suffix(b":") {
                        Some(name) => {
                            members.add((0..=255).filter(class(name)?));
                            (None, &after[end + 1..])
                        }
                        None => {
                            members.add([b'[']);
                            (Some(b'['), &rest[1..])
                        }
                    }
                }
                ([b'\\', byte, after @ ..] | [byte, after @ ..], _) => {
                    members.add([*byte]);
                    (Some(*byte), after)
                }
                ([], _) => return None,
            };
            first = false;
        }
    }

    fn add(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }
}

/// Which bytes belong to `[:name:]`.
fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The printable members of an expression, and what follows it.
    fn members(pattern: &str) -> Option<(String, &str)> {
        let (bracket, rest) = ByteSet::parse(pattern.as_bytes())?;
        let members = (b' '..=b'~').filter(|&byte| bracket.contains(byte)).map(char::from).collect();
        Some((members, std::str::from_utf8(rest).ok()?))
    }

    #[test]
    fn sets_ranges_and_classes() {
        assert_eq!(members("abc]x"), Some(("abc".into(), "x")));
        assert_eq!(members("a-cx-]"), Some(("-abcx".into(), "")));
        assert_eq!(members("]-]"), Some(("-]".into(), "")));
        assert_eq!(members(r"\]a]"), Some(("]a".into(), "")));
        assert_eq!(members(r"a-\c]"), Some(("abc".into(), "")));
        assert_eq!(members(r"Z-\]]"), Some((r"Z[\]".into(), "")));
        assert_eq!(members("a-c-e]"), Some(("-abce".into(), "")));
        assert_eq!(members("z-a]"), Some(("z".into(), "")), "an empty range, but its start counts by itself");
        assert_eq!(members("[:digit:]_]"), Some(("0123456789_".into(), "")));
        assert_eq!(members("[:x]"), Some((":[x".into(), "")));
        assert_eq!(members(".-0]"), Some((".0".into(), "")), "a range does not hold the slash");
    }

    #[test]
    fn negation_never_adds_the_slash() {
        let (all, _) = members("!a]").unwrap_or_default();
        assert_eq!(all.len(), 93);
        assert!(!all.contains(['a', '/']));
        assert_eq!(members("^a]"), members("!a]"));
    }

    #[test]
    fn unfinished_expressions_are_none() {
        for pattern in ["", "]", "a", "!", "a-", r"a\", "[:alpha:", "[:nothing:]]", r"a-\"] {
            assert_eq!(members(pattern), None, "{pattern}");
        }
    }
}
