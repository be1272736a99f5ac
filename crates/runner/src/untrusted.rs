//! Making text that others wrote harmless to the runner and to a terminal.
//!
//! The runner executes `::command::` at the start of a line (after blanks) and `##[command]`
//! anywhere in one, on both streams; a bare carriage return starts a new line for it, and its
//! search for `##[` passes over characters that have no width (`ActionCommand.cs`).

/// Splits text into lines as the runner does: at line feed, carriage return, or both.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// One line without anything that could command a terminal or the runner from inside the line.
/// The start of the line is the caller's: put visible text before it, or use [`own_line`].
pub fn inner(line: &str) -> String {
    break_brackets(&plain(line))
}

/// One line that is printed from its start: as [`inner`], and a leading `::` loses its meaning.
pub fn own_line(line: &str) -> String {
    let line = inner(line);
    if line.trim_start().starts_with("::") { format!("| {line}") } else { line }
}

/// Several lines as one, for a place that has room for one only.
pub fn one_line(text: &str) -> String {
    lines(text).map(inner).filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
}

/// Drops escape sequences and characters that cannot be seen; tabs stay.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\t' => out.push(c),
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => out.push(' '),
            _ if c.is_control() || invisible(c) => {}
            _ => out.push(c),
        }
    }
    out
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        // CSI: parameters and intermediates up to one final byte.
        Some('[') => {
            chars.next();
            while let Some(c) = chars.next_if(|c| ('\u{20}'..='\u{7e}').contains(c)) {
                if ('@'..='~').contains(&c) {
                    break;
                }
            }
        }
        // OSC, DCS, SOS, PM, APC: up to BEL or the string terminator, or to the end of the line.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some(c) if ('\u{20}'..='\u{7e}').contains(c) => {
            chars.next();
        }
        _ => {}
    }
}

/// Characters without a width: they hide text from a reader and from a search.
fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Puts a blank between the two `#` of every `##[`, also where characters outside ASCII stand
/// between them, since a culture-sensitive search may pass over those.
fn break_brackets(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        out.push(c);
        if c == '#' {
            let mut rest = line[at + 1..].chars().filter(char::is_ascii);
            if rest.next() == Some('#') && rest.next() == Some('[') {
                out.push(' ');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_finds_no_command_inside_a_line() {
        for (raw, safe) in [
            ("x ##[set-output name=url]evil", "x # #[set-output name=url]evil"),
            ("a\u{200b}##\u{200b}[group]", "a# #[group]"),
            ("#é#[error]", "# é#[error]"),
            ("####[x]", "### #[x]"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{7}", "link"),
            ("tab\there", "tab\there"),
            ("be\u{202e}fore", "before"),
        ] {
            assert_eq!(inner(raw), safe);
        }
    }

    #[test]
    fn a_command_at_the_start_of_a_line_is_shown_not_run() {
        assert_eq!(own_line("  ::stop-commands::x"), "|   ::stop-commands::x");
        assert_eq!(own_line("plain :: text"), "plain :: text");
    }

    #[test]
    fn lines_end_where_the_runner_ends_them() {
        assert_eq!(lines("a\r\nb\rc\nd").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(one_line("a\n\n  ::x::\rb"), "a   ::x:: b");
    }
}
