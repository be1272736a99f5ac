//! From a YAML tree to JSON, by a table of what may stand where: every value as the type that its field has, and every
//! mistake with its path and its line.

use serde_json::{Map, Value, json};

use super::path::Path;
use crate::inputs::engine::error::Findings;
use crate::inputs::engine::tree::{self as tree, Node};

/// The fields of an object.
pub(super) type Fields = &'static [(&'static str, FieldKind)];

/// What may stand in a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldKind {
    /// A text; a scalar without quotes is the text that was typed.
    Text,
    /// True or false.
    Flag,
    /// A whole number of 32 bits.
    Number,
    /// A number.
    Fraction,
    /// Permissions of a file: decimal as Google writes them, or octal with a zero before it.
    Mode,
    /// A length of time as Google writes it, such as `90s`.
    Duration,
    /// One of these words.
    Words(&'static [&'static str]),
    /// An object with these fields.
    Object(Fields),
    /// A list of these.
    List(&'static FieldKind),
    /// These by name.
    Map(&'static FieldKind),
    /// Texts by name.
    Texts,
    /// Texts by name, where nothing (`null`) takes one away.
    Notes,
    /// What Google writes itself, or this program: exports hold it, and it is left out.
    Written,
    /// What is not for Cloud Run, and why.
    Refused(&'static str),
}

/// Reads an object. A field that is there and says nothing comes back as `null`.
pub(super) fn read(fields: Fields, node: &Node, path: &Path, findings: &mut Findings) -> Map<String, Value> {
    let mut reader = ShapeCheck { findings, line: None };
    match reader.value(FieldKind::Object(fields), node, path) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Reads a value that stands as JSON in a text of the document, in `line` of it.
pub(super) fn read_json(
    kind: FieldKind,
    text: &str,
    path: &Path,
    line: Option<usize>,
    findings: &mut Findings,
) -> Option<Value> {
    let mut inner = Findings::default();
    let node = tree::read("manifest", text, &mut inner);
    let Some(node) = node.filter(|_| inner.mistakes.is_empty() && serde_json::from_str::<Value>(text).is_ok()) else {
        let cure = match kind {
            FieldKind::List(FieldKind::Text) => "write `[\"A\", \"B\"]`",
            _ => "write it as gcloud exports it",
        };
        findings.wrong_at("manifest", line, format!("{path}: this is not JSON"), cure);
        return None;
    };
    ShapeCheck { findings, line }.value(kind, &node, path)
}

struct ShapeCheck<'f> {
    findings: &'f mut Findings,
    /// The line of everything, where it stands in one text.
    line: Option<usize>,
}

impl ShapeCheck<'_> {
    fn wrong(&mut self, node: &Node, path: &Path, problem: impl AsRef<str>, cure: impl Into<String>) {
        let line = self.line.unwrap_or(node.line);
        self.findings.wrong_at("manifest", Some(line), format!("{path}: {}", problem.as_ref()), cure);
    }

    /// The value as JSON; nothing where it is wrong, which is told, or left out.
    fn value(&mut self, kind: FieldKind, node: &Node, path: &Path) -> Option<Value> {
        match kind {
            FieldKind::Written => return None,
            FieldKind::Refused(_) if node.is_null() || node.is_blank() => return None,
            FieldKind::Refused(why) => {
                self.wrong(node, path, why, "remove it");
                return None;
            }
            _ if node.is_null() || node.is_blank() => return Some(Value::Null),
            _ => {}
        }
        match (kind, &node.value) {
            (FieldKind::Object(fields), tree::TreeValue::Map(given)) => {
                Some(Value::Object(self.object(fields, given, path)))
            }
            (FieldKind::List(kind), tree::TreeValue::List(items)) => {
                let items = items.iter().enumerate();
                Some(items.filter_map(|(index, item)| self.item(*kind, item, &path.index(index))).collect())
            }
            (FieldKind::Texts, tree::TreeValue::Map(given)) => Some(self.entries(FieldKind::Text, given, path)),
            (FieldKind::Map(kind), tree::TreeValue::Map(given)) => Some(self.entries(*kind, given, path)),
            (FieldKind::Notes, tree::TreeValue::Map(given)) => {
                let entries = given.iter().filter_map(|field| {
                    Some((field.key.clone(), self.value(FieldKind::Text, &field.value, &path.entry(&field.key))?))
                });
                Some(Value::Object(entries.collect()))
            }
            (kind, tree::TreeValue::Text { text, .. }) if kind.is_scalar() => match scalar(kind, text) {
                Ok(value) => {
                    self.look_at_mode(kind, node, text, path);
                    Some(value)
                }
                Err((problem, cure)) => {
                    self.wrong(node, path, problem, cure);
                    None
                }
            },
            (kind, _) => {
                self.wrong(node, path, format!("this is {}, and must be {}", node.kind(), kind.word()), "");
                None
            }
        }
    }

    fn object(&mut self, fields: Fields, given: &[tree::Field], path: &Path) -> Map<String, Value> {
        let mut object = Map::new();
        for field in given {
            let inner = path.key(&field.key);
            match fields.iter().find(|(name, _)| *name == field.key) {
                Some((name, kind)) => {
                    if let Some(value) = self.value(*kind, &field.value, &inner) {
                        object.insert((*name).to_owned(), value);
                    }
                }
                None => {
                    let node = Node { line: field.line, ..field.value.clone() };
                    self.wrong(&node, &inner, "this is not understood", advice(fields, &field.key));
                }
            }
        }
        object
    }

    fn item(&mut self, kind: FieldKind, node: &Node, path: &Path) -> Option<Value> {
        let value = self.value(kind, node, path);
        if value == Some(Value::Null) {
            self.wrong(node, path, "nothing stands here", "write '' for an empty text, or remove the line");
            return None;
        }
        value
    }

    fn entries(&mut self, kind: FieldKind, given: &[tree::Field], path: &Path) -> Value {
        let entries = given
            .iter()
            .filter_map(|field| Some((field.key.clone(), self.item(kind, &field.value, &path.entry(&field.key))?)));
        Value::Object(entries.collect())
    }

    /// Decimal permissions that look like octal ones are most likely meant so, and Google takes them as they stand.
    fn look_at_mode(&mut self, kind: FieldKind, node: &Node, text: &str, path: &Path) {
        if matches!(kind, FieldKind::Mode) && matches!(text, "400" | "440" | "444") {
            let line = self.line.unwrap_or(node.line);
            let octal = text.parse::<u32>().unwrap_or_default();
            self.findings.warnings.push(format!(
                "manifest, line {line}: {path}: {text} is decimal, which is 0{octal:o}; write 0{text} for the other"
            ));
        }
    }
}

impl FieldKind {
    fn is_scalar(self) -> bool {
        matches!(
            self,
            FieldKind::Text
                | FieldKind::Flag
                | FieldKind::Number
                | FieldKind::Fraction
                | FieldKind::Mode
                | FieldKind::Duration
                | FieldKind::Words(_)
        )
    }

    fn word(self) -> &'static str {
        match self {
            FieldKind::Object(_) | FieldKind::Map(_) | FieldKind::Texts | FieldKind::Notes => "a map",
            FieldKind::List(_) => "a list",
            FieldKind::Flag => "true or false",
            FieldKind::Number | FieldKind::Fraction | FieldKind::Mode => "a number",
            FieldKind::Duration => "a time such as `90s`",
            FieldKind::Text | FieldKind::Words(_) | FieldKind::Written | FieldKind::Refused(_) => "a text",
        }
    }
}

