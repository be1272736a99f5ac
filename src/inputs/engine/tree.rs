//! A YAML document as a tree: scalars stay the texts that were typed, and every node knows its line.

use std::collections::{HashMap, HashSet};

use super::error::{Findings, Mistake};
use super::yaml::{Event, Events, ScalarStyle, Span};

/// Longest document, in bytes: a longer one was not written by hand.
pub const LARGEST: usize = 1 << 20;

/// Deepest nesting: the deepest meaning that any document has is twelve, of a probe's headers in a manifest.
const DEEPEST: usize = 16;

/// Nodes that references may add to a document; few lines of them can ask for billions.
const MOST_REPEATED: usize = 20_000;

/// A node and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its line, from 1.
    pub line: usize,
    /// What it is.
    pub value: TreeValue,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeValue {
    /// A scalar.
    Text {
        /// The text, as typed; escapes of quoted texts are resolved.
        text: String,
        /// How it was typed.
        style: Style,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the document, without duplicates.
    Map(Vec<Field>),
}

/// How a scalar was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind `|` or `>`, so that its text begins a line below.
    Block,
}

/// An entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The key as typed.
    pub key: String,
    /// The line of the key, from 1.
    pub line: usize,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// Whether this is YAML's `null`, written out; an empty value is an empty text.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, TreeValue::Text { text, style: Style::Plain } if matches!(text.as_str(), "~" | "null" | "Null" | "NULL"))
    }

    /// Whether nothing stands there.
    pub fn is_blank(&self) -> bool {
        matches!(&self.value, TreeValue::Text { text, style: Style::Plain } if text.is_empty())
    }

    /// How many nodes it is, with everything in it.
    fn size(&self) -> usize {
        1 + match &self.value {
            TreeValue::Text { .. } => 0,
            TreeValue::List(items) => items.iter().map(Node::size).sum(),
            TreeValue::Map(fields) => fields.iter().map(|field| field.value.size()).sum(),
        }
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self.value {
            TreeValue::Text { .. } => "a text",
            TreeValue::List(_) => "a list",
            TreeValue::Map(_) => "a map",
        }
    }
}

/// Reads a document. What is wrong with it is told about `input`; what can be used in spite of that comes back,
/// so that everything else that is wrong can be told too.
pub fn read(input: &str, text: &str, findings: &mut Findings) -> Option<Node> {
    read_as(input, text, None, findings)
}

/// The same of a document that may refer to parts of itself by anchors, aliases and merge keys: one in a form of
/// somebody else's, whose other readers take them too.
pub fn read_with_references(input: &str, text: &str, findings: &mut Findings) -> Option<Node> {
    read_as(input, text, Some(References::default()), findings)
}

fn read_as(input: &str, text: &str, references: Option<References>, findings: &mut Findings) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LARGEST {
        findings.wrong(input, format!("it is {} bytes long", text.len()), "write 1 MiB at most");
        return None;
    }
    let mut reader = TreeBuilder { input, events: Events::new(text), references, findings };
    match reader.document() {
        Ok(node) => Some(node),
        Err(mistake) => {
            reader.findings.mistakes.push(mistake);
            None
        }
    }
}

const SYNTAX_CURE: &str =
    "look at the indentation and the quotes; between `{ }` or `[ ]` a text with `${…}` in it needs quotes";
const REUSE_CURE: &str = "write the value out where it is needed";

struct TreeBuilder<'a, 'f> {
    input: &'a str,
    events: Events<'a>,
    /// Where the document may refer to parts of itself.
    references: Option<References>,
    findings: &'f mut Findings,
}

/// The parts of a document that it may refer to.
#[derive(Default)]
struct References {
    known: HashMap<usize, Node>,
    repeated: usize,
}

