//! Inputs that are maps: a YAML map, a JSON object, or `KEY=VALUE` lines. Values are texts exactly
//! as typed: `1.10` stays `1.10`, `yes` stays `yes`, a JSON document stays the document.

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use serde::de::{Deserializer, MapAccess, Visitor};

use super::error::{Findings, Mistake};
use super::spec::Input;

/// One entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key as typed.
    pub key: String,
    /// The value as typed.
    pub value: String,
    /// Whether that is `null` without quotes.
    pub is_null: bool,
    /// The line of the key, from 1.
    pub line: usize,
}

impl Entry {
    /// Refuses a value that is `null` without quotes: GitHub's `toJSON` makes that of a secret that does not exist, and a
    /// service would be given the four letters in its place.
    ///
    /// # Errors
    /// What is wrong with it, and the cure.
    pub fn given(&self) -> Result<(), (String, String)> {
        if !self.is_null {
            return Ok(());
        }
        let key = &self.key;
        Err((
            format!("`{key}` is null, which is what `toJSON` makes of a secret that does not exist"),
            format!(
                "store the secret, by the name that is asked for: `gh secret set {key}`; where the word is meant, write it in quotes"
            ),
        ))
    }
}

/// What YAML and JSON have for nothing.
const NULL: &str = "null";

/// Parses the text of a map input; mistakes and warnings go to `findings`.
pub fn parse(input: &Input, text: &str, findings: &mut Findings) -> Vec<Entry> {
    read(Reader { input: input.name, secret: input.secret, nested: false }, text, findings)
}

/// Parses a map that may hold maps; such a value is the inner map's text, for [`parse_inner`].
pub fn parse_nested(input: &Input, text: &str, findings: &mut Findings) -> Vec<Entry> {
    read(Reader { input: input.name, secret: input.secret, nested: true }, text, findings)
}

/// Parses the map that is the value of an entry. Lines are told from the entry's own on.
pub fn parse_inner(input: &Input, outer: &Entry, findings: &mut Findings) -> Vec<Entry> {
    let reader = Reader { input: input.name, secret: input.secret, nested: false };
    // JSON and YAML in one line look alike; JSON's texts may hold characters that YAML does not take.
    let json = if outer.value.trim_start().starts_with('{') { reader.json(&outer.value).ok() } else { None };
    let entries = match json {
        Some(entries) => Ok(entries),
        None if outer.value.trim().is_empty() => Ok(Vec::new()),
        None => reader.yaml(&outer.value),
    };
    let entries = entries.map_err(|mistake| Mistake { line: Some(outer.line), ..mistake });
    let mut entries = findings.keep(entries).unwrap_or_default();
    let begins = outer.line + usize::from(!outer.value.trim_start().starts_with('{'));
    entries.iter_mut().for_each(|entry| entry.line += begins - 1);
    once_each(input.name, &entries, findings);
    entries
}

fn read(reader: Reader, text: &str, findings: &mut Findings) -> Vec<Entry> {
    let entries = match grammar(text) {
        Grammar::Nothing => Ok(Vec::new()),
        Grammar::Json => reader.json(text),
        Grammar::Yaml => reader.yaml(text),
        Grammar::Lines => reader.lines(text, &mut findings.warnings),
        Grammar::Unknown(line) => Err(reader.mistake(Some(line), "neither `KEY: value` nor `KEY=value`", MAP_CURE)),
    };
    let entries = findings.keep(entries).unwrap_or_default();
    once_each(reader.input, &entries, findings);
    entries
}

fn once_each(input: &str, entries: &[Entry], findings: &mut Findings) {
    for (index, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..index].iter().find(|other| other.key == entry.key) {
            findings.wrong_at(
                input,
                Some(entry.line),
                format!("`{}` is given twice (first in line {})", entry.key, first.line),
                "keep one",
            );
        }
    }
}

const MAP_CURE: &str = "write a YAML map, `KEY=VALUE` lines, or a JSON object";
const MULTILINE_CURE: &str =
    "a value with line breaks needs quotes or a `|` block; for a secret write `KEY: ${{ toJSON(secrets.NAME) }}`";

enum Grammar {
    Nothing,
    Json,
    Yaml,
    Lines,
    Unknown(usize),
}