/// A scalar as JSON, or what is wrong with it, and the cure. Texts may be secret, so only others are shown.
fn scalar(kind: FieldKind, text: &str) -> Result<Value, (String, String)> {
    let no = |what: &str, cure: &str| Err((format!("`{text}` is no {what}"), cure.to_owned()));
    match kind {
        FieldKind::Flag => match flag(text) {
            Some(flag) => Ok(flag.into()),
            None => no("truth", "write true or false"),
        },
        FieldKind::Number => match whole(text) {
            Some(number) => Ok(number.into()),
            None => no("whole number", &either_number(text)),
        },
        FieldKind::Fraction => match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => Ok(json!(number)),
            None => no("number", ""),
        },
        FieldKind::Mode => mode(text).map(Into::into),
        FieldKind::Duration => match is_duration(text) {
            true => Ok(text.into()),
            false => no("time", "write seconds, such as `90s`"),
        },
        FieldKind::Words(words) if !words.contains(&text) => no("word for this", &format!("write {}", listed(words))),
        _ => Ok(text.into()),
    }
}

/// A truth in any of the words that YAML has for it, in any case, with or without quotes: gcloud writes some as `True`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// A whole number of 32 bits, in any spelling that YAML 1.1 or 1.2 has and both take for the same: `1_000`, `0x1F`, `0o17`.
/// One with a zero before it is octal to the one and decimal to the other.
pub(super) fn whole(text: &str) -> Option<i32> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let in_between = |part: &str| !part.is_empty();
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => return None,
        _ => (10, digits),
    };
    let plain = digits.split('_').all(in_between) && digits.chars().all(|c| c == '_' || c.is_digit(radix));
    let number = plain.then(|| i64::from_str_radix(&digits.replace('_', ""), radix).ok()).flatten()?;
    i32::try_from(sign * number).ok()
}