impl<'a> TreeBuilder<'a, '_> {
    fn mistake(&self, line: usize, problem: impl Into<String>, cure: &str) -> Mistake {
        Mistake { input: self.input.to_owned(), line: Some(line), problem: problem.into(), cure: cure.to_owned() }
    }

    fn note(&mut self, line: usize, problem: impl Into<String>, cure: &str) {
        let mistake = self.mistake(line, problem, cure);
        self.findings.mistakes.push(mistake);
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Mistake> {
        match self.events.next() {
            Ok(Some(next)) => Ok(next),
            Ok(None) => Err(self.mistake(1, "the document breaks off", SYNTAX_CURE)),
            Err(not_yaml) => Err(self.mistake(not_yaml.line, "not YAML from here on", SYNTAX_CURE)),
        }
    }

    fn document(&mut self) -> Result<Node, Mistake> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    self.note(span.start.line(), "a second document begins here", "keep one document in the file");
                    break;
                }
                Event::DocumentStart(..) => {}
                event => root = self.node(event, &span, 0)?.or(root),
            }
        }
        let nothing = TreeValue::Text { text: String::new(), style: Style::Plain };
        Ok(root.unwrap_or(Node { line: 1, value: nothing }))
    }

    /// The node that begins with an event; `None` where a reference to another node stands.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Option<Node>, Mistake> {
        let line = span.start.line();
        if depth > DEEPEST {
            return Err(self.mistake(line, "this is nested too deeply", "nothing in this file needs so many levels"));
        }
        let mut anchor = 0;
        if let Event::Scalar(_, _, id, tag) | Event::SequenceStart(_, id, tag) | Event::MappingStart(_, id, tag) =
            &event
        {
            let tagged = tag.is_some();
            anchor = *id;
            if anchor != 0 && self.references.is_none() {
                self.note(line, "YAML anchors (`&`) are not read here", REUSE_CURE);
            }
            if tagged {
                self.note(line, "YAML tags (`!`) are not read here", "remove it, or quote a text that begins with `!`");
            }
        }
        let value = match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, span),
            Event::SequenceStart(..) => TreeValue::List(self.list(depth)?),
            Event::MappingStart(..) => TreeValue::Map(self.map(depth)?),
            Event::Alias(id) if self.references.is_some() => return self.referred(id, line).map(Some),
            Event::Alias(..) | Event::UnresolvedAlias(..) => {
                let cure = "write the value out, or quote a text that begins with `*`";
                self.note(line, "YAML aliases (`*`) are not read here", cure);
                return Ok(None);
            }
            _ => return Err(self.mistake(line, "not YAML from here on", SYNTAX_CURE)),
        };
        let node = Node { line, value };
        if let (Some(references), true) = (&mut self.references, anchor != 0) {
            references.known.insert(anchor, node.clone());
        }
        Ok(Some(node))
    }

    /// The part that an alias refers to. One that refers to what it stands in is not known yet.
    fn referred(&mut self, id: usize, line: usize) -> Result<Node, Mistake> {
        let found = self.references.as_ref().and_then(|references| references.known.get(&id)).cloned();
        let Some(node) = found else {
            return Err(self.mistake(line, "this alias refers to what it stands in", REUSE_CURE));
        };
        let repeated = self.references.as_mut().map_or(0, |references| {
            references.repeated += node.size();
            references.repeated
        });
        if repeated > MOST_REPEATED {
            return Err(self.mistake(line, "aliases repeat more here than any such file needs", REUSE_CURE));
        }
        Ok(node)
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: &Span) -> TreeValue {
        let text = self.events.scalar(text, style, span);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        TreeValue::Text { text, style }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Mistake> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(items);
            }
            items.extend(self.node(event, &span, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Field>, Mistake> {
        let mut fields: Vec<Field> = Vec::new();
        let mut merged: Vec<Field> = Vec::new();
        let mut lines: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                // What the map says itself holds; of what is merged, what comes first.
                let mut there: HashSet<String> = lines.into_keys().collect();
                fields.extend(merged.into_iter().filter(|field| there.insert(field.key.clone())));
                return Ok(fields);
            }
            let line = span.start.line();
            let key = self.node(event, &span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            let key = match key.map(|key| key.value) {
                Some(TreeValue::Text { text, .. }) => text,
                Some(_) => {
                    self.note(line, "a key must be a plain word", "write `KEY: value`");
                    continue;
                }
                None => continue,
            };
            if key == "<<" && self.references.is_some() {
                match value.map(|value| value.value) {
                    Some(TreeValue::Map(more)) => merged.extend(more),
                    Some(TreeValue::List(maps)) if maps.iter().all(|map| matches!(map.value, TreeValue::Map(_))) => {
                        merged.extend(maps.into_iter().flat_map(|map| match map.value {
                            TreeValue::Map(more) => more,
                            _ => Vec::new(),
                        }));
                    }
                    _ => self.note(line, "a merge key (`<<`) takes maps alone", REUSE_CURE),
                }
                continue;
            }
            if key == "<<" {
                self.note(line, "YAML merge keys (`<<`) are not read here", REUSE_CURE);
                continue;
            }
            if let Some(first) = lines.get(&key) {
                self.note(line, format!("`{key}` is given twice (first in line {first})"), "keep one");
                continue;
            }
            if let Some(value) = value {
                lines.insert(key.clone(), line);
                fields.push(Field { key, line, value });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read("manifest", text, &mut findings);
        findings.mistakes.iter().map(ToString::to_string).collect()
    }

    /// The tree in one line: `key@line=value`, quotes around texts that are no plain ones.
    fn shown(node: &Node) -> String {
        match &node.value {
            TreeValue::Text { text, style: Style::Plain } => text.clone(),
            TreeValue::Text { text, style } => format!("{style:?}({text:?})@{}", node.line),
            TreeValue::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            TreeValue::Map(fields) => {
                let fields = fields.iter().map(|field| format!("{}@{}={}", field.key, field.line, shown(&field.value)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn good(text: &str) -> Node {
        let mut findings = Findings::default();
        let node = read("manifest", text, &mut findings).expect("a tree");
        assert_eq!(findings, Findings::default(), "{text}");
        node
    }

    #[test]
    fn scalars_stay_what_was_typed_and_know_their_lines() {
        let text = "# comment\nA: 1.10\nB: yes # why\nC: \"two\\nlines\"\nD: 'it''s'\nE: |\n  one\n  two\nF:\nG:\n  - x\n  - {h: 012, i: [1, ~]}\nJ: ${values.X}\nK: $${x}";
        assert_eq!(
            shown(&good(text)),
            "{A@2=1.10 B@3=yes C@4=Quoted(\"two\\nlines\")@4 D@5=Quoted(\"it's\")@5 E@6=Block(\"one\\ntwo\\n\")@7 F@9= G@10=[x {h@12=012 i@12=[1 ~]}] J@13=${values.X} K@14=$${x}}"
        );
    }

    #[test]
    fn null_is_what_is_written_as_null_and_nothing_else() {
        let TreeValue::List(items) = good("[~, null, 'null', \"~\", nulls]").value else { panic!("a list") };
        assert_eq!(items.iter().map(Node::is_null).collect::<Vec<_>>(), [true, true, false, false, false]);
        for nothing in ["", "# only a comment\n", "---\n", "\u{feff}"] {
            let node = good(nothing);
            assert!(node.is_blank() && !node.is_null(), "{nothing}");
        }
    }

    #[test]
    fn what_is_not_read_is_told_with_its_line_and_all_at_once() {
        let told = told(
            "a: &x 1\nb: *x\nc: !!str 2\nd:\n  <<: {e: 1}\n  f: 1\n  f: 2\n? [g]\n: 1\nh: *nobody\n---\nsecond: 1\n",
        );
        assert_eq!(
            told,
            [
                "manifest, line 1: YAML anchors (`&`) are not read here; write the value out where it is needed",
                "manifest, line 2: YAML aliases (`*`) are not read here; write the value out, or quote a text that begins with `*`",
                "manifest, line 3: YAML tags (`!`) are not read here; remove it, or quote a text that begins with `!`",
                "manifest, line 5: YAML merge keys (`<<`) are not read here; write the value out where it is needed",
                "manifest, line 7: `f` is given twice (first in line 6); keep one",
                "manifest, line 8: a key must be a plain word; write `KEY: value`",
                "manifest, line 10: YAML aliases (`*`) are not read here; write the value out, or quote a text that begins with `*`",
                "manifest, line 11: a second document begins here; keep one document in the file",
            ]
        );
    }

    #[test]
    fn documents_in_somebody_elses_form_may_refer_to_parts_of_themselves() {
        let read = |text: &str| {
            let mut findings = Findings::default();
            let node = read_with_references("manifest", text, &mut findings);
            (node.as_ref().map(shown), findings.mistakes.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {x: 9, z: 4}]}\ne: &t two\nf: *t\n";
        let (tree, told) = read(text);
        assert_eq!(
            tree.unwrap_or_default(),
            "{a@1={x@1=1 y@1=2} b@2={x@1=1 y@1=2} c@3={y@3=3 x@1=1} d@4={x@1=1 y@1=2 z@4=4} e@5=two f@6=two}"
        );
        assert_eq!(told, Vec::<String>::new());
        assert!(read("a: *nobody").1[0].contains("aliases (`*`) are not read here"));
        assert!(read("a: &a [*a]").1[0].contains("refers to what it stands in"));
        assert!(read("a: {<<: 1}").1[0].contains("takes maps alone"));
        let many = "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n";
        assert!(read(many).1[0].contains("aliases repeat more here"), "{:?}", read(many).1);
    }

    #[test]
    fn limits_hold() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(told(&deep(DEEPEST)), Vec::<String>::new());
        assert!(told(&deep(DEEPEST + 1))[0].starts_with("manifest, line 1: this is nested too deeply"));
        // The parser has a limit of its own, which comes first here.
        assert_eq!(told(&deep(100_000)).len(), 1);
        assert!(told(&"# x\n".repeat(LARGEST / 4 + 1))[0].ends_with("write 1 MiB at most"));
    }

    #[test]
    fn text_that_is_no_yaml_is_told_with_its_line_and_not_quoted() {
        for text in ["a: 1\nb: {ENV: ${hunter2}}\n", "a: 1\nb: \"hunter2\n", "a: 1\n\tb: hunter2\n"] {
            let told = told(text);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].contains("not YAML from here on") && !told[0].contains("hunter2"), "{told:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[-a-c:{}\\[\\]&*!|>'\"#?, \\n\\t~<%$@`é\u{85}\u{2028}]{0,60}") {
            let mut findings = Findings::default();
            let node = read("manifest", &text, &mut findings);
            prop_assert!(node.is_some() || !findings.mistakes.is_empty());
        }

        #[test]
        fn a_text_in_quotes_comes_out_as_it_went_in(text in "[ -~é\\n\\t]{0,60}") {
            let TreeValue::Map(fields) = good(&format!("key: {}", serde_json::Value::from(text.as_str()))).value else { panic!("a map") };
            prop_assert_eq!(&fields[0].value.value, &TreeValue::Text { text, style: Style::Quoted });
        }
    }
}
