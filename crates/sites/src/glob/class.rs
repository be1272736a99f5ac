//! The bracket expression of a pattern, such as `[a-z]` or `[![:digit:]]`, with minimatch's meaning.
//!
//! The classes with a colon are Unicode's there. Here they are exact for ASCII and, for what lies beyond, what the
//! standard library knows: letters with their marks for `L`, no punctuation but that of the general block.

use super::units::{Unit, ascii, code_points};

/// What a `[` turned out to be, and how many units of the pattern it takes.
#[derive(Debug, PartialEq)]
pub(super) enum Bracket {
    /// It does not end: the `[` is a character like others.
    None,
    /// An expression that nothing can match; it takes the rest of the text.
    Nothing,
    /// One character in brackets is that character.
    Literal(Unit, usize),
    /// A set.
    Set(UnitSet, usize),
}

/// A set of units.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UnitSet {
    negated: bool,
    items: Vec<Item>,
    /// Classes that are given by what is not in them.
    without: Vec<NamedClass>,
    /// Whether a class makes the whole part count in code points instead of UTF-16 units.
    pub(super) unicode: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    One(Unit),
    Range(Unit, Unit),
    Named(NamedClass),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum NamedClass {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

const NAMES: [(&str, NamedClass); 14] = [
    ("[:alnum:]", NamedClass::Alnum),
    ("[:alpha:]", NamedClass::Alpha),
    ("[:ascii:]", NamedClass::Ascii),
    ("[:blank:]", NamedClass::Blank),
    ("[:cntrl:]", NamedClass::Cntrl),
    ("[:digit:]", NamedClass::Digit),
    ("[:graph:]", NamedClass::Graph),
    ("[:lower:]", NamedClass::Lower),
    ("[:print:]", NamedClass::Print),
    ("[:punct:]", NamedClass::Punct),
    ("[:space:]", NamedClass::Space),
    ("[:upper:]", NamedClass::Upper),
    ("[:word:]", NamedClass::Word),
    ("[:xdigit:]", NamedClass::Xdigit),
];

impl NamedClass {
    fn is_unicode(self) -> bool {
        !matches!(self, NamedClass::Ascii | NamedClass::Xdigit)
    }

    /// Whether a character belongs to the class.
    fn holds(self, unit: Unit) -> bool {
        // Half of a pair is no character.
        let Some(c) = char::from_u32(unit) else { return false };
        match self {
            NamedClass::Alnum => c.is_alphabetic() || is_digit(c),
            NamedClass::Alpha => c.is_alphabetic(),
            NamedClass::Ascii => c.is_ascii(),
            NamedClass::Blank => {
                c == '\t' || (c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}'))
            }
            NamedClass::Cntrl => c.is_control(),
            NamedClass::Digit => is_digit(c),
            NamedClass::Graph => !c.is_whitespace() && !c.is_control(),
            NamedClass::Lower => c.is_lowercase(),
            NamedClass::Print => !c.is_control(),
            NamedClass::Punct => is_punctuation(c),
            NamedClass::Space => c.is_whitespace() && c != '\u{85}',
            NamedClass::Upper => c.is_uppercase(),
            NamedClass::Word => {
                c.is_alphabetic() || is_digit(c) || matches!(c, '_' | '\u{203f}' | '\u{2040}' | '\u{ff3f}')
            }
            NamedClass::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || (!c.is_ascii() && c.is_numeric() && !c.is_alphabetic() && matches!(c, '\u{660}'..='\u{1fbff}'))
}

/// Unicode calls the ASCII characters `$+<=>^`, the backquote, `|` and `~` symbols.
fn is_punctuation(c: char) -> bool {
    match c {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' => true,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{2051}' | '\u{3001}'..='\u{3003}' => true,
        _ => c.is_ascii_punctuation(),
    }
}

impl UnitSet {
    /// Whether the set holds a unit, or a code point where the part counts in those.
    pub(super) fn holds(&self, unit: Unit) -> bool {
        let listed = self.items.iter().any(|item| match *item {
            Item::One(one) => one == unit,
            Item::Range(low, high) => (low..=high).contains(&unit),
            Item::Named(name) => name.holds(unit),
        });
        let given = !self.items.is_empty() && listed != self.negated;
        // Of a class given by what is not in it, `holds` says what is in it.
        let others = !self.without.is_empty() && self.without.iter().all(|name| name.holds(unit)) != self.negated;
        given || others
    }

    /// The set for a part that counts in code points: halves that were listed side by side become one.
    pub(super) fn in_code_points(mut self) -> Self {
        let mut items = Vec::with_capacity(self.items.len());
        for run in self.items.chunk_by(|a, b| matches!((a, b), (Item::One(_), Item::One(_)))) {
            match run {
                [Item::One(_), ..] => {
                    let ones = run.iter().filter_map(|item| if let Item::One(one) = item { Some(*one) } else { None });
                    items.extend(code_points(&ones.collect::<Vec<_>>()).into_iter().map(Item::One));
                }
                _ => items.extend_from_slice(run),
            }
        }
        self.items = items;
        self
    }
}

/// Reads an expression; `pattern` begins with its `[`.
pub(super) fn parse(pattern: &[Unit]) -> Bracket {
    if !pattern.contains(&ascii(b']')) {
        return Bracket::None;
    }
    const DASH: Unit = ascii(b'-');
    let negated = matches!(pattern.get(1), Some(&unit) if unit == ascii(b'!') || unit == ascii(b'^'));
    let mut at = if negated { 2 } else { 1 };
    let mut class = UnitSet { negated, items: Vec::new(), without: Vec::new(), unicode: false };
    let mut low = None;
    let mut escaping = false;
    let mut begun = false;
    let end = loop {
        let Some(&unit) = pattern.get(at) else { return Bracket::None };
        if unit == ascii(b']') && begun && !escaping {
            break at + 1;
        }
        begun = true;
        if unit == ascii(b'\\') && !escaping {
            escaping = true;
            at += 1;
            continue;
        }
        if unit == ascii(b'[')
            && !escaping
            && let Some((length, name)) = named(&pattern[at..])
        {
            // A class cannot end a range.
            if low.is_some() {
                return Bracket::Nothing;
            }
            at += length;
            class.unicode |= name.is_unicode();
            match name {
                NamedClass::Graph | NamedClass::Print => class.without.push(name),
                _ => class.items.push(Item::Named(name)),
            }
            continue;
        }
        escaping = false;
        if let Some(low) = low.take() {
            if unit > low {
                class.items.push(Item::Range(low, unit));
            } else if unit == low {
                class.items.push(Item::One(unit));
            }
            at += 1;
        } else if pattern.get(at + 1) == Some(&DASH) && pattern.get(at + 2) == Some(&ascii(b']')) {
            class.items.extend([Item::One(unit), Item::One(DASH)]);
            at += 2;
        } else if pattern.get(at + 1) == Some(&DASH) {
            low = Some(unit);
            at += 2;
        } else {
            class.items.push(Item::One(unit));
            at += 1;
        }
    };
    if class.items.is_empty() && class.without.is_empty() {
        return Bracket::Nothing;
    }
    if let ([Item::One(one)], [], false) = (&class.items[..], &class.without[..], negated) {
        return Bracket::Literal(*one, end);
    }
    class.caret_first();
    Bracket::Set(class, end)
}

impl UnitSet {
    /// A `^` that comes first negates the set even where it was escaped: minimatch hands it to a regular expression
    /// without its backslash.
    fn caret_first(&mut self) {
        const CARET: Unit = ascii(b'^');
        if self.negated {
            return;
        }
        match self.items.first().copied() {
            Some(Item::One(CARET)) => {
                self.items.remove(0);
                self.negated = true;
            }
            Some(Item::Range(CARET, high)) => {
                self.items.splice(..1, [Item::One(ascii(b'-')), Item::One(high)]);
                self.negated = true;
            }
            _ => {}
        }
    }
}

fn named(pattern: &[Unit]) -> Option<(usize, NamedClass)> {
    NAMES.iter().find_map(|(text, name)| {
        let begins = pattern.len() >= text.len() && text.bytes().zip(pattern).all(|(byte, &unit)| ascii(byte) == unit);
        begins.then_some((text.len(), *name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::units::units;
    use super::*;

    /// The printable members of an expression and its length.
    fn members(pattern: &str) -> (String, usize) {
        match parse(&units(pattern)) {
            Bracket::Set(class, length) => {
                ((b' '..=b'~').filter(|&byte| class.holds(ascii(byte))).map(char::from).collect(), length)
            }
            Bracket::Literal(unit, length) => (char::from_u32(unit).into_iter().collect(), length),
            Bracket::None => ("none".to_owned(), 0),
            Bracket::Nothing => ("nothing".to_owned(), 0),
        }
    }

    #[test]
    fn sets_ranges_and_classes() {
        for (pattern, expected, length) in [
            ("[abc]x", "abc", 5),
            ("[a-cx-]", "-abcx", 7),
            ("[]a]", "]a", 4),
            (r"[\]a]", "]a", 5),
            ("[z-a]", "nothing", 0),
            ("[z-ab]", "b", 6),
            ("[a-a]", "a", 5),
            ("[*]", "*", 3),
            ("[[:digit:]_]", "0123456789_", 12),
            ("[a-[:digit:]]", "nothing", 0),
            ("[a", "none", 0),
            ("[[:punct:]]", "!\"#%&'()*,-./:;?@[\\]_{}", 11),
        ] {
            let (found, ended) = members(pattern);
            let sorted: String = {
                let mut all: Vec<char> = expected.chars().collect();
                if length > 0 {
                    all.sort_unstable();
                }
                all.into_iter().collect()
            };
            assert_eq!((found, ended), (sorted, length), "{pattern}");
        }
        assert_eq!(members("[!a]").0.len(), 94);
        assert_eq!(members(r"[\^a]").0.len(), 94, "the escape is lost on the way");
        assert_eq!(members("[[:graph:]]").0.len(), 94);
        assert_eq!(members("[![:print:]]").0.len(), 0);
    }
}
