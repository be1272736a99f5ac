//! A YAML map. In an input a value without quotes must be all that stands behind its key: whatever YAML would leave
//! out, join or look up elsewhere is a mistake.

use super::super::error::{Findings, Mistake};
use super::super::yaml::{Event, Events, ScalarStyle, Span, StructureStyle};
use super::cause::{self, Behind};
use super::{Entry, MAP_CURE, MapReader, NULL};
use slipway_names::shown::QuotedName;

/// A key whose value comes next.
struct Key<'a> {
    name: String,
    line: usize,
    /// What stands behind the colon, up to the line's end; `None` where no colon follows.
    behind: Option<&'a str>,
}

impl Key<'_> {
    /// Where its value begins.
    fn place(&self, value: &Span) -> Option<ScalarStart> {
        let behind = self.behind?;
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        Some(ScalarStart { key: self.name.clone(), line: self.line, column: value.start.col(), blanks })
    }
}

/// Where a value without quotes begins, and how many blanks stand before it.
struct ScalarStart {
    key: String,
    line: usize,
    column: usize,
    blanks: usize,
}

impl MapReader {
    /// The entries that could be read. The first text that is no YAML ends the reading.
    pub(super) fn yaml(&self, text: &str, findings: &mut Findings) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut aligned = Vec::new();
        if let Err(mistake) = self.events(text, findings, &mut entries, &mut aligned) {
            // What could not be read may have been told by halves.
            findings.mistakes.retain(|other| other.line != mistake.line);
            findings.mistakes.push(mistake);
        }
        // More than one blank before a value is a table that somebody typed, when all values begin in one column.
        let first = aligned.first().map(|place| place.column);
        let table = aligned.len() > 1 && aligned.iter().all(|place| Some(place.column) == first);
        if self.strict && !table {
            for ScalarStart { key, line, .. } in aligned.iter().filter(|place| place.blanks > 1) {
                findings.mistakes.push(self.mistake(Some(*line), Behind::Blanks.problem(key), cause::cure(key)));
            }
        }
        entries
    }

    fn events(
        &self,
        text: &str,
        findings: &mut Findings,
        entries: &mut Vec<Entry>,
        aligned: &mut Vec<ScalarStart>,
    ) -> Result<(), Mistake> {
        let mut events = Events::new(text);
        let mut key: Option<Key<'_>> = None;
        let (mut inside, mut over, mut braces) = (false, false, false);
        while let Some((event, span)) = events.next().map_err(|not_yaml| cause::of_text(self, text, not_yaml.line))? {
            let line = span.start.line();
            if over && !matches!(event, Event::StreamEnd | Event::DocumentEnd) {
                let cure = "keep one map; a value that begins with `---` or `...` needs quotes";
                return Err(self.mistake(Some(line), "a second document begins here", cure));
            }
            let mark = property(&event);
            if let Some(mark) = mark {
                let named = key.as_ref().map(|key| key.name.as_str());
                findings.mistakes.push(self.property(mark, named, line));
            }
            match event {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::MappingStart(style, ..) if !inside && key.is_none() => {
                    (inside, braces) = (true, style == StructureStyle::Flow);
                }
                Event::MappingEnd if key.is_none() => inside = false,
                Event::DocumentEnd => over = true,
                Event::StreamEnd => break,
                Event::Scalar(value, style, ..) if inside => match key.take() {
                    None => key = Some(Key { name: value.into_owned(), line, behind: behind(&events, &span) }),
                    Some(of) => {
                        let value = events.scalar(&value, style, &span);
                        if braces {
                            self.judge_in_braces(&value, style, &of, findings);
                        } else if mark.is_none() {
                            self.judge(&value, style, &span, &of, findings);
                            aligned
                                .extend(of.place(&span).filter(|_| style == ScalarStyle::Plain && !value.is_empty()));
                        }
                        entries.push(Entry {
                            key: of.name,
                            is_null: style == ScalarStyle::Plain && value == NULL,
                            value,
                            line: of.line,
                        });
                    }
                },
                Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) if inside => {
                    let Some(of) = key.take() else {
                        return Err(self.mistake(Some(line), "a key must be a plain word", MAP_CURE));
                    };
                    let block_map = self.nested && style != StructureStyle::Flow;
                    let value = if style == StructureStyle::Flow {
                        aligned.extend(of.place(&span));
                        self.flow(&mut events, &span, &of, braces, findings)
                    } else if block_map {
                        events.rest_of_collection(&span).map(|(inner, _)| without_indent(inner, &span))
                    } else {
                        None
                    };
                    let Some(value) = value else {
                        return Err(cause::nested(self, text, &of.name, of.line));
                    };
                    entries.push(Entry { key: of.name, value, is_null: false, line: of.line });
                }
                Event::Alias(..) | Event::UnresolvedAlias(..) => {
                    // Told above; the value is not known.
                    if let Some(of) = key.take() {
                        entries.push(Entry { key: of.name, value: String::new(), is_null: false, line: of.line });
                    } else {
                        return Ok(());
                    }
                }
                _ => return Err(self.mistake(Some(line), "not a YAML map", MAP_CURE)),
            }
        }
        Ok(())
    }

    fn property(&self, (mark, what): (char, &str), key: Option<&str>, line: usize) -> Mistake {
        match key {
            Some(key) => {
                let problem = format!(
                    "the value of {} begins with `{mark}`, which YAML takes for {what}: nothing of the text would arrive",
                    QuotedName(key)
                );
                self.mistake(Some(line), problem, cause::cure(key))
            }
            None => self.mistake(Some(line), format!("`{mark}` begins {what} in YAML"), "put the key in quotes"),
        }
    }

    /// Tells what of a value that is no collection would arrive changed.
    fn judge(&self, value: &str, style: ScalarStyle, span: &Span, of: &Key<'_>, findings: &mut Findings) {
        let found = match style {
            ScalarStyle::Plain => cause::of_plain(of.behind, value),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                (span.start.line() != span.end.line()).then_some(Behind::Folded)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => value.trim().is_empty().then_some(Behind::EmptyBlock),
        };
        if let Some(found) = found.filter(|_| self.strict) {
            findings.mistakes.push(self.mistake(Some(of.line), found.problem(&of.name), cause::cure(&of.name)));
        }
    }

    /// Tells of a name that stands alone between commas: most likely the rest of the value before it.
    fn judge_in_braces(&self, value: &str, style: ScalarStyle, of: &Key<'_>, findings: &mut Findings) {
        if self.strict && style == ScalarStyle::Plain && value.is_empty() && of.behind.is_none() {
            let problem = "something without a value stands between the commas";
            let cure = "quote a value with a comma in it, or write the map in lines of its own";
            findings.mistakes.push(self.mistake(Some(of.line), problem, cure));
        }
    }

    /// The text of a list or map in brackets, as typed.
    fn flow(
        &self,
        events: &mut Events<'_>,
        start: &Span,
        of: &Key<'_>,
        braces: bool,
        findings: &mut Findings,
    ) -> Option<String> {
        let (value, end) = events.rest_of_collection(start)?;
        if braces {
            // The next entry of the outer collection may follow, or its end.
            return Some(value.to_owned());
        }
        let rest = events.line_behind(&end).unwrap_or_default().trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            return None;
        }
        if self.strict && !rest.is_empty() {
            findings.mistakes.push(self.mistake(
                Some(of.line),
                Behind::Comment.problem(&of.name),
                cause::cure(&of.name),
            ));
        }
        Some(value.to_owned())
    }
}

/// What stands behind the colon of a key, up to the line's end.
fn behind<'a>(events: &Events<'a>, key: &Span) -> Option<&'a str> {
    events.line_behind(key)?.trim_start_matches([' ', '\t']).strip_prefix(':')
}

/// The mark that gives a node a meaning beyond its text, and what the meaning is.
fn property(event: &Event<'_>) -> Option<(char, &'static str)> {
    match event {
        Event::Alias(..) | Event::UnresolvedAlias(..) => Some(('*', "an alias")),
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(_, anchor, tag)
        | Event::MappingStart(_, anchor, tag) => match (*anchor != 0, tag.is_some()) {
            (true, _) => Some(('&', "an anchor")),
            (false, true) => Some(('!', "a tag")),
            (false, false) => None,
        },
        _ => None,
    }
}

/// The lines of a block that begins at `start`, moved to the left by its indentation.
fn without_indent(block: &str, start: &Span) -> String {
    let indent = start.start.col();
    let mut lines = block.lines();
    let first = lines.next().unwrap_or_default();
    let rest = lines.map(|line| {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line.get(blanks.min(indent)..).unwrap_or(line)
    });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}
