//! What may be shown of a text that somebody gave: nothing that looks like a secret, for the runner hides whole secrets
//! and no part of one.

use std::fmt;

/// The longest text that is shown: what people type for a name or a size is shorter.
const LONGEST: usize = 100;

/// The shortest word that can be a password.
const SHORTEST_SECRET: usize = 6;

/// The longest word without a meaning that is no key: a commit's hash is longer.
const LONGEST_WORD: usize = 63;

/// A text in a sentence: between backticks, or "the text" where it may be a secret.
#[derive(Debug, Clone, Copy)]
pub struct QuotedText<'a>(pub &'a str);

impl fmt::Display for QuotedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            write!(f, "`{}`", self.0)
        } else {
            f.write_str("the text (not shown, as it may be a secret)")
        }
    }
}

/// A name in a sentence: whole where it looks like one; else what stands in its place is not shown.
#[derive(Debug, Clone, Copy)]
pub struct QuotedName<'a>(pub &'a str);

impl fmt::Display for QuotedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name(self.0) {
            Some(name) => write!(f, "`{name}`"),
            None => f.write_str("what stands here as a name (not shown, as it may be a secret)"),
        }
    }
}

/// What may be shown of a text in a name's place: all of it where it is made like a name; a name in capitals that a
/// blank or a colon follows; else nothing.
pub fn name(text: &str) -> Option<&str> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"_-./".contains(&b);
    if !text.is_empty() && text.bytes().all(word) {
        return Some(text).filter(|text| is_plain(text));
    }
    let length = text.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    let (name, rest) = text.split_at_checked(length)?;
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase()) && rest.starts_with([' ', '\t', ':']);
    Some(name).filter(|name| fits && is_plain(name))
}

/// Whether nothing in a text looks like a secret.
fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST
        && !text.chars().any(char::is_control)
        && !has_password(text)
        && text.split(|c: char| c.is_whitespace() || "/:,@=.`'\"".contains(c)).all(|word| !is_random(word))
}

/// Whether there is `user:password@`, as addresses have it.
fn has_password(text: &str) -> bool {
    text.split_once('@').is_some_and(|(before, _)| before.contains(':'))
}

/// Whether a word mixes what words do not mix: capitals, small letters and digits; other signs; or is endless.
fn is_random(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let signs = |c: char| !c.is_alphanumeric() && !"-_".contains(c);
    let odd = word.chars().any(signs) && has(u8::is_ascii_digit);
    word.len() >= SHORTEST_SECRET && (mixed || odd) || word.len() > LONGEST_WORD
}

/// Each between backticks, with commas.
pub fn listed(all: impl IntoIterator<Item = impl fmt::Display>) -> String {
    all.into_iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_mistype_is_shown() {
        for text in
            ["US Central", "Web App", "3", "nginx", "gcr.io/p/a", "../..", "Mars!", "GET health", "PROJECT:db", "a@b.c"]
        {
            assert_eq!(QuotedText(text).to_string(), format!("`{text}`"));
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_not() {
        for text in [
            "pA55w0rdXyZ",
            "x pA55w0rdXyZ",
            "postgres://app:secret@db",
            "abc123!?x",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
            &"a".repeat(80),
        ] {
            assert!(QuotedText(text).to_string().starts_with("the text"), "{text}");
        }
    }

    #[test]
    fn at_most_the_name_before_a_secret_is_shown() {
        assert_eq!(name("DATABASE_URL postgres://app:pA55w0rdXyZ@db?x"), Some("DATABASE_URL"));
        assert_eq!(name("TOKEN: x"), Some("TOKEN"));
        assert_eq!(name("1X"), Some("1X"));
        assert_eq!(name("my-var"), Some("my-var"));
        for text in ["", "pA55w0rdXyZ", "hunter two", "hunter2$x", "postgres://x:y@z", "ABC$D"] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
