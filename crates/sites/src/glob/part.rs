//! One part of a pattern, between two slashes, compiled to what it asks of one name.

use super::GlobError;
use super::class::{self, Bracket};
use super::expression::Expression;
use super::extglob::{GlobTree, NodePart as Piece};
use super::units::{Unit, ascii, code_points, text, units};

/// Units of one part. A name has 255 at most, and unfinished brackets take the square of this.
const LONGEST: usize = 2_000;

/// Expressions that one part becomes. What is larger takes longer on every name than a rule is worth.
const LARGEST: usize = 5_000;

/// What a part asks of a name.
#[derive(Debug)]
pub(super) enum PartMatch {
    /// `**`: any number of names.
    Globstar,
    /// This name.
    Literal(String),
    /// Any name: `*`.
    Any,
    /// A name with this ending: `*.js`. As in minimatch, backslashes in it are literal.
    Ending(String),
    /// A name of so many units with this ending: `??.js`. As in minimatch, a backslash counts as a unit.
    Length(usize, String),
    /// A name with a dot: `*.*`.
    WithDot,
    /// A name that begins with a dot: `.*`.
    Hidden,
    /// A name that matches, counted in code points where so said.
    Matching(Expression, bool),
}

impl PartMatch {
    /// Compiles one part.
    pub(super) fn compile(pattern: &[Unit]) -> Result<Self, GlobError> {
        if pattern.len() > LONGEST {
            return Err(GlobError::Extended { limit: LONGEST });
        }
        let source = text(pattern);
        if source == "**" {
            return Ok(PartMatch::Globstar);
        }
        let compiled = Compiler { tree: GlobTree::parse(pattern)?, magic: false, unicode: false }.compile()?;
        // Only what is magic has a short cut in minimatch.
        Ok(match compiled {
            PartMatch::Matching(..) => shortcut(&source).unwrap_or(compiled),
            other => other,
        })
    }

    /// Whether the part takes a name; an empty one stands for the end of a path with a slash after it.
    pub(super) fn takes(&self, name: &str) -> bool {
        match self {
            PartMatch::Globstar => false,
            PartMatch::Literal(literal) => literal == name,
            PartMatch::Any => !name.is_empty() && name != ".",
            PartMatch::Ending(ending) => name.ends_with(ending.as_str()),
            PartMatch::Length(length, ending) => {
                name != "." && name.encode_utf16().count() == *length && name.ends_with(ending.as_str())
            }
            PartMatch::WithDot => name != "." && name.contains('.'),
            PartMatch::Hidden => name != "." && name.starts_with('.'),
            PartMatch::Matching(expression, unicode) => {
                let name = units(name);
                expression.matches(&if *unicode { code_points(&name) } else { name })
            }
        }
    }

    pub(super) fn is_globstar(&self) -> bool {
        matches!(self, PartMatch::Globstar)
    }
}

/// The parts that minimatch tests without a regular expression. They mean the same but for backslashes.
fn shortcut(source: &str) -> Option<PartMatch> {
    let is_plain = |rest: &str| !rest.contains(['+', '@', '!', '?', '*', '[', '(']);
    let after_stars = source.trim_start_matches('*');
    let after_marks = source.trim_start_matches('?');
    if after_stars.is_empty() {
        Some(PartMatch::Any)
    } else if after_stars.len() < source.len() && is_plain(after_stars) {
        Some(PartMatch::Ending(after_stars.to_owned()))
    } else if after_marks.len() < source.len() && is_plain(after_marks) {
        Some(PartMatch::Length(source.encode_utf16().count(), after_marks.to_owned()))
    } else if let Some(stars) = after_stars.strip_prefix('.').filter(|stars| stars.trim_matches('*').is_empty()) {
        let begins = after_stars.len() < source.len();
        (!stars.is_empty()).then_some(if begins { PartMatch::WithDot } else { PartMatch::Hidden })
    } else {
        None
    }
}

struct Compiler {
    tree: GlobTree,
    /// Whether anything but literal text was met.
    magic: bool,
    /// Whether a class makes the part count in code points.
    unicode: bool,
}

impl Compiler {
    fn compile(mut self) -> Result<PartMatch, GlobError> {
        let expression = self.stretch(0);
        if self.magic {
            if expression.size() > LARGEST {
                return Err(GlobError::Extended { limit: LARGEST });
            }
            let expression = if self.unicode { expression.in_code_points() } else { expression };
            return Ok(PartMatch::Matching(expression, self.unicode));
        }
        let mut literal = Vec::new();
        collect(&expression, &mut literal);
        Ok(PartMatch::Literal(text(&literal)))
    }

