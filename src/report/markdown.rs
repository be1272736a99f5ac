//! Markdown that untrusted text cannot break out of.
//!
//! Text of others only ever stands in code spans, code blocks, or escaped; addresses become links
//! only when they are https and plain. The job summary is rendered by GitHub, where a stray `<img>`
//! would be fetched and an `@team` would look like a mention.

use slipway_runner::untrusted;

/// Longest text of others in one place; what is longer says nothing more to a reader.
const LONGEST: usize = 500;

/// Text as a code span: nothing in it means anything. Pipes are escaped for tables.
pub fn code(text: &str) -> String {
    let text = untrusted::one_line(text);
    let text: String = clip(text.trim()).replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines as a code block with a fence longer than any in them.
pub fn block<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|line| clip(&untrusted::inner(line))).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`').map(str::len)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// A sentence of ours, with names of others between backticks: the backticked parts become code
/// spans, the rest is escaped.
pub fn sentence(text: &str) -> String {
    let text = clip_to(&untrusted::one_line(text), 4 * LONGEST);
    text.split('`').enumerate().map(|(index, part)| if index % 2 == 1 { code(part) } else { escape(part) }).collect()
}

/// Text with everything that Markdown or HTML could read in it made literal.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention needs its name right behind the sign: a word joiner, which has no width, parts them.
            '@' => out.push_str("@\u{2060}"),
            '#' => out.push_str("&#35;"),
            // GitHub makes links of bare addresses: `://` and `www.` are what it looks for.
            ':' if text[at..].starts_with("://") => out.push_str("&#58;"),
            '.' if out.to_ascii_lowercase().ends_with("www") => out.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// An address as a link, when it is one that may be clicked; else as code.
pub fn link(address: &str) -> String {
    let plain = address.starts_with("https://")
        && address.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!&=+,;%".contains(&b))
        && url::Url::parse(address).is_ok_and(|url| url.username().is_empty() && url.password().is_none());
    if plain { format!("<{address}>") } else { code(address) }
}

/// Something that is unfolded by who wants to see it. The title is our own, or escaped.
pub fn folded(title: &str, inner: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{inner}\n</details>\n")
}

/// A table of names and values, without those that are not known.
pub fn known(rows: impl IntoIterator<Item = (&'static str, Option<String>)>) -> String {
    let rows: Vec<Vec<String>> =
        rows.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value?])).collect();
    table(&["", ""], &rows)
}

/// A table; cells are Markdown already.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut out = row(&head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
    out.push_str(&format!("|{}\n", " --- |".repeat(head.len())));
    for cells in rows {
        out.push_str(&row(cells));
    }
    out
}

fn clip(text: &str) -> String {
    clip_to(text, LONGEST)
}

fn clip_to(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        text.to_owned()
    } else {
        text.chars().take(longest).chain("…".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_holds_whatever_is_put_in_it() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a ``b`` c"), "```a ``b`` c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b\n<img src=x>"), "`a\\|b <img src=x>`");
        assert_eq!(code(" \n"), "");
    }

    #[test]
    fn sentences_escape_what_is_not_between_backticks() {
        assert_eq!(sentence("service `a|b` is @ok #1 <b>"), "service `a\\|b` is @\u{2060}ok &#35;1 &lt;b&gt;");
    }

    #[test]
    fn a_block_cannot_be_closed_from_inside() {
        assert_eq!(block(["a", "````", "b"]), "`````text\na\n````\nb\n`````\n");
    }

    #[test]
    fn only_plain_https_addresses_are_links() {
        assert_eq!(link("https://web.run.app/x?a=1"), "<https://web.run.app/x?a=1>");
        for address in
            ["http://web.run.app", "javascript:alert(1)", "https://a b", "https://x/)![](http://t", "https://u:p@x/"]
        {
            assert!(link(address).starts_with('`'), "{address}");
        }
    }
}
