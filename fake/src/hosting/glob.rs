//! Hosting's extended globs: `*`, `**`, `?`, `[…]`, `{a,b}`, the groups `@( )`, `?( )`, `*( )`,
//! `+( )`, `!( )` with alternatives, a leading `!`, and in redirects the captures `:name` and `:name*`.
//!
//! A leading dot is a character like any other here.

/// A glob that was read.
#[derive(Debug)]
pub(super) struct Glob {
    /// Whether it fits what its alternatives do not fit.
    negated: bool,
    /// What its braces expand to.
    alternatives: Vec<Vec<Node>>,
}

#[derive(Debug, Clone)]
enum Node {
    /// This character.
    Char(char),
    /// Any character but a slash.
    Any,
    /// Characters without a slash; at least one where it is a whole segment.
    Star { whole: bool },
    /// `**` as the last segment: anything.
    Tail,
    /// `**/`: any number of segments.
    Folders,
    /// One character of a set.
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// Alternatives, and how often they come.
    Group { kind: char, alternatives: Vec<Vec<Node>> },
    /// `:name`: a segment, or its rest.
    Segment(String),
    /// `/:name*`: any number of segments, or nothing.
    Rest(String),
}

type Captures = Vec<(String, String)>;

impl Glob {
    /// Reads a glob. Every text is one: what is not closed stands for itself.
    pub(super) fn read(text: &str) -> Glob {
        Glob::parse(text, false)
    }

    /// Reads the glob of a redirect.
    pub(super) fn with_captures(text: &str) -> Glob {
        Glob::parse(text, true)
    }

    fn parse(text: &str, captures: bool) -> Glob {
        let negated = text.starts_with('!') && !text.starts_with("!(");
        let text = if negated { &text[1..] } else { text };
        let text = if text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
        let letters: Vec<char> = text.chars().collect();
        let alternatives = expand(&letters).iter().map(|one| nodes(one, captures)).collect();
        Glob { negated, alternatives }
    }

    /// What it captures if it fits the path, or fits it without its slash at the end.
    pub(super) fn captures(&self, path: &str) -> Option<Captures> {
        let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty());
        let found = [Some(path), bare].into_iter().flatten().find_map(|path| {
            let path: Vec<char> = path.chars().collect();
            self.alternatives.iter().find_map(|nodes| {
                let mut captures = Captures::new();
                fits(nodes, &path, &mut captures).then_some(captures)
            })
        });
        if self.negated { found.is_none().then(Captures::new) } else { found }
    }
}

/// Expands braces: `a{b,c}d` to `abd` and `acd`, `{1..3}` to its numbers.
fn expand(text: &[char]) -> Vec<Vec<char>> {
    let braces = (0..text.len()).find_map(|open| {
        if text[open] != '{' || (open > 0 && text[open - 1] == '\\') {
            return None;
        }
        let close = closing(text, open, '{', '}')?;
        let options = options(&text[open + 1..close]);
        (options.len() > 1).then_some((open, close, options))
    });
    let Some((open, close, options)) = braces else { return vec![text.to_vec()] };
    let joined = options.iter().map(|option| [&text[..open], option, &text[close + 1..]].concat());
    joined.flat_map(|one| expand(&one)).collect()
}

fn options(inside: &[char]) -> Vec<Vec<char>> {
    let text: String = inside.iter().collect();
    if let Some((from, to)) = text.split_once("..")
        && let (Ok(from), Ok(to)) = (from.parse::<i32>(), to.parse::<i32>())
        && from <= to
    {
        return (from..=to).map(|number| number.to_string().chars().collect()).collect();
    }
    split(inside, ',')
}

/// Cuts at a separator that is in no bracket.
fn split(text: &[char], separator: char) -> Vec<Vec<char>> {
    let (mut parts, mut depth, mut at) = (vec![Vec::new()], 0, 0);
    while at < text.len() {
        let letter = text[at];
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            _ => {}
        }
        if letter == separator && depth == 0 {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
            if letter == '\\' && at + 1 < text.len() {
                at += 1;
                part.push(text[at]);
            }
        }
        at += 1;
    }
    parts
}

