//! The regular expressions that parts of patterns become, and whether they match a name.
//!
//! All places where a match may stand are followed at once, and what stands ahead is looked at once for each place:
//! the time is bounded by the size of the expression times the square of the name's length.

use std::collections::HashMap;

use super::class::UnitSet;
use super::units::{Unit, code_points};

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// One unit.
    Unit(Unit),
    /// Any unit.
    Any,
    /// A unit of a set.
    Set(UnitSet),
    /// Nothing matches.
    Never,
    /// The end of the name.
    End,
    /// One after the other.
    Sequence(Vec<Expression>),
    /// One of them.
    Either(Vec<Expression>),
    /// At least none or one of it, at most one or any number.
    Repeat {
        /// Whether it may be missing.
        optional: bool,
        /// Whether it may come again.
        again: bool,
        /// What is repeated.
        what: Box<Expression>,
    },
    /// What does not stand ahead; takes nothing itself.
    Not(Box<Expression>),
}

impl Expression {
    /// `*`, which takes at least one unit where `filled`.
    pub(super) fn star(filled: bool) -> Self {
        Expression::Repeat { optional: !filled, again: true, what: Box::new(Expression::Any) }
    }

    /// How many expressions it is made of.
    pub(super) fn size(&self) -> usize {
        1 + match self {
            Expression::Sequence(all) | Expression::Either(all) => all.iter().map(Self::size).sum(),
            Expression::Repeat { what, .. } | Expression::Not(what) => what.size(),
            _ => 0,
        }
    }

    /// The same for a name in code points.
    pub(super) fn in_code_points(self) -> Self {
        let all = |all: Vec<Expression>| all.into_iter().map(Self::in_code_points).collect();
        match self {
            Expression::Set(class) => Expression::Set(class.in_code_points()),
            Expression::Either(either) => Expression::Either(all(either)),
            Expression::Repeat { optional, again, what } => {
                Expression::Repeat { optional, again, what: Box::new(what.in_code_points()) }
            }
            Expression::Not(what) => Expression::Not(Box::new(what.in_code_points())),
            Expression::Sequence(sequence) => {
                let mut joined = Vec::with_capacity(sequence.len());
                for run in sequence.chunk_by(|a, b| matches!((a, b), (Expression::Unit(_), Expression::Unit(_)))) {
                    let units: Vec<Unit> = run
                        .iter()
                        .filter_map(|one| if let Expression::Unit(unit) = one { Some(*unit) } else { None })
                        .collect();
                    match units.is_empty() {
                        true => joined.extend(run.iter().cloned().map(Self::in_code_points)),
                        false => joined.extend(code_points(&units).into_iter().map(Expression::Unit)),
                    }
                }
                Expression::Sequence(joined)
            }
            other => other,
        }
    }

    /// Whether the whole of a name matches.
    pub(super) fn matches(&self, name: &[Unit]) -> bool {
        let mut search = NameSearch { name, ahead: HashMap::new() };
        let mut places = vec![false; name.len() + 1];
        places[0] = true;
        search.follow(self, places)[name.len()]
    }
}

/// One name under one expression.
struct NameSearch<'a> {
    name: &'a [Unit],
    /// What is known to stand ahead of a place, by the address of its expression.
    ahead: HashMap<(*const Expression, usize), bool>,
}

impl NameSearch<'_> {
    /// The places where matches that begin at `places` end.
    fn follow(&mut self, expression: &Expression, places: Vec<bool>) -> Vec<bool> {
        match expression {
            Expression::Unit(unit) => self.one(&places, |other| other == *unit),
            Expression::Any => self.one(&places, |_| true),
            Expression::Set(class) => self.one(&places, |unit| class.holds(unit)),
            Expression::Never => vec![false; places.len()],
            Expression::End => {
                let end = places.len() - 1;
                places.iter().enumerate().map(|(at, &here)| here && at == end).collect()
            }
            Expression::Sequence(all) => {
                let mut places = places;
                for one in all {
                    if !places.contains(&true) {
                        break;
                    }
                    places = self.follow(one, places);
                }
                places
            }
            Expression::Either(all) => {
                let mut ends = vec![false; places.len()];
                for one in all {
                    join(&mut ends, &self.follow(one, places.clone()));
                }
                ends
            }
            Expression::Repeat { optional, again, what } => self.repeat(*optional, *again, what, places),
            Expression::Not(what) => (0..places.len()).map(|at| places[at] && !self.stands_ahead(what, at)).collect(),
        }
    }

    fn one(&self, places: &[bool], takes: impl Fn(Unit) -> bool) -> Vec<bool> {
        let mut ends = vec![false; places.len()];
        for (at, &unit) in self.name.iter().enumerate() {
            ends[at + 1] = places[at] && takes(unit);
        }
        ends
    }

    fn repeat(&mut self, optional: bool, again: bool, what: &Expression, places: Vec<bool>) -> Vec<bool> {
        if let (true, Expression::Any) = (again, what) {
            // From the first place on, everywhere.
            let first = places.iter().position(|&here| here).unwrap_or(places.len()) + usize::from(!optional);
            return (0..places.len()).map(|at| at >= first).collect();
        }
        let mut ends = if optional { places.clone() } else { vec![false; places.len()] };
        let mut next = self.follow(what, places);
        while join(&mut ends, &next) && again {
            next = self.follow(what, next);
        }
        ends
    }

    fn stands_ahead(&mut self, what: &Expression, at: usize) -> bool {
        let key = (std::ptr::from_ref(what), at);
        if let Some(&known) = self.ahead.get(&key) {
            return known;
        }
        let mut places = vec![false; self.name.len() + 1];
        places[at] = true;
        let stands = self.follow(what, places).contains(&true);
        self.ahead.insert(key, stands);
        stands
    }
}

/// Adds places to others; whether any of them is new.
fn join(places: &mut [bool], more: &[bool]) -> bool {
    let mut is_new = false;
    for (place, &other) in places.iter_mut().zip(more) {
        is_new |= other && !*place;
        *place |= other;
    }
    is_new
}
