//! From text to a JSON document, as firebase-tools reads its files: comments are allowed, trailing commas are not.

use serde_json::Value;

use super::mistake::JsonMistake;

/// Reads a document.
///
/// # Errors
/// The line and the reason when the text is no JSON.
pub(super) fn read(file: &'static str, text: &str) -> Result<Value, JsonMistake> {
    serde_json::from_str(&without_comments(text)).map_err(|error| {
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or(&told);
        let cure = match reason {
            "trailing comma" => "take the comma before the closing bracket out: comments are allowed, this is not",
            _ if error.is_eof() => "the text ends too early: look for a bracket or a quote that is never closed",
            _ => "write JSON; only comments, with `//` or `/* */`, are allowed on top",
        };
        JsonMistake {
            file,
            path: String::new(),
            line: Some(error.line()).filter(|line| *line > 0),
            problem: format!("this is no JSON: {reason} (column {})", error.column()),
            cure: cure.to_owned(),
        }
    })
}

/// The text with every comment, and every byte order mark, as blanks: lines and columns stay what they were.
/// A comment that is never closed reaches to the end.
fn without_comments(text: &str) -> String {
    #[derive(PartialEq)]
    enum In {
        Json,
        String,
        Line,
        Block,
    }
    let mut place = In::Json;
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (&place, c, chars.peek().copied()) {
            (In::Json, '"', _) => place = In::String,
            (In::String, '"', _) => place = In::Json,
            (In::String, '\\', Some(next)) => {
                chars.next();
                plain.extend([c, next]);
                continue;
            }
            (In::Json, '/', Some('/')) => place = In::Line,
            (In::Json, '/', Some('*')) => {
                chars.next();
                plain.push_str("  ");
                place = In::Block;
                continue;
            }
            (In::Line, '\n', _) => place = In::Json,
            (In::Block, '*', Some('/')) => {
                chars.next();
                plain.push_str("  ");
                place = In::Json;
                continue;
            }
            _ => {}
        }
        let comment = matches!(place, In::Line | In::Block) && c != '\n';
        plain.push(if comment || c == '\u{feff}' { ' ' } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_texts_stay() {
        let text = "\u{feff}{ // one \"\n \"a\": \"http://x /* y */ \\\" // z\", /* two\n // */ \"b\": 1 } // end";
        let read = read("firebase.json", text).expect("JSON");
        assert_eq!(read, serde_json::json!({"a": "http://x /* y */ \" // z", "b": 1}));
        assert_eq!(without_comments(text).lines().count(), text.lines().count());
    }

    #[test]
    fn a_mistake_has_its_line_and_its_cure() {
        let told = |text: &str| read("firebase.json", text).expect_err("no JSON").to_string();
        assert_eq!(
            told("{\n  /* a\n  b */\n  \"a\": [1,],\n}"),
            "firebase.json, line 4: this is no JSON: trailing comma (column 11); take the comma before the closing \
             bracket out: comments are allowed, this is not"
        );
        assert!(told("{\"a\": ").contains("never closed"));
        assert!(told("").contains("ends too early"));
        assert!(told("{a: 1}").starts_with("firebase.json, line 1: this is no JSON: key must be a string"));
        // Nesting that would use up the stack is an error as well.
        assert!(told(&"[".repeat(100_000)).contains("recursion limit"));
    }
}