/// Where the bracket that opens here closes.
fn closing(text: &[char], open: usize, begin: char, end: char) -> Option<usize> {
    let (mut depth, mut at) = (0, open);
    while at < text.len() {
        match text[at] {
            '\\' => at += 1,
            letter if letter == begin => depth += 1,
            letter if letter == end => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Reads a glob without braces.
fn nodes(text: &[char], captures: bool) -> Vec<Node> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (node, length) = node(text, at, captures);
        // `/:name*` may be absent, its slash too.
        if matches!(node, Node::Rest(_)) {
            out.pop();
        }
        out.push(node);
        at += length;
    }
    out
}

/// The node that begins here, and how many characters it takes.
fn node(text: &[char], at: usize, captures: bool) -> (Node, usize) {
    let letter = text[at];
    let next = text.get(at + 1).copied();
    let begins = at == 0 || text[at - 1] == '/';
    let ends = |at: usize| text.get(at).is_none_or(|letter| *letter == '/');
    if next == Some('(')
        && "@?*+!".contains(letter)
        && let Some(close) = closing(text, at + 1, '(', ')')
    {
        let inside = split(&text[at + 2..close], '|');
        let alternatives = inside.iter().map(|one| nodes(one, captures)).collect();
        return (Node::Group { kind: letter, alternatives }, close + 1 - at);
    }
    match letter {
        '\\' if next.is_some() => (Node::Char(text[at + 1]), 2),
        '?' => (Node::Any, 1),
        '*' if next == Some('*') && begins && ends(at + 2) => {
            if at + 2 < text.len() {
                (Node::Folders, 3)
            } else {
                (Node::Tail, 2)
            }
        }
        '*' => {
            let stars = text[at..].iter().take_while(|letter| **letter == '*').count();
            (Node::Star { whole: begins && ends(at + stars) }, stars)
        }
        '[' => class(text, at).unwrap_or((Node::Char('['), 1)),
        ':' if captures && begins => {
            let name = text[at + 1..].iter().take_while(|letter| letter.is_ascii_alphanumeric() || **letter == '_');
            let name: String = name.collect();
            let length = 1 + name.chars().count();
            match text.get(at + length) {
                _ if name.is_empty() => (Node::Char(':'), 1),
                Some('*') => (Node::Rest(name), length + 1),
                _ => (Node::Segment(name), length),
            }
        }
        other => (Node::Char(other), 1),
    }
}

/// `[a-z]`, `[!a]`, `[^a]`; a bracket that is first stands for itself.
fn class(text: &[char], at: usize) -> Option<(Node, usize)> {
    let mut here = at + 1;
    let negated = matches!(text.get(here), Some('!' | '^'));
    here += usize::from(negated);
    let first = here;
    let mut ranges = Vec::new();
    loop {
        match *text.get(here)? {
            '/' => return None,
            ']' if here > first => return Some((Node::Class { negated, ranges }, here + 1 - at)),
            from => match (text.get(here + 1), text.get(here + 2)) {
                (Some('-'), Some(to)) if *to != ']' => {
                    ranges.push((from, *to));
                    here += 3;
                }
                _ => {
                    ranges.push((from, from));
                    here += 1;
                }
            },
        }
    }
}

/// Whether the nodes fit the whole text.
fn fits(nodes: &[Node], text: &[char], captures: &mut Captures) -> bool {
    let Some((node, rest)) = nodes.split_first() else { return text.is_empty() };
    let one = |legal: &dyn Fn(char) -> bool, captures: &mut Captures| match text.split_first() {
        Some((letter, after)) => legal(*letter) && fits(rest, after, captures),
        None => false,
    };
    match node {
        Node::Char(wanted) => one(&|letter| letter == *wanted, captures),
        Node::Any => one(&|letter| letter != '/', captures),
        Node::Class { negated, ranges } => {
            let within = |letter: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
            one(&|letter| letter != '/' && within(letter) != *negated, captures)
        }
        Node::Star { whole } => {
            (usize::from(*whole)..=segment(text)).any(|length| fits(rest, &text[length..], captures))
        }
        Node::Tail => (0..=text.len()).any(|length| fits(rest, &text[length..], captures)),
        Node::Folders => {
            let starts = (0..=text.len()).filter(|at| *at == 0 || text[at - 1] == '/');
            starts.into_iter().any(|start| fits(rest, &text[start..], captures))
        }
        Node::Segment(name) => (1..=segment(text)).rev().any(|length| caught(name, rest, text, 0, length, captures)),
        Node::Rest(name) => {
            let lengths = (0..=text.len()).rev().filter(|at| text.get(*at).is_none_or(|letter| *letter == '/'));
            let starts_well = |length: &usize| *length == 0 || text.first() == Some(&'/');
            lengths.filter(starts_well).any(|length| caught(name, rest, text, 1.min(length), length, captures))
        }
        Node::Group { kind, alternatives } => group(*kind, alternatives, rest, text, captures),
    }
}

/// Whether the rest fits what follows `text[..length]`; if so, `text[from..length]` is captured.
fn caught(name: &str, rest: &[Node], text: &[char], from: usize, length: usize, captures: &mut Captures) -> bool {
    let fitting = fits(rest, &text[length..], captures);
    if fitting {
        captures.push((name.to_owned(), text[from..length].iter().collect()));
    }
    fitting
}

fn group(kind: char, alternatives: &[Vec<Node>], rest: &[Node], text: &[char], captures: &mut Captures) -> bool {
    let is_one = |part: &[char]| alternatives.iter().any(|nodes| fits(nodes, part, &mut Captures::new()));
    match kind {
        '!' => (0..=segment(text)).any(|length| !is_one(&text[..length]) && fits(rest, &text[length..], captures)),
        '?' | '*' if fits(rest, text, captures) => true,
        // Each turn takes at least one character, so that this ends.
        '*' | '+' => (1..=text.len())
            .any(|length| is_one(&text[..length]) && group('*', alternatives, rest, &text[length..], captures)),
        _ => (0..=text.len()).any(|length| is_one(&text[..length]) && fits(rest, &text[length..], captures)),
    }
}

/// Characters before the next slash.
fn segment(text: &[char]) -> usize {
    text.iter().take_while(|letter| **letter != '/').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glob, what it fits, what it does not.
    const TABLE: &[(&str, &[&str], &[&str])] = &[
        ("**", &["/", "/a", "/a/b.html"], &[]),
        ("/", &["/"], &["/a"]),
        ("/a", &["/a", "/a/"], &["/a//", "/ab", "/b/a"]),
        ("a", &["/a"], &["/b/a"]),
        ("/*", &["/a", "/a.html", "/a/"], &["/", "/a/b"]),
        ("/a/*", &["/a/b", "/a/b/"], &["/a/", "/a"]),
        ("/a*", &["/a", "/ab"], &["/a/b", "/b"]),
        ("/a/**", &["/a/", "/a/b", "/a/b/c.js"], &["/a", "/ab/c"]),
        ("/a{,/**}", &["/a", "/a/b/c"], &["/ab"]),
        ("**/*.js", &["/a.js", "/a/b/c.js"], &["/a.jsx", "/a.js/b"]),
        ("/a/**/b", &["/a/b", "/a/x/b", "/a/x/y/b"], &["/a/xb", "/ab"]),
        ("/a?c", &["/abc"], &["/ac", "/a/c"]),
        ("/[a-c]x", &["/ax", "/cx"], &["/dx", "/x"]),
        ("/[!a-c]x", &["/dx"], &["/ax"]),
        ("/{a,b}/c", &["/a/c", "/b/c"], &["/c/c"]),
        ("/{a,b{c,d}}", &["/a", "/bc", "/bd"], &["/b"]),
        ("/v{1..3}", &["/v1", "/v3"], &["/v4"]),
        ("**/*.@(jpg|png)", &["/a.jpg", "/x/a.png"], &["/a.gif", "/a."]),
        ("/@(js|css)/**", &["/js/a", "/css/"], &["/jss/a"]),
        ("/a?(b)c", &["/ac", "/abc"], &["/abbc"]),
        ("/a*(b)c", &["/ac", "/abbc"], &["/adc"]),
        ("/a+(b|x)c", &["/abc", "/abxc"], &["/ac"]),
        ("/!(a|b)", &["/c", "/ab"], &["/a", "/b", "/c/d"]),
        ("**/!(*.min).js", &["/a.js", "/x/a.js"], &["/a.min.js"]),
        ("!/@(js|css)/**", &["/index.html", "/a/js/b"], &["/js/a", "/css/b/c"]),
        ("/a\\*", &["/a*"], &["/ab"]),
        ("/a[b", &["/a[b"], &["/ab"]),
        ("/a{b}", &["/a{b}"], &["/ab"]),
    ];

    #[test]
    fn globs_fit_what_they_should() {
        for (glob, fitting, others) in TABLE {
            let read = Glob::read(glob);
            for path in *fitting {
                assert!(read.captures(path).is_some(), "{glob} should fit {path}");
            }
            for path in *others {
                assert!(read.captures(path).is_none(), "{glob} should not fit {path}");
            }
        }
    }

    #[test]
    fn redirects_capture_segments_and_rests() {
        let captured = |glob: &str, path: &str| {
            let found = Glob::with_captures(glob).captures(path)?;
            Some(found.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(captured("/users/:id/profile", "/users/7/profile").as_deref(), Some("id=7"));
        assert_eq!(captured("/users/:id", "/users/7/8"), None);
        assert_eq!(captured("/blog/:post*", "/blog/2024/x").as_deref(), Some("post=2024/x"));
        assert_eq!(captured("/blog/:post*", "/blog").as_deref(), Some("post="));
        assert_eq!(captured("/blog/:post*", "/blogs/x"), None);
        assert_eq!(captured("/:a/:b*/end", "/x/y/z/end").as_deref(), Some("b=y/z a=x"));
        assert_eq!(captured("/:rest*", "/a/b").as_deref(), Some("rest=a/b"));
        assert!(Glob::read("/users/:id").captures("/users/7").is_none());
        assert!(Glob::read("/users/:id").captures("/users/:id").is_some());
    }
}