/// The first line that is neither blank nor a comment shows the grammar: what comes first in it,
/// `=` or a colon followed by a blank.
fn grammar(text: &str) -> Grammar {
    let Some((index, line)) =
        text.lines().enumerate().find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    else {
        return Grammar::Nothing;
    };
    let line = line.trim();
    if line.starts_with('{') {
        return Grammar::Json;
    }
    let colon = if line.starts_with(['"', '\'']) { Some(0) } else { find_colon(line) };
    match (line.find('='), colon) {
        (Some(equals), Some(colon)) if equals < colon => Grammar::Lines,
        (Some(_), None) => Grammar::Lines,
        (_, Some(_)) => Grammar::Yaml,
        (None, None) => Grammar::Unknown(index + 1),
    }
}

fn find_colon(line: &str) -> Option<usize> {
    line.match_indices(':').map(|(at, _)| at).find(|at| {
        let rest = &line[at + 1..];
        rest.is_empty() || rest.starts_with([' ', '\t'])
    })
}

struct Reader {
    input: &'static str,
    secret: bool,
    /// Whether a value may be a map.
    nested: bool,
}

impl Reader {
    fn mistake(&self, line: Option<usize>, problem: impl Into<String>, cure: impl Into<String>) -> Mistake {
        Mistake { input: self.input.to_owned(), line, problem: problem.into(), cure: cure.into() }
    }

    fn json(&self, text: &str) -> Result<Vec<Entry>, Mistake> {
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json.deserialize_map(Pairs).and_then(|pairs| json.end().map(|()| pairs)).map_err(|error| {
            self.mistake(
                Some(error.line()),
                format!(
                    "this begins with `{{` but is no JSON object (column {}: {})",
                    error.column(),
                    self.reason(&error)
                ),
                MAP_CURE,
            )
        })?;
        // Each key is looked for behind the value before it: the text of a value may look like a key.
        let mut seen = 0;
        let mut entry = |(key, value, length): (String, String, usize)| {
            let quoted = serde_json::Value::from(key.as_str()).to_string();
            let at = text[seen..].find(&quoted).map_or(seen, |at| seen + at);
            let line = text[..at].matches('\n').count() + 1;
            seen = behind(text, at + quoted.len(), length);
            // A text of these letters has two quotes more.
            let is_null = value == NULL && length == NULL.len();
            Entry { key, value, is_null, line }
        };
        Ok(pairs.into_iter().map(&mut entry).collect())
    }

    /// serde_json's reason without its position; it may quote the text, so not for secrets.
    fn reason(&self, error: &serde_json::Error) -> String {
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        if self.secret && reason.contains('`') { "unexpected text".to_owned() } else { reason }
    }

