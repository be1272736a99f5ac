//! How an input is declared: once, from which its row of the table and the handle come that reads it.

use std::fmt;

/// What the text of an input is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// One value.
    Text,
    /// `true` or `false`.
    Switch,
    /// A YAML map, `KEY=VALUE` lines, or a JSON object.
    Map,
    /// One thing per line.
    Lines,
    /// A map, or one text.
    Either,
}

/// The headings of `--help` and of the README's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputGroup {
    /// Who deploys, and where to.
    Target,
    /// What is deployed.
    What,
    /// How it is built.
    Build,
    /// How the service runs.
    Service,
    /// How the job runs.
    Job,
    /// How the traffic moves.
    Rollout,
    /// How the result is checked.
    Check,
    /// About this run.
    Run,
    /// Names that another action has for inputs of ours.
    Spelling,
    /// For steps that were written for another action.
    Moved,
}

impl InputGroup {
    /// Every heading, in order.
    pub const ALL: [InputGroup; 10] = [
        InputGroup::Target,
        InputGroup::What,
        InputGroup::Build,
        InputGroup::Service,
        InputGroup::Job,
        InputGroup::Rollout,
        InputGroup::Check,
        InputGroup::Run,
        InputGroup::Spelling,
        InputGroup::Moved,
    ];

    /// The heading's words.
    pub fn title(self) -> &'static str {
        match self {
            InputGroup::Target => "Who and where",
            InputGroup::What => "What",
            InputGroup::Build => "Build",
            InputGroup::Service => "Service",
            InputGroup::Job => "Job",
            InputGroup::Rollout => "Rollout",
            InputGroup::Check => "Check",
            InputGroup::Run => "Run",
            InputGroup::Spelling => "Spellings of action-hosting-deploy",
            InputGroup::Moved => "For steps of deploy-cloudrun",
        }
    }
}

/// One input, as `--help`, `action.yml` and the docs show it: a row of a command's table.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its name in `with:`; the flag is the same with dashes.
    pub name: &'static str,
    /// What holds when it is not given, for the reader; empty when absence has no value.
    pub default: &'static str,
    /// One line on what it does.
    pub doc: &'static str,
    /// The grammar of its text.
    pub kind: InputKind,
    /// Its heading.
    pub group: InputGroup,
    /// Whether its text may hold secrets: it is then never quoted in a message.
    pub secret: bool,
    /// The input that it is only another action's spelling of.
    pub means: Option<&'static str>,
}

impl Input {
    /// The same input in the words of another command.
    pub(crate) const fn says(self, group: InputGroup, default: &'static str, doc: &'static str) -> Self {
        Self { group, default, doc, ..self }
    }

    /// The same input under another heading.
    pub(crate) const fn under(self, group: InputGroup) -> Self {
        Self { group, ..self }
    }

    /// Its text may hold secrets.
    pub(crate) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// A map that holds no secrets.
    pub(crate) const fn open(self) -> Self {
        Self { secret: false, ..self }
    }
}

