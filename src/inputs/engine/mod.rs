//! From texts to typed values: how an input is declared, what was given, the grammars of single values, lists, maps and
//! trees, and every mistake at once. It knows no command and no service of Google's; of the rest of the program it uses
//! `model` (what may be shown of a text) and `explain`.

pub mod declare;
pub mod error;
pub mod map;
pub mod raw;
pub mod scalar;
pub mod tree;
mod yaml;

/// What texts mean, and what is worth a warning about them.
#[derive(Debug)]
pub struct Resolved<T> {
    /// What they mean.
    pub meaning: T,
    /// What was odd.
    pub warnings: Vec<String>,
}