    fn yaml(&self, text: &str) -> Result<Vec<Entry>, Mistake> {
        let mut entries = Vec::new();
        let mut parser = Parser::new_from_str(text);
        let mut key: Option<(String, usize)> = None;
        let mut inside = false;
        while let Some(event) = parser.next() {
            let (event, span) = event.map_err(|error| {
                self.mistake(Some(error.marker().line()), "not a YAML map from here on", MULTILINE_CURE)
            })?;
            let line = span.start.line();
            match event {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::MappingStart(..) if !inside => inside = true,
                Event::MappingEnd if key.is_none() => inside = false,
                Event::DocumentEnd | Event::StreamEnd => break,
                Event::Scalar(value, style, _, _) if inside => match key.take() {
                    None => key = Some((value.into_owned(), line)),
                    Some((key, line)) => {
                        let plain = style == ScalarStyle::Plain;
                        let value = if plain { one_paragraph(text, &span, &value) } else { value.into_owned() };
                        entries.push(Entry { key, is_null: plain && value == NULL, value, line });
                    }
                },
                Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) if inside => {
                    let Some((key, line)) = key.take() else {
                        return Err(self.mistake(Some(line), "a key must be a plain word", MAP_CURE));
                    };
                    let block_map = self.nested && matches!(event, Event::MappingStart(..));
                    let value = if style == StructureStyle::Flow {
                        skip_collection(&mut parser, text, &span)
                    } else if block_map {
                        skip_collection(&mut parser, text, &span).map(|inner| without_indent(&inner, &span))
                    } else {
                        None
                    };
                    let Some(value) = value else {
                        return Err(self.mistake(
                            Some(line),
                            format!("the value of `{key}` is a nested map or list"),
                            "write it as one text: JSON on one line, in quotes, or behind `|`",
                        ));
                    };
                    entries.push(Entry { key, value, is_null: false, line });
                }
                Event::Alias(..) => {
                    return Err(self.mistake(Some(line), "YAML aliases are not read here", "write the value out"));
                }
                _ => return Err(self.mistake(Some(line), "not a YAML map", MAP_CURE)),
            }
        }
        Ok(entries)
    }

    fn lines(&self, text: &str, warnings: &mut Vec<String>) -> Result<Vec<Entry>, Mistake> {
        let mut entries = Vec::new();
        let mut rest = text;
        let mut line = 1;
        while !rest.is_empty() {
            let (current, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let trimmed = current.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                (rest, line) = (after, line + 1);
                continue;
            }
            let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
            let Some((key, _)) = trimmed.split_once('=') else {
                return Err(self.mistake(Some(line), "no `=` in this line", MULTILINE_CURE));
            };
            let start = rest.len() - rest.split_once('=').map_or("", |(_, value)| value).len();
            let (value, used) = self.line_value(&rest[start..], line)?;
            let key = key.trim().to_owned();
            if !value.quoted
                && let Some(next) = another_assignment(&value.text)
            {
                warnings.push(format!(
                    "{}, line {line}: `{key}` takes the whole line, with `{next}=` in it; entries are separated by line breaks, not commas. Put `{next}` on a line of its own, or quote the value if this is meant",
                    self.input
                ));
            }
            let is_null = !value.quoted && value.text == NULL;
            entries.push(Entry { key, value: value.text, is_null, line });
            let consumed = start + used;
            line += rest[..consumed].matches('\n').count();
            rest = &rest[consumed..];
        }
        Ok(entries)
    }

    /// The value that begins here, and how many bytes it takes, its line break included.
    fn line_value(&self, text: &str, line: usize) -> Result<(LineValue, usize), Mistake> {
        let end = text.find('\n').map_or(text.len(), |at| at + 1);
        let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
        let Some(quote) = text[blanks..].chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            let value = text[..end].trim_end_matches(['\n', '\r']);
            let value = if value.trim_start().starts_with('#') { "" } else { value };
            let value = value.find(" #").or_else(|| value.find("\t#")).map_or(value, |at| &value[..at]);
            return Ok((LineValue { text: value.trim().to_owned(), quoted: false }, end));
        };
        let mut value = String::new();
        let mut chars = text[blanks + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    let after = blanks + 1 + at + 1;
                    let end = text[after..].find('\n').map_or(text.len(), |next| after + next + 1);
                    let tail = text[after..end].trim();
                    if !tail.is_empty() && !tail.starts_with('#') {
                        return Err(self.mistake(
                            Some(line),
                            "text follows the closing quote",
                            "to keep the quotes as part of the value, put all of it in the other kind of quotes",
                        ));
                    }
                    return Ok((LineValue { text: value, quoted: true }, end));
                }
                '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some(c @ ('"' | '\\' | '$' | '\'')) => value.push(c),
                    // Anything else is no escape here: `\d` in a pattern, `\Users` in a path.
                    Some(c) => value.extend(['\\', c]),
                    None => value.push('\\'),
                },
                c => value.push(c),
            }
        }
        Err(self.mistake(Some(line), format!("the quote {quote} that begins here is never closed"), "close it"))
    }
}

struct LineValue {
    text: String,
    quoted: bool,
}

/// The name in `,NAME=` inside a value: the sign of a list written for a comma-separated grammar.
fn another_assignment(value: &str) -> Option<&str> {
    value.match_indices(',').find_map(|(at, _)| {
        let rest = value[at + 1..].trim_start();
        let (name, _) = rest.split_once('=')?;
        let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        (!name.is_empty() && name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(upper))
            .then_some(name)
    })
}

