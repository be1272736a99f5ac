//! Making texts equal from run to run: what is random or of the moment becomes a word.

/// The text with ports, times, random names and ids replaced.
pub fn text(raw: &str) -> String {
    let mut text = raw.to_owned();
    text = replace_after(&text, "127.0.0.1:", |c| c.is_ascii_digit(), "PORT");
    // However many APIs there are, each has a port of its own.
    while text.contains("127.0.0.1:PORT, 127.0.0.1:PORT") {
        text = text.replace("127.0.0.1:PORT, 127.0.0.1:PORT", "127.0.0.1:PORT");
    }
    text = numbered(&text, "-0f0f0f0-", "NONCE");
    text = numbered(&text, "-b000000-", "NONCE");
    text = numbered(&text, "-1234567-", "NONCE");
    for word in ["web-secret-", "web-pin-", "web-back-"] {
        text = numbered(&text, word, "NONCE");
    }
    text = replace_after(&text, "the first run from ", |c| c.is_ascii_digit() || c == '-', "DAY");
    text = replace_after(&text, "tag `c", |c| c.is_ascii_hexdigit(), "NONCE");
    text = replace_after(&text, "req_", |c| c.is_ascii_hexdigit(), "NONCE");
    text = replace_after(&text, "(asked ", |c| c.is_ascii_digit(), "SOME");
    text = times(&text);
    text = durations(&text);
    text = asked(&text);
    text = replace_after(&text, ".tar.gz#", |c| c.is_ascii_digit(), "GENERATION");
    side_by_side(&text)
}

/// Sorts lines of parts that go back side by side: which of them is first is a matter of luck.
fn side_by_side(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    for group in lines.chunk_by_mut(|one, other| one.contains(": Restore: ") && other.contains(": Restore: ")) {
        group.sort_unstable();
    }
    lines.join("\n")
}

/// Replaces points in time as Google writes them, such as `2026-11-25T12:00:00.123Z`.
fn times(text: &str) -> String {
    let shape = |at: usize| {
        let rest = text.get(at..)?;
        let end = rest.find('Z').filter(|end| (19..=32).contains(end))?;
        let fits = rest.as_bytes().get(4) == Some(&b'-') && rest.as_bytes().get(10) == Some(&b'T');
        let digits = rest[..end].bytes().all(|byte| byte.is_ascii_digit() || b"-T:.".contains(&byte));
        (fits && digits).then_some(end + 1)
    };
    let (mut out, mut at) = (String::new(), 0);
    while let Some(next) = text[at..].chars().next() {
        match shape(at).filter(|_| next == '2') {
            Some(length) => {
                out.push_str("MOMENT");
                at += length;
            }
            None => {
                out.push(next);
                at += next.len_utf8();
            }
        }
    }
    out
}

/// Replaces the hexadecimal digits behind each `mark`: those that come first by the word, the next
/// different ones by the word and 2, so that a reader still sees what is the same.
fn numbered(text: &str, mark: &str, word: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices(mark) {
        let rest = &text[at + mark.len()..];
        let digits = &rest[..rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len())];
        if !digits.is_empty() && !seen.contains(&digits) {
            seen.push(digits);
        }
    }
    let mut out = text.to_owned();
    for (index, digits) in seen.iter().enumerate() {
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        out = out.replace(&format!("{mark}{digits}"), &format!("{mark}{word}{number}"));
    }
    out
}

/// Replaces the run of characters behind each `mark`.
fn replace_after(text: &str, mark: &str, run: impl Fn(char) -> bool, word: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let end = at + mark.len();
        out.push_str(&rest[..end]);
        rest = &rest[end..];
        let length = rest.find(|c| !run(c)).unwrap_or(rest.len());
        if length > 0 {
            out.push_str(word);
        }
        rest = &rest[length..];
    }
    out + rest
}

/// How often a check was asked depends on pauses with a random part: the last cell of its row.
fn asked(text: &str) -> String {
    let cell = |line: &str| {
        let is_check = ["| ✅ | service", "| ❌ | service", "| ✅ | candidate", "| ❌ | candidate"]
            .iter()
            .any(|start| line.starts_with(start));
        match line.strip_suffix(" |").and_then(|row| row.rsplit_once(" | ")) {
            Some((row, _)) if is_check => format!("{row} | SOME |"),
            _ => line.to_owned(),
        }
    };
    text.split('\n').map(cell).collect::<Vec<_>>().join("\n")
}

/// `1.2s`, `12s`, `3m 05s` stand for times that were measured; whole seconds in sentences about
/// limits (`120 s`) are left.
fn durations(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let bare = word.trim_matches(['(', ')', ',', '.', '|', ':']);
        let measured =
            bare.strip_suffix('s').is_some_and(|number| number.contains('.') && number.parse::<f64>().is_ok());
        if measured {
            out.push_str(&word.replace(bare, "TIME"));
        } else {
            out.push_str(word);
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_whitespace() {
            flush(&mut word, &mut out);
            out.push(c);
        } else {
            word.push(c);
        }
    }
    flush(&mut word, &mut out);
    out
}

#[test]
fn measured_times_and_random_names_become_words() {
    assert_eq!(
        text("at http://127.0.0.1:4711/x web-0f0f0f0-a1b2c (0.3s), 120 s, req_00ff"),
        "at http://127.0.0.1:PORT/x web-0f0f0f0-NONCE (TIME), 120 s, req_NONCE"
    );
}
