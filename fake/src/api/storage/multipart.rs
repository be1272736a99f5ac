//! `multipart/related`: metadata and content in one body.

use hyper::body::Bytes;

/// One part: its content type and its bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    /// Its `Content-Type`, if it has one.
    pub(super) content_type: Option<String>,
    /// Its bytes.
    pub(super) content: Bytes,
}

/// The boundary a `Content-Type: multipart/related` header names.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/related") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches(['"', '\''])).filter(|boundary| !boundary.is_empty())
}

/// The parts of a body. Line ends may be CRLF or LF; the body must end with the closing boundary.
pub(super) fn parts(body: &Bytes, boundary: &str) -> Option<Vec<Part>> {
    let delimiter = format!("--{boundary}");
    let mut at = find(body, delimiter.as_bytes(), 0)? + delimiter.len();
    let mut parts = Vec::new();
    while !body[at..].starts_with(b"--") {
        let start = line_end(body, at)?;
        let between = format!("\n{delimiter}");
        let next = find(body, between.as_bytes(), start)?;
        let end = if next > start && body[next - 1] == b'\r' { next - 1 } else { next };
        parts.push(part(&body.slice(start..end.max(start)))?);
        at = next + between.len();
    }
    Some(parts)
}

fn part(text: &Bytes) -> Option<Part> {
    let mut content_type = None;
    let mut at = 0;
    loop {
        let end = line_end(text, at)?;
        let line = std::str::from_utf8(&text[at..end]).ok()?.trim();
        at = end;
        if line.is_empty() {
            return Some(Part { content_type, content: text.slice(at..) });
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-type") {
            content_type = Some(value.trim().to_owned());
        }
    }
}

/// The index after the line end at or behind `from`.
fn line_end(text: &[u8], from: usize) -> Option<usize> {
    find(text, b"\n", from).map(|at| at + 1)
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = from;
    while let Some(found) = text.get(at..)?.iter().position(|byte| *byte == first) {
        at += found;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_line_ends_are_read_and_content_is_exact() {
        for end in ["\r\n", "\n"] {
            let text = "--X~Content-Type: application/json~~{}~--X~Content-Type: a/b~~\u{0}\nend\n~--X--~";
            let text = text.replace('~', end);
            let found = parts(&Bytes::from(text), "X").expect("two parts");
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].content, "{}");
            assert_eq!(found[1].content_type.as_deref(), Some("a/b"));
            assert_eq!(found[1].content, "\u{0}\nend\n");
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_refused() {
        assert_eq!(parts(&Bytes::from("--X\r\n\r\n{}\r\n--X\r\n\r\nabc"), "X"), None);
        assert_eq!(parts(&Bytes::from("no boundary"), "X"), None);
    }

    #[test]
    fn the_boundary_is_found_in_the_header() {
        assert_eq!(boundary("multipart/related; boundary=\"a=b\""), Some("a=b"));
        assert_eq!(boundary("multipart/form-data; boundary=x"), None);
        assert_eq!(boundary("multipart/related; boundary="), None);
    }
}
