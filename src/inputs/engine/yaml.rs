//! YAML as events, and the text that each of them was: the one place that drives the parser. What is made of the events, a
//! tree or the entries of a map, is its callers' business.

pub(super) use granit_parser::{Event, ScalarStyle, Span, StructureStyle};
use granit_parser::{Options, Parser, StrInput};

/// Where a text is no YAML any more. The parser's own reason may quote the text, so there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotYaml {
    /// The line, from 1.
    pub(super) line: usize,
}

/// The events of a text, one after the other.
pub(super) struct Events<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut options = Options::default();
        // An alias of nothing is an event like another: it can be told with its line, and the rest be read.
        options.emit_unresolved_aliases = true;
        Self { text, parser: Parser::new_from_str_with_options(text, options) }
    }

    /// The next event and where it stands; none behind the last.
    pub(super) fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, NotYaml> {
        self.parser.next().transpose().map_err(|error| NotYaml { line: error.marker().line() })
    }

    /// A scalar as typed: a plain one that stands on one line, which the parser may have read as something shorter.
    pub(super) fn scalar(&self, value: &str, style: ScalarStyle, span: &Span) -> String {
        let raw = span.start.byte_offset().zip(span.end.byte_offset()).and_then(|(from, to)| self.text.get(from..to));
        match raw {
            Some(raw) if style == ScalarStyle::Plain && !raw.contains('\n') => raw.trim().to_owned(),
            _ => value.to_owned(),
        }
    }

    /// The text of a collection that began at `start` as typed, and the place of its end; the next event is what follows it.
    pub(super) fn rest_of_collection(&mut self, start: &Span) -> Option<(&'a str, Span)> {
        let mut depth = 1;
        let mut end = *start;
        while depth > 0 {
            let (event, span) = self.next().ok()??;
            match event {
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                Event::StreamEnd => return None,
                _ => {}
            }
            end = span;
        }
        let inner = self.text.get(start.start.byte_offset()?..end.end.byte_offset()?)?;
        Some((inner, end))
    }

    /// What stands behind a place, up to the end of its line.
    pub(super) fn line_behind(&self, place: &Span) -> Option<&'a str> {
        let line = self.text.get(place.end.byte_offset()?..)?.split('\n').next()?;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}