/// The handle of a declared input. Reading takes one, and only `inputs!` makes them: what is not declared cannot be
/// read, and for a handle that nobody uses rustc says that it is never used.
#[derive(Debug, Clone, Copy)]
pub struct InputName(&'static Input);

impl InputName {
    /// For [`inputs!`] alone.
    pub(crate) const fn declared(row: &'static Input) -> Self {
        Self(row)
    }

    /// Its row: the grammar, and whether it may hold secrets, are the same in every command.
    pub(crate) const fn row(self) -> &'static Input {
        self.0
    }

    /// The name as users write it.
    pub(crate) const fn text(self) -> &'static str {
        self.0.name
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl AsRef<str> for InputName {
    fn as_ref(&self) -> &str {
        self.text()
    }
}

pub(crate) const fn text(name: &'static str, group: InputGroup, default: &'static str, doc: &'static str) -> Input {
    Input { name, default, doc, kind: InputKind::Text, group, secret: false, means: None }
}

pub(crate) const fn switch(name: &'static str, group: InputGroup, default: &'static str, doc: &'static str) -> Input {
    Input { kind: InputKind::Switch, ..text(name, group, default, doc) }
}

pub(crate) const fn map(name: &'static str, group: InputGroup, doc: &'static str) -> Input {
    Input { kind: InputKind::Map, secret: true, ..text(name, group, "", doc) }
}

pub(crate) const fn lines(name: &'static str, group: InputGroup, default: &'static str, doc: &'static str) -> Input {
    Input { kind: InputKind::Lines, ..text(name, group, default, doc) }
}

/// A map, or a text that says the same in short.
pub(crate) const fn either(name: &'static str, group: InputGroup, doc: &'static str) -> Input {
    Input { kind: InputKind::Either, ..text(name, group, "", doc) }
}

/// What another action calls an input of ours.
pub(crate) const fn spelling(name: &'static str, means: &Input) -> Input {
    Input { means: Some(means.name), ..text(name, InputGroup::Spelling, "", "Another spelling, taken as well") }
}

/// Declares inputs: tables of rows, and in `name` a handle for each.
///
/// ```text
/// inputs! {
///     also [recurring];                    // the handles of that file are in `name` too
///
///     const RUNS = [
///         MEMORY = text("memory", Group::Service, "", "Memory, such as 512Mi or 1Gi"),
///         ..recurring::DRY_RUN,            // what another file declares
///         ..deploy::REGION(Group::Target, "", "Region of the job"),   // the same in other words
///         + spelling("projectId", &row::PROJECT_ID),                  // a row without a handle: nobody reads it
///     ];
/// }
/// ```
///
/// A row is made from the literal, not from the handle: so a handle is used by readers alone, and a declared input that
/// nobody reads is `dead_code`.
macro_rules! inputs {
    (also [$($also:ident),*]; $($tables:tt)+) => { inputs! { @ [$($also)*] $($tables)+ } };
    (
        @ [$($also:ident)*]
        $(
            $(#[$doc:meta])*
            $vis:vis const $table:tt = [$(
                $(..$owner:ident::$shared:ident $(($($words:expr),+ $(,)?))?)?
                $($name:ident = $kind:ident($text:literal $($args:tt)*) $(.$more:ident())*)?
                $(+ $row:expr)?
            ),*];
        )+
    ) => {
        /// Handles of the inputs that are read here.
        pub(crate) mod name {
            $(pub(crate) use super::super::$also::name::*;)*
            $($($(
                pub(crate) const $name: $crate::inputs::engine::declare::InputName =
                    $crate::inputs::engine::declare::InputName::declared(&super::row::$name);
            )?)*)+
        }

        /// The rows of those inputs.
        pub(crate) mod row {
            use super::{InputGroup, Input};
            $($($(
                pub(crate) const $name: Input =
                    $crate::inputs::engine::declare::$kind($text $($args)*)$(.$more())*;
            )?)*)+
        }

        $(
            $(#[$doc])*
            $vis const $table: &[Input] = &[$(
                $(super::$owner::row::$shared $(.says($($words),+))?,)?
                $(row::$name,)?
                $($row,)?
            )*];
        )+
    };
    ($($tables:tt)+) => { inputs! { @ [] $($tables)+ } };
}

pub(crate) use inputs;

/// Tables one after another.
pub(crate) const fn joined<const N: usize>(tables: &[&[Input]]) -> [Input; N] {
    let mut all = [text("", InputGroup::Run, "", ""); N];
    let (mut table, mut from, mut at) = (0, 0, 0);
    while at < N {
        while from == tables[table].len() {
            (table, from) = (table + 1, 0);
        }
        all[at] = tables[table][from];
        (from, at) = (from + 1, at + 1);
    }
    all
}

/// How many inputs are in them.
pub(crate) const fn count(tables: &[&[Input]]) -> usize {
    let (mut all, mut table) = (0, 0);
    while table < tables.len() {
        (all, table) = (all + tables[table].len(), table + 1);
    }
    all
}

/// A table under another heading.
pub(crate) const fn under<const N: usize>(table: &[Input], group: InputGroup) -> [Input; N] {
    let (mut all, mut at) = ([text("", group, "", ""); N], 0);
    while at < N {
        all[at] = table[at].under(group);
        at += 1;
    }
    all
}