/// What a number with a zero before it may mean.
fn either_number(text: &str) -> String {
    let (octal, decimal) = (i32::from_str_radix(text, 8), text.parse::<i32>());
    match (octal, decimal) {
        (Ok(octal), Ok(decimal)) if octal != decimal => {
            format!("write {octal}, as YAML 1.1 and gcloud read it, or {decimal}")
        }
        _ => String::new(),
    }
}

/// Permissions: octal with a zero before them, as YAML 1.1 and gcloud read them, or with `0o`; else decimal.
fn mode(text: &str) -> Result<u32, (String, String)> {
    let octal = text.strip_prefix("0o").or_else(|| text.strip_prefix('0').filter(|rest| !rest.is_empty()));
    let number = match octal {
        Some(digits) => u32::from_str_radix(digits, 8).ok(),
        None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
    };
    match number {
        Some(number) if number <= 0o777 => Ok(number),
        Some(_) if octal.is_none() && text.len() <= 4 && text.bytes().all(|b| b < b'8') => Err((
            format!("`{text}` is decimal here, and larger than 511 (0777)"),
            format!("write 0{text} for octal permissions"),
        )),
        _ => Err((format!("`{text}` is no permission of files"), "write 0 to 0777, or 0 to 511".into())),
    }
}

/// Seconds with up to nine decimals, and an `s` (`run.v2`, format google-duration).
fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part) && part.len() <= 9
}

/// What to write in place of a name that is not understood.
fn advice(fields: Fields, given: &str) -> String {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    let known = fields.iter().filter(|(_, kind)| !matches!(kind, FieldKind::Written | FieldKind::Refused(_)));
    match known.map(|(name, _)| *name).find(|name| plain(name) == plain(given)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "look at its spelling and its indentation, or remove it".into(),
    }
}