/// A plain scalar as typed, when it stands on one line; the parser would fold several.
pub(super) fn one_paragraph(text: &str, span: &Span, value: &str) -> String {
    source(text, span).filter(|raw| !raw.contains('\n')).map_or_else(|| value.to_owned(), |raw| raw.trim().to_owned())
}

/// The text of a flow collection as typed; the parser is moved behind its end.
fn skip_collection<'a>(
    parser: &mut Parser<'a, granit_parser::StrInput<'a>>,
    text: &str,
    start: &Span,
) -> Option<String> {
    let mut depth = 1;
    let mut end = *start;
    while depth > 0 {
        let (event, span) = parser.next()?.ok()?;
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth -= 1,
            Event::StreamEnd => return None,
            _ => {}
        }
        end = span;
    }
    let from = start.start.byte_offset()?;
    let to = end.end.byte_offset()?;
    text.get(from..to).map(str::to_owned)
}

/// The lines of a block that begins at `start`, moved to the left by its indentation.
fn without_indent(block: &str, start: &Span) -> String {
    let indent = start.start.col();
    let mut lines = block.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest = lines.map(|line| {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line[blanks.min(indent)..].to_owned()
    });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}

fn source<'a>(text: &'a str, span: &Span) -> Option<&'a str> {
    text.get(span.start.byte_offset()?..span.end.byte_offset()?)
}

/// Reads a JSON object in order, keeping duplicates: keys, values as texts, and how long the values are as typed.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, String, usize)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Box<serde_json::value::RawValue>>()? {
            let raw = value.get();
            let value = if raw.starts_with('"') {
                serde_json::from_str(raw).map_err(serde::de::Error::custom)?
            } else {
                raw.to_owned()
            };
            pairs.push((key, value, raw.len()));
        }
        Ok(pairs)
    }
}