    fn node(&mut self, node: usize) -> Expression {
        match self.tree.nodes[node].kind {
            None => self.stretch(node),
            Some(kind) => self.glob(node, kind),
        }
    }

    /// Text and globs, one after the other.
    fn stretch(&mut self, node: usize) -> Expression {
        let whole = self.tree.is_start(node) && self.tree.is_end(node);
        let mut all = Vec::new();
        for part in self.tree.parts(node).to_vec() {
            match part {
                Piece::Text(text) => self.text(&text, whole, &mut all),
                Piece::Node(node) => all.push(self.node(node)),
            }
        }
        // What must not stand there must not be followed by more.
        if self.tree.in_negation(node) {
            all.push(Expression::End);
        }
        Expression::Sequence(all)
    }

    fn glob(&mut self, node: usize, kind: u8) -> Expression {
        let whole = self.tree.is_start(node) && self.tree.is_end(node);
        let alternatives: Vec<Expression> = self
            .tree
            .parts(node)
            .to_vec()
            .into_iter()
            .filter_map(|part| if let Piece::Node(node) = part { Some(self.node(node)) } else { None })
            // An empty alternative does not count where the glob is all there is.
            .filter(|alternative| !whole || !is_empty(alternative))
            .collect();
        if whole && kind != b'!' && alternatives.iter().all(is_empty) {
            // `@()` is no glob but these characters.
            let source = self.source(node);
            return Expression::Sequence(source.into_iter().map(Expression::Unit).collect());
        }
        self.magic = true;
        if kind == b'!' && self.tree.nodes[node].is_empty {
            return Expression::star(true);
        }
        let what = Box::new(Expression::Either(alternatives));
        match kind {
            b'!' => Expression::Sequence(vec![Expression::Not(what), Expression::star(false)]),
            b'@' => *what,
            b'?' => Expression::Repeat { optional: true, again: false, what },
            b'+' => Expression::Repeat { optional: false, again: true, what },
            _ => Expression::Repeat { optional: true, again: true, what },
        }
    }

    /// The text that a node was read from.
    fn source(&self, node: usize) -> Vec<Unit> {
        let parts = self.tree.parts(node).iter().map(|part| match part {
            Piece::Text(text) => text.clone(),
            Piece::Node(node) => self.source(*node),
        });
        match self.tree.nodes[node].kind {
            None => parts.collect::<Vec<_>>().concat(),
            Some(kind) => {
                let inside = parts.collect::<Vec<_>>().join(&ascii(b'|'));
                [&[ascii(kind), ascii(b'(')], &inside[..], &[ascii(b')')]].concat()
            }
        }
    }

    /// Plain text with `*`, `?`, brackets and escapes.
    fn text(&mut self, pattern: &[Unit], whole: bool, all: &mut Vec<Expression>) {
        const STAR: Unit = ascii(b'*');
        let filled = whole && pattern.iter().all(|&unit| unit == STAR);
        let mut rest = pattern;
        while let [first, after @ ..] = rest {
            let mut taken = 1;
            if *first == ascii(b'\\') && !after.is_empty() {
                all.push(Expression::Unit(after[0]));
                taken = 2;
            } else if *first == ascii(b'[') {
                match class::parse(rest) {
                    Bracket::None => all.push(Expression::Unit(*first)),
                    Bracket::Nothing => {
                        self.magic = true;
                        all.push(Expression::Never);
                        taken = rest.len();
                    }
                    Bracket::Literal(unit, length) => {
                        all.push(Expression::Unit(unit));
                        taken = length;
                    }
                    Bracket::Set(class, length) => {
                        self.magic = true;
                        self.unicode |= class.unicode;
                        all.push(Expression::Set(class));
                        taken = length;
                    }
                }
            } else if *first == STAR {
                self.magic = true;
                taken = rest.iter().take_while(|&&unit| unit == STAR).count();
                all.push(Expression::star(filled));
            } else if *first == ascii(b'?') {
                self.magic = true;
                all.push(Expression::Any);
            } else {
                all.push(Expression::Unit(*first));
            }
            rest = &rest[taken..];
        }
    }
}

/// Whether an expression was made of no text at all.
fn is_empty(expression: &Expression) -> bool {
    match expression {
        Expression::Sequence(all) | Expression::Either(all) => all.iter().all(is_empty),
        _ => false,
    }
}

/// The units of an expression without magic.
fn collect(expression: &Expression, literal: &mut Vec<Unit>) {
    match expression {
        Expression::Unit(unit) => literal.push(*unit),
        Expression::Sequence(all) => all.iter().for_each(|one| collect(one, literal)),
        _ => {}
    }
}