/// `a`, `b` or `c`.
pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Fields = &[("name", FieldKind::Text), ("mode", FieldKind::Mode)];
    const WHOLE: Fields = &[
        ("text", FieldKind::Text),
        ("flag", FieldKind::Flag),
        ("number", FieldKind::Number),
        ("part", FieldKind::Fraction),
        ("time", FieldKind::Duration),
        ("word", FieldKind::Words(&["A", "B"])),
        ("items", FieldKind::List(&FieldKind::Object(PART))),
        ("texts", FieldKind::Texts),
        ("notes", FieldKind::Notes),
        ("uid", FieldKind::Written),
        ("host", FieldKind::Refused("Cloud Run has no hosts")),
    ];

    fn shaped(text: &str) -> (Value, Vec<String>) {
        let mut findings = Findings::default();
        let node = tree::read_with_references("manifest", text, &mut findings).expect("a tree");
        let map = read(WHOLE, &node, &Path::default(), &mut findings);
        let told = findings.mistakes.iter().map(ToString::to_string).chain(findings.warnings);
        (Value::Object(map), told.collect())
    }

    #[test]
    fn scalars_become_what_their_field_is() {
        let (value, told) = shaped(
            "text: 5\nflag: True\nnumber: 7\npart: 0.5\ntime: 1.5s\nword: B\nitems: [{name: off, mode: 0440}, {name: '~', mode: 288}]\ntexts: {a: no, b: ''}\nnotes: {a: ~, b: 5, c: }\nuid: {any: [thing]}\nhost: ~\n",
        );
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(
            value,
            json!({"text": "5", "flag": true, "number": 7, "part": 0.5, "time": "1.5s", "word": "B",
                "items": [{"name": "off", "mode": 288}, {"name": "~", "mode": 288}],
                "texts": {"a": "no", "b": ""}, "notes": {"a": null, "b": "5", "c": null}})
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path_and_line() {
        let (_, told) = shaped(
            "flag: maybe\nnumber: 010\npart: x\ntime: 90\nword: C\nitems:\n- {nam: x, mode: 644, Mode: 1}\n-\n- text\ntexts: {a: }\ntext: [1]\nhost: x\nother: 1\n",
        );
        assert_eq!(
            told,
            [
                "manifest, line 1: flag: `maybe` is no truth; write true or false",
                "manifest, line 2: number: `010` is no whole number; write 8, as YAML 1.1 and gcloud read it, or 10",
                "manifest, line 3: part: `x` is no number",
                "manifest, line 4: time: `90` is no time; write seconds, such as `90s`",
                "manifest, line 5: word: `C` is no word for this; write `A` or `B`",
                "manifest, line 7: items[0].nam: this is not understood; look at its spelling and its indentation, or remove it",
                "manifest, line 7: items[0].mode: `644` is decimal here, and larger than 511 (0777); write 0644 for octal permissions",
                "manifest, line 7: items[0].Mode: this is not understood; did you mean `mode`?",
                "manifest, line 8: items[1]: nothing stands here; write '' for an empty text, or remove the line",
                "manifest, line 9: items[2]: this is a text, and must be a map",
                "manifest, line 10: texts[a]: nothing stands here; write '' for an empty text, or remove the line",
                "manifest, line 11: text: this is a list, and must be a text",
                "manifest, line 12: host: Cloud Run has no hosts; remove it",
                "manifest, line 13: other: this is not understood; look at its spelling and its indentation, or remove it",
            ]
        );
    }

    #[test]
    fn words_and_numbers_of_either_yaml_are_understood() {
        for (text, truth) in
            [("yes", true), ("On", true), ("y", true), ("'off'", false), ("N", false), ("\"no\"", false)]
        {
            let (value, told) = shaped(&format!("flag: {text}"));
            assert_eq!((value, told), (json!({ "flag": truth }), vec![]), "{text}");
        }
        for (text, number) in [("1_000", 1000), ("'5'", 5), ("0x1F", 31), ("0o17", 15), ("-3", -3), ("0", 0)] {
            let (value, told) = shaped(&format!("number: {text}"));
            assert_eq!((value, told), (json!({ "number": number }), vec![]), "{text}");
        }
        for wrong in ["017", "1__0", "_1", "0x", "0o8", "1e3", "3000000000", "1.0", "--1"] {
            assert_eq!(shaped(&format!("number: {wrong}")).1.len(), 1, "{wrong}");
        }
        assert_eq!(shaped("flag: ~\nnumber: ~\ntext: '~'").0, json!({"flag": null, "number": null, "text": "~"}));
    }

    #[test]
    fn permissions_are_octal_with_a_zero_and_decimal_without() {
        for (text, number) in
            [("0", 0), ("00", 0), ("0644", 420), ("0o644", 420), ("420", 420), ("511", 511), ("0777", 511)]
        {
            assert_eq!(mode(text).ok(), Some(number), "{text}");
        }
        for wrong in ["644", "0888", "888", "01777", "-1", "rw", "0o", ""] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
        let (value, told) = shaped("items: [{mode: 440}]");
        assert_eq!(value, json!({"items": [{"mode": 440}]}));
        assert_eq!(told, ["manifest, line 1: items[0].mode: 440 is decimal, which is 0670; write 0440 for the other"]);
    }
}
