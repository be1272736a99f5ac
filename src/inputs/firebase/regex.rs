//! Whether Hosting can take a regular expression: it has RE2, which never looks around and never looks back.

use regex::RegexBuilder;

/// An expression that needs more than this when it is compiled is not judged here.
const LARGEST: usize = 1 << 20;

/// What an expression is to Hosting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RegexVerdict {
    /// Nothing speaks against it.
    Fine,
    /// It has something that RE2 cannot have (github.com/google/re2/wiki/Syntax, "NOT SUPPORTED").
    Never {
        /// What it is called.
        what: &'static str,
        /// Its own text.
        text: String,
    },
    /// The expressions that are known here do not take it; they are RE2's but for corners.
    Doubtful(String),
}

/// Groups that RE2 cannot have, by how they begin; the longer before the shorter.
const GROUPS: [(&str, &str); 9] = [
    ("(?<=", "a lookbehind"),
    ("(?<!", "a negative lookbehind"),
    ("(?=", "a lookahead"),
    ("(?!", "a negative lookahead"),
    ("(?>", "an atomic group"),
    ("(?#", "a comment"),
    ("(?(", "a condition"),
    ("(?P=", "a backreference"),
    ("(?P>", "a recursion"),
];

/// RE2 counts no further than this ("Implementation restriction", same page).
const MOST_REPEATED: u32 = 1000;

/// The flags that RE2 has.
const FLAGS: &str = "imsU-";

/// Looks at an expression as it stands in the document.
pub(super) fn verdict(text: &str) -> RegexVerdict {
    if let Some((what, text)) = never(text) {
        return RegexVerdict::Never { what, text };
    }
    match RegexBuilder::new(text).size_limit(LARGEST).build() {
        Ok(_) | Err(regex::Error::CompiledTooBig(_)) => RegexVerdict::Fine,
        Err(error) => {
            // The reason stands on the last line; before it the expression is drawn.
            let told = error.to_string();
            let reason = told.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            RegexVerdict::Doubtful(reason.to_owned())
        }
    }
}

/// The first thing in an expression that RE2 cannot have, and its text.
fn never(text: &str) -> Option<(&'static str, String)> {
    let mut rest = text;
    let mut in_class = false;
    // Whether what stands before can be repeated, and is already.
    let mut repeated = false;
    while let Some(letter) = rest.chars().next() {
        let mut length = letter.len_utf8();
        let was_repeated = std::mem::take(&mut repeated);
        match letter {
            '\\' => {
                // Between these everything stands for itself.
                if let Some(quoted) = rest.strip_prefix("\\Q") {
                    rest = quoted.split_once("\\E").map_or("", |(_, after)| after);
                    continue;
                }
                if let Some(found) = reference(rest) {
                    return Some(("a backreference", found));
                }
                // In RE2 it is written `\x{…}`.
                if let Some(found) = ["\\u", "\\U"].into_iter().find(|escape| rest.starts_with(escape)) {
                    return Some(("an escape of Unicode", found.to_owned()));
                }
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            '[' if !in_class => {
                in_class = true;
                // A bracket that is first stands for itself.
                let inside = rest[1..].strip_prefix('^').unwrap_or(&rest[1..]);
                length = rest.len() - inside.len() + usize::from(inside.starts_with(']'));
            }
            ']' => in_class = false,
            _ if in_class => {}
            '(' => {
                if let Some((begin, what)) = GROUPS.iter().find(|(begin, _)| rest.starts_with(begin)) {
                    return Some((what, (*begin).to_owned()));
                }
                if let Some(found) = flag(rest) {
                    return Some(("a flag", found));
                }
            }
            '{' => {
                if let Some(found) = many(rest) {
                    return Some(("a repetition of more than a thousand times", found));
                }
            }
            '*' | '+' | '?' => {
                if was_repeated && letter == '+' {
                    return Some(("a possessive repetition", "+".to_owned()));
                }
                repeated = !was_repeated;
            }
            '}' => repeated = true,
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    None
}

/// The flag of a group that RE2 has not, with how the group begins.
fn flag(group: &str) -> Option<String> {
    let rest = group.strip_prefix("(?")?;
    let flags = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-')?];
    let ends = rest[flags.len()..].starts_with([':', ')']);
    let unknown = flags.chars().position(|flag| !FLAGS.contains(flag)).filter(|_| ends)?;
    Some(format!("(?{}", &flags[..=unknown]))
}

/// A repetition that counts too far.
fn many(text: &str) -> Option<String> {
    let (inside, _) = text.strip_prefix('{')?.split_once('}')?;
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let counts = |number: &str| number.bytes().all(|b| b.is_ascii_digit());
    let over = |number: &str| !number.is_empty() && number.parse::<u32>().map_or(true, |count| count > MOST_REPEATED);
    (!least.is_empty() && counts(least) && counts(most) && (over(least) || over(most))).then(|| format!("{{{inside}}}"))
}

/// The backreference that an escape is. Two digits and more are a character by its octal number, one alone is not.
fn reference(escape: &str) -> Option<String> {
    let mut letters = escape[1..].chars();
    let (first, second) = (letters.next()?, letters.next());
    let octal = |letter: char| ('0'..='7').contains(&letter);
    match first {
        '1'..='7' if !second.is_some_and(octal) => Some(format!("\\{first}")),
        '8' | '9' => Some(format!("\\{first}")),
        'k' | 'g' => Some(format!("\\{first}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_re2_cannot_have_is_found_and_named() {
        for (text, what, found) in [
            ("^(?!/api).*$", "a negative lookahead", "(?!"),
            ("/a(?=b)", "a lookahead", "(?="),
            ("(?<=x)a", "a lookbehind", "(?<="),
            ("(?<!x)a", "a negative lookbehind", "(?<!"),
            (r"/(\w+)/\1", "a backreference", r"\1"),
            (r"(?P<n>a)\k<n>", "a backreference", r"\k"),
            ("(?P<n>a)(?P=n)", "a backreference", "(?P="),
            ("(?>a)", "an atomic group", "(?>"),
            ("a++", "a possessive repetition", "+"),
            ("a{2}+", "a possessive repetition", "+"),
            ("a{1001}", "a repetition of more than a thousand times", "{1001}"),
            ("a{1,99999999999}", "a repetition of more than a thousand times", "{1,99999999999}"),
            ("(?x) /a", "a flag", "(?x"),
            ("(?i-u:a)", "a flag", "(?i-u"),
            ("a(?R)?", "a flag", "(?R"),
            (r"/\u{e4}", "an escape of Unicode", r"\u"),
        ] {
            assert_eq!(verdict(text), RegexVerdict::Never { what, text: found.to_owned() }, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_passes() {
        for text in [
            "/users/[0-9]+$",
            "(?P<id>[0-9]+)",
            "(?i)/about",
            "(?:a|b)+?",
            r"[(?!]",
            r"[]a](b)",
            r"\(\?!",
            r"a\+\+",
            "/[+]+",
            r"\pN",
            r"\x{e4}",
            "a{1000}",
            "[{]1001}",
            "(?is-U:a)",
            "(?<id>a)",
            "(ä|日本)+",
        ] {
            assert_eq!(verdict(text), RegexVerdict::Fine, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_here_is_only_doubted() {
        let doubted = |text: &str| match verdict(text) {
            RegexVerdict::Doubtful(why) => why,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(doubted("(a"), "unclosed group");
        assert_eq!(doubted(r"a\C"), "unrecognized escape sequence");
        // RE2 quotes like this, which is not known here.
        assert_eq!(doubted(r"\Q(?!\Ex"), "unrecognized escape sequence");
    }
}