/// The place `length` bytes further on, on a character's border and inside the text.
fn behind(text: &str, from: usize, length: usize) -> usize {
    (from + length..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::spec;

    fn read(text: &str) -> (Vec<(String, String)>, Findings) {
        let mut findings = Findings::default();
        let entries = parse(spec::find("env_vars").expect("in the table"), text, &mut findings);
        (entries.into_iter().map(|e| (e.key, e.value)).collect(), findings)
    }

    fn good(text: &str) -> Vec<(String, String)> {
        let (entries, findings) = read(text);
        assert_eq!(findings, Findings::default(), "{text}");
        entries
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
    }

    fn bad(text: &str) -> String {
        let (_, findings) = read(text);
        assert!(!findings.mistakes.is_empty(), "accepted: {text}");
        findings.mistakes[0].to_string()
    }

    #[test]
    fn a_map_may_hold_maps_where_that_is_meant() {
        let mut findings = Findings::default();
        let input = spec::find("pre_deploy_job").expect("in the table");
        let text = "command: [\"a\", \"b c\"]\nenv:\n  A: 1.10\n\n  B: |\n    two\n      lines\n# end\nsecrets: {D: db:1}\nretries: 2";
        let outer = parse_nested(input, text, &mut findings);
        let value = |key: &str| outer.iter().find(|entry| entry.key == key).expect(key);
        let inner = |key: &str, findings: &mut Findings| -> Vec<(String, String, usize)> {
            parse_inner(input, value(key), findings).into_iter().map(|e| (e.key, e.value, e.line)).collect()
        };
        assert_eq!(value("command").value, "[\"a\", \"b c\"]");
        assert_eq!(
            inner("env", &mut findings),
            [("A".into(), "1.10".into(), 3), ("B".into(), "two\n  lines\n".into(), 5)]
        );
        assert_eq!(inner("secrets", &mut findings), [("D".into(), "db:1".into(), 9)]);
        assert_eq!(value("retries").value, "2");
        assert_eq!(findings, Findings::default());
    }

    #[test]
    fn yaml_values_are_the_text_as_typed() {
        assert_eq!(
            good(
                "# a comment\nA: 1.10\nB: yes\nC: 012\nD: \"two\\nlines\"\nE: 'it''s # here'\nF: a=b,c=d # comment\nG:\nH: http://x/#frag\n/file: s:1"
            ),
            pairs([
                ("A", "1.10"),
                ("B", "yes"),
                ("C", "012"),
                ("D", "two\nlines"),
                ("E", "it's # here"),
                ("F", "a=b,c=d"),
                ("G", ""),
                ("H", "http://x/#frag"),
                ("/file", "s:1"),
            ])
        );
    }

    #[test]
    fn yaml_keeps_json_documents_and_blocks() {
        assert_eq!(
            good("CFG: {\"a\": 1.0, \"b\": [\"x, y\"]}\nLIST: [1, 2]\nPEM: |\n  -----BEGIN\n  abc\n"),
            pairs([("CFG", "{\"a\": 1.0, \"b\": [\"x, y\"]}"), ("LIST", "[1, 2]"), ("PEM", "-----BEGIN\nabc\n")])
        );
    }

    #[test]
    fn lines_take_values_whole() {
        assert_eq!(
            good(
                "# comment\nA=1,2\nexport B=x=y # why\nC=\"quoted \\\"x\\\"\\nnext\"\nD='literal \\n'\nE={\"a\":1,\"b\":\"c\"}\nF=\nG=\"two\nlines\" # end\nH=http://x/#frag\nI=C:\\dir"
            ),
            pairs([
                ("A", "1,2"),
                ("B", "x=y"),
                ("C", "quoted \"x\"\nnext"),
                ("D", "literal \\n"),
                ("E", "{\"a\":1,\"b\":\"c\"}"),
                ("F", ""),
                ("G", "two\nlines"),
                ("H", "http://x/#frag"),
                ("I", "C:\\dir"),
            ])
        );
    }

    #[test]
    fn json_objects_keep_order_and_inner_documents() {
        assert_eq!(
            good("{\"B\": \"x\\ny\", \"A\": 1.10, \"C\": {\"k\": [1,2]}, \"D\": null, \"E\": \"\\ud83d\\ude00\"}"),
            pairs([("B", "x\ny"), ("A", "1.10"), ("C", "{\"k\": [1,2]}"), ("D", "null"), ("E", "😀")])
        );
        assert_eq!(good("{}"), vec![]);
        assert_eq!(good("  \n# nothing\n"), vec![]);
    }

    #[test]
    fn the_line_of_a_key_is_not_that_of_a_text_like_it() {
        let text = "{\"A\": \"B\",\n\"C\": {\"B\": 1},\n\n\"B\": 2,\n\"É\": 3, \"B\": 4}";
        let mut findings = Findings::default();
        let entries = parse(spec::find("env_vars").expect("in the table"), text, &mut findings);
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 2, 4, 5, 5]);
        assert_eq!(
            findings.mistakes[0].to_string(),
            "env_vars, line 5: `B` is given twice (first in line 4); keep one"
        );
    }

    #[test]
    fn mistakes_name_the_line_and_never_the_value() {
        assert_eq!(bad("A: 1\nB: 2\nA: 3"), "env_vars, line 3: `A` is given twice (first in line 1); keep one");
        assert!(
            bad("A=1\nhunter2hunter2").starts_with("env_vars, line 2: no `=` in this line; a value with line breaks")
        );
        assert!(bad("A: -----BEGIN\nMIIEhunter2\n-----END").starts_with("env_vars, line"));
        assert!(bad("A:\n  b: c").contains("the value of `A` is a nested map"));
        assert!(bad("hello").starts_with("env_vars, line 1: neither `KEY: value` nor `KEY=value`"));
        assert!(bad("{\"A\": 1,}").contains("no JSON object"));
        assert!(bad("A=\"x\" y").contains("text follows the closing quote"));
        assert!(bad("A=\"x").contains("never closed"));
        for text in ["A=1\nhunter2hunter2", "A: -----BEGIN\nMIIEhunter2\n-----END", "{\"A\": hunter2}"] {
            assert!(!bad(text).contains("hunter2"), "{}", bad(text));
        }
    }

    #[test]
    fn a_list_for_another_grammar_is_noticed() {
        let (entries, findings) = read("A=1,B=2");
        assert_eq!(entries, pairs([("A", "1,B=2")]));
        assert!(findings.warnings[0].contains("`A` takes the whole line"), "{findings:?}");
        assert_eq!(read("A=\"1,B=2\"").1, Findings::default());
        assert_eq!(read("URL=postgres://x?a=1,b=2").1, Findings::default());
    }
}
