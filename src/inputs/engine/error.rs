//! What can be wrong with inputs; all of it is told at once.

use std::collections::BTreeMap;
use std::fmt;

use slipway_failure::{Class, Explain};

/// One mistake in one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The input's name.
    pub input: String,
    /// The line of its text, from 1, where it has several.
    pub line: Option<usize>,
    /// What is wrong, and with what.
    pub problem: String,
    /// What is allowed, or what to write.
    pub cure: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.input)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)?;
        if !self.cure.is_empty() {
            write!(f, "; {}", self.cure)?;
        }
        Ok(())
    }
}

/// Every mistake of a run, and what looked odd but is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Mistakes: any of them ends the run before a request is sent.
    pub mistakes: Vec<Mistake>,
    /// Things worth a warning.
    pub warnings: Vec<String>,
    /// How inputs were called whose texts were given in other words.
    called: BTreeMap<&'static str, String>,
}

impl Findings {
    /// Adds a mistake without a line.
    pub fn wrong(&mut self, input: impl AsRef<str>, problem: impl Into<String>, cure: impl Into<String>) {
        self.wrong_at(input, None, problem, cure);
    }

    /// Adds a mistake in a line.
    pub fn wrong_at(
        &mut self,
        input: impl AsRef<str>,
        line: Option<usize>,
        problem: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let input = input.as_ref().to_owned();
        self.mistakes.push(Mistake { input, line, problem: problem.into(), cure: cure.into() });
    }

    /// Notes how an input was called whose text was given in other words: what is wrong with it is told by that name.
    pub fn call(&mut self, input: &'static str, called: String) {
        self.called.insert(input, called);
    }

    /// Whether an input's text was given in other words.
    pub fn is_called(&self, input: &str) -> bool {
        self.called.contains_key(input)
    }

    /// A mistake by the name that was typed. The lines of another text would mislead.
    fn by_name(&self, mistake: Mistake) -> Mistake {
        match self.called.get(mistake.input.as_str()) {
            Some(called) => Mistake { input: called.clone(), line: None, ..mistake },
            None => mistake,
        }
    }

    /// Keeps the value of a result, or its mistake.
    pub fn keep<T>(&mut self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }
}

/// All mistakes of the inputs of a run: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputErrors {
    first: Mistake,
    others: Vec<Mistake>,
}

impl InputErrors {
    /// The mistakes that were found. A run that cannot go on and found none says just that: it is our mistake then.
    pub fn of(findings: Findings) -> Self {
        let mut mistakes = findings.mistakes.iter().map(|mistake| findings.by_name(mistake.clone()));
        let first = mistakes.next().unwrap_or_else(|| Mistake {
            input: "settings".to_owned(),
            line: None,
            problem: "something in them cannot be used, and it was not found out what".to_owned(),
            cure: "this is a mistake of this program: please report it with the names of the inputs you give"
                .to_owned(),
        });
        Self { first, others: mistakes.collect() }
    }

    /// The mistakes, in the order they were found in.
    pub fn mistakes(&self) -> impl Iterator<Item = &Mistake> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The mistakes, for somebody who tells them in other words.
    pub fn into_mistakes(self) -> impl Iterator<Item = Mistake> {
        std::iter::once(self.first).chain(self.others)
    }
}

impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InputErrors {}

impl Explain for InputErrors {
    fn class(&self) -> Class {
        Class::Config
    }
}
