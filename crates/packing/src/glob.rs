//! One line of an ignore file as a pattern, with the meaning git gives it.
//!
//! Patterns and paths are bytes. Only the last `*` and the last `**/` are ever taken back, so the time is bounded by
//! the length of the pattern, times that of the path, times the number of directories in it: no pattern is slow.

use super::bracket::ByteSet;
use super::path::file_name;

/// A pattern, relative to the root of the tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// `!pattern`: what it matches is kept.
    pub(super) negated: bool,
    /// `pattern/`: only directories match.
    directories_only: bool,
    /// Without a slash inside, a pattern is compared with the last part of a path, at any depth.
    anywhere: bool,
    tokens: Vec<Token>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`: one byte, no slash.
    One,
    /// `[...]`: one byte of a set, no slash.
    Bracket(ByteSet),
    /// `*`: any bytes, no slash.
    Star,
    /// `**/` at the beginning of a part: no directory, or any number of them.
    Directories,
    /// `**` as the last part: everything.
    Everything,
}

impl Glob {
    /// Reads one line, without its line end. Nothing for blanks, comments, and what can never match.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"#") {
            return None;
        }
        let line = without_trailing_spaces(line);
        let (line, negated) = line.strip_prefix(b"!").map_or((line, false), |line| (line, true));
        let (line, directories_only) = line.strip_suffix(b"/").map_or((line, false), |line| (line, true));
        if line.is_empty() {
            return None;
        }
        let anywhere = !line.contains(&b'/');
        let tokens = tokens(line.strip_prefix(b"/").unwrap_or(line), anywhere)?;
        Some(Self { negated, directories_only, anywhere, tokens })
    }

    /// Whether the pattern matches `path` itself; that a parent may be ignored is the caller's business.
    pub(super) fn matches(&self, path: &[u8], is_directory: bool) -> bool {
        (is_directory || !self.directories_only)
            && matches(&self.tokens, if self.anywhere { file_name(path) } else { path })
    }
}

/// Spaces at the end do not count unless a backslash says so.
fn without_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut end = 0;
    let mut at = 0;
    while at < line.len() {
        let blank = line[at] == b' ';
        at += if line[at] == b'\\' { 2 } else { 1 };
        if !blank {
            end = at;
        }
    }
    &line[..end.min(line.len())]
}

/// The tokens of a pattern; nothing for an unfinished escape or bracket, which match nothing in git either.
fn tokens(mut rest: &[u8], anywhere: bool) -> Option<Vec<Token>> {
    let mut tokens = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        tokens.push(match first {
            b'\\' => {
                let (&escaped, after) = rest.split_first()?;
                rest = after;
                Token::Byte(escaped)
            }
            b'?' => Token::One,
            b'[' => {
                let (bracket, after) = ByteSet::parse(rest)?;
                rest = after;
                Token::Bracket(bracket)
            }
            b'*' => {
                let more = rest.iter().take_while(|&&byte| byte == b'*').count();
                rest = &rest[more..];
                let begins_part = matches!(tokens.last(), None | Some(Token::Byte(b'/') | Token::Directories));
                match rest {
                    _ if more == 0 || anywhere || !begins_part => Token::Star,
                    [] => Token::Everything,
                    [b'/', after @ ..] => {
                        rest = after;
                        Token::Directories
                    }
                    _ => Token::Star,
                }
            }
            byte => Token::Byte(byte),
        });
    }
    Some(tokens)
}

impl Token {
    /// Whether a token that stands for one byte stands for this one.
    fn takes(&self, byte: u8) -> bool {
        match self {
            Token::Byte(expected) => byte == *expected,
            Token::Bracket(bracket) => bracket.contains(byte),
            Token::One | Token::Star | Token::Directories | Token::Everything => byte != b'/',
        }
    }
}

/// A token and the text from which it has to fit.
#[derive(Clone, Copy)]
struct GlobPending {
    token: usize,
    at: usize,
}

fn matches(tokens: &[Token], text: &[u8]) -> bool {
    let mut here = GlobPending { token: 0, at: 0 };
    // The places after the last wildcard of each kind, as far as that has taken text.
    let mut star = None::<GlobPending>;
    let mut directories = None::<GlobPending>;
    loop {
        match tokens.get(here.token) {
            Some(Token::Everything) => return true,
            None if here.at == text.len() => return true,
            Some(Token::Star) => {
                here.token += 1;
                star = Some(here);
                continue;
            }
            Some(Token::Directories) => {
                here.token += 1;
                (directories, star) = (Some(here), None);
                continue;
            }
            Some(token) if text.get(here.at).is_some_and(|&byte| token.takes(byte)) => {
                here = GlobPending { token: here.token + 1, at: here.at + 1 };
                continue;
            }
            _ => {}
        }
        // It does not fit: the last `*` takes one byte more, or the last `**/` one directory more.
        if let Some(place) = star
            && text.get(place.at).is_some_and(|&byte| byte != b'/')
        {
            here = GlobPending { at: place.at + 1, ..place };
            star = Some(here);
        } else if let Some(place) = directories
            && let Some(length) = text[place.at..].iter().position(|&byte| byte == b'/')
        {
            here = GlobPending { at: place.at + length + 1, ..place };
            (directories, star) = (Some(here), None);
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::parse(pattern.as_bytes()).is_some_and(|glob| glob.matches(path.as_bytes(), false))
    }

    #[test]
    fn patterns_match_as_in_git() {
        for (pattern, path, expected) in [
            ("a", "a", true),
            ("a", "x/a", true),
            ("a", "ab", false),
            ("/a", "a", true),
            ("/a", "x/a", false),
            ("x/a", "x/a", true),
            ("x/a", "y/x/a", false),
            ("*.log", "x/y.log", true),
            ("*.log", "y.log.txt", false),
            ("x/*.log", "x/y.log", true),
            ("x/*.log", "x/z/y.log", false),
            ("*/b", "a/b", true),
            ("*/b", "a/c/b", false),
            ("**/b", "b", true),
            ("**/b", "a/c/b", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "ab", false),
            ("a/**", "a/x/y", true),
            ("a/**", "a", false),
            ("a**/b", "ax/b", true),
            ("a**/b", "ax/y/b", false),
            ("**/x*y/**/z", "1/x2y/3/z", true),
            ("**/x*y/**/z", "1/x2/y/z", false),
            ("**/a/b", "a/a/b", true),
            ("?b", "ab", true),
            ("x?b", "x/b", false),
            ("[a-c]?", "bz", true),
            ("x[/]y", "x/y", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"\#a", "#a", true),
            (r"\!a", "!a", true),
            ("#a", "#a", false),
            ("a ", "a", true),
            (r"a\ ", "a ", true),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            ("*a*a*b", "aaab", true),
            ("a\\", "a", false),
            ("", "", false),
            ("/", "a", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern:?} on {path:?}");
        }
    }

    #[test]
    fn directories_and_negation() {
        let glob = Glob::parse(b"!build/").expect("a pattern");
        assert!(glob.negated);
        assert!(glob.matches(b"x/build", true));
        assert!(!glob.matches(b"x/build", false));
    }

    #[test]
    fn hostile_patterns_end_in_time() {
        let part = "a".repeat(255);
        let path = [part.as_str(); 16].join("/");
        let before = std::time::Instant::now();
        for pattern in ["*a".repeat(120), format!("**/{}", "*a/".repeat(300)), format!("{}b", "**/*a".repeat(400))] {
            assert!(!matches(&format!("{pattern}b"), &path));
        }
        assert!(before.elapsed().as_secs() < 2, "took {:?}", before.elapsed());
    }
}
